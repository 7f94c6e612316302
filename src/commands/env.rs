//! `env`: print the shell commands that point the Docker client at a machine.

use crate::context::Context;
use crate::error::{Error, Result};

/// Print the shell commands that point the Docker client at a machine
///
/// Argument is a machine name.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Use the address of the swarm manager instead of the machine's own engine
    #[arg(long)]
    pub swarm: bool,
    /// Write for this shell instead of the detected one: [fish, cmd, powershell, tcsh, emacs, bash]
    #[arg(long, default_value = "")]
    pub shell: String,
    /// Print commands that remove the variables
    #[arg(long, short)]
    pub unset: bool,
    /// Also exempt the machine's address from the proxy (`NO_PROXY`)
    #[arg(long)]
    pub no_proxy: bool,
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
