//! `create`: make a machine.

use crate::context::Context;
use crate::driver::FlagValues;
use crate::error::{Error, Result};

/// Make a machine, install Docker on it and secure it
///
/// Run 'ARGV0 create --driver NAME --help' to see the flags of that driver too.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machine's name; the command checks that there is exactly one.
    // The id is nothing that a driver's flag could be called.
    #[arg(id = "machine names", value_name = "NAME")]
    pub names: Vec<String>,
    /// The driver that was chosen with `--driver`, `MACHINE_DRIVER` or by default.
    #[arg(skip)]
    pub driver_name: String,
    /// Every flag of this `create` by long name, the driver's included; a shared list that was not given is absent.
    #[arg(skip)]
    pub values: FlagValues,
}

/// Runs the command.
///
/// # Errors
/// The command fails.
pub async fn run(_cx: &Context, _args: Args) -> Result<()> {
    std::future::ready(Err(Error::msg("not built yet"))).await
}
