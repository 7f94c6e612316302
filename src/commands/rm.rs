//! `rm`: remove machines.

use crate::context::Context;
use crate::error::{Error, Result};

/// Remove machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Forget the machine here even if it cannot be removed there; asks nothing
    #[arg(long, short)]
    pub force: bool,
    /// Answer yes to the question
    #[arg(short = 'y')]
    pub yes: bool,
    /// The machines.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// The command fails.
pub async fn run(_cx: &Context, _args: Args) -> Result<()> {
    std::future::ready(Err(Error::msg("not built yet"))).await
}
