//! `ssh`: log in to a machine, or run a command there.

use crate::context::Context;
use crate::error::{Error, Result};

/// Log in to a machine, or run a command there
///
/// Arguments are [machine] [command...].
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machine, then everything that follows it, as typed.
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// The command fails.
pub async fn run(_cx: &Context, _args: Args) -> Result<()> {
    std::future::ready(Err(Error::msg("not built yet"))).await
}
