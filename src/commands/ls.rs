//! `ls`: list the machines.

use crate::context::Context;
use crate::error::{Error, Result};

/// List the machines
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Print names only
    #[arg(long, short)]
    pub quiet: bool,
    /// Show only machines that match key=value (driver, label, name, state, swarm)
    #[arg(long)]
    pub filter: Vec<String>,
    /// Seconds to wait for each machine
    #[arg(long, short, default_value_t = 10)]
    pub timeout: i64,
    /// Fill in this Go template for each machine
    #[arg(long, short, default_value = "")]
    pub format: String,
    /// Accepted and ignored.
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
