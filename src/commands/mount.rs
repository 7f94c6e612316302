//! `mount`: mount a directory of a machine here with SSHFS, or unmount it.

use crate::context::Context;
use crate::error::{Error, Result};

/// Mount a directory of a machine here with SSHFS, or unmount it
///
/// Arguments are [[user@]machine:]path [mountpoint].
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Unmount instead of mounting
    #[arg(long, short)]
    pub unmount: bool,
    /// The remote directory and where to mount it.
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
