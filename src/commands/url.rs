//! `url`: print the address of a machine's Docker Engine.

use crate::commands::targets;
use crate::context::Context;
use crate::error::Result;
use crate::machine::Host;

/// Print the address of a machine's Docker Engine
///
/// Argument is a machine name.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machine; without one `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Asks the driver.
///
/// # Errors
/// Several names, no such machine, or it is not running.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    targets::at_most_one(&args.names)?;
    let host = Host::load(cx, &targets::one(&cx.store, &args.names)?)?;
    cx.console.line(host.driver.url(&cx.for_driver()).await?);
    Ok(())
}
