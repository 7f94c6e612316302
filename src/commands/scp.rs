//! `scp`: copy files to, from and between machines.

use crate::context::Context;
use crate::error::{Error, Result};

/// Copy files to, from and between machines
///
/// Arguments are [[user@]machine:]path [[user@]machine:]path.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Copy directories with everything in them
    #[arg(long, short)]
    pub recursive: bool,
    /// Send only what differs (with rsync)
    #[arg(long, short)]
    pub delta: bool,
    /// No progress, no warnings
    #[arg(long, short)]
    pub quiet: bool,
    /// Source and destination.
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// The command fails.
pub async fn run(_cx: &Context, _args: Args) -> Result<()> {
    std::future::ready(Err(Error::msg("not built yet"))).await
}
