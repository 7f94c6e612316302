//! `status`: print the state of a machine.

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Result};
use crate::machine::Host;

/// Print the state of a machine
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
/// Several names, no such machine, or the driver cannot tell.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    targets::at_most_one(&args.names)?;
    let host = Host::load(cx, &targets::one(&cx.store, &args.names)?)?;
    let state = host.driver.state(&cx.for_driver()).await;
    cx.console.line(state.context(format!("error getting state for host {}", host.name))?.as_str());
    Ok(())
}
