//! `active`: name the machine that the Docker client is pointed at.

use crate::context::Context;
use crate::error::{Error, Result};

/// Name the machine that the Docker client is pointed at
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Seconds to wait for each machine
    #[arg(long, short, default_value_t = 10)]
    pub timeout: i64,
    /// None is accepted.
    #[arg(value_name = "NAME", hide = true)]
    pub names: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// The command fails.
pub async fn run(_cx: &Context, _args: Args) -> Result<()> {
    std::future::ready(Err(Error::msg("not built yet"))).await
}
