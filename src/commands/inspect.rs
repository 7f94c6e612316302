//! `inspect`: show everything that is recorded about a machine.

use crate::context::Context;
use crate::error::{Error, Result};

/// Show everything that is recorded about a machine
///
/// Argument is a machine name.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Fill in this Go template instead of printing JSON
    #[arg(long, short, default_value = "")]
    pub format: String,
    /// The machine; without one `default`.
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
