//! `config`: print the Docker client's connection flags for a machine.

use crate::context::Context;
use crate::error::{Error, Result};

/// Print the Docker client's connection flags for a machine
///
/// Argument is a machine name.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Use the address of the swarm manager instead of the machine's own engine
    #[arg(long)]
    pub swarm: bool,
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
