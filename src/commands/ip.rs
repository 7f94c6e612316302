//! `ip`: print the address of machines.

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Result};
use crate::machine::fleet::{self, ASKED_AT_ONCE, Jobs, Summary};

/// Print the address of machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Asks all drivers at once and prints in the order of the names.
///
/// # Errors
/// A machine cannot be loaded: nothing is printed. A driver cannot tell: the other addresses are printed.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let hosts = fleet::load(cx, &targets::several(&cx.store, &args.names)?)?;
    let is_alone = hosts.len() == 1;
    let mut asked = Jobs::start(hosts, ASKED_AT_ONCE, |host| {
        let mut cx = cx.clone();
        async move {
            if !is_alone {
                cx.console = cx.console.for_one_of_several(host.name.as_str());
            }
            let address = host.driver.ip(&cx.for_driver()).await.context("Error getting IP address");
            (host.name, cx.console, address)
        }
    });
    let mut summary = Summary::default();
    while let Some((name, console, address)) = asked.next().await {
        summary.add(name.as_str(), address.as_ref().err());
        match address {
            Ok(address) => cx.console.line(address),
            Err(error) if is_alone => return Err(error),
            Err(error) => console.error(&error),
        }
    }
    summary.conclude()
}
