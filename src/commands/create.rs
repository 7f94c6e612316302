//! `create`: make machines.

use crate::context::Context;
use crate::driver::{FlagValues, HostKind};
use crate::error::{Context as _, Error, Result};
use crate::machine::create;
use crate::machine::order::{Order, Request};
use crate::store::Name;

/// Make a machine, install Docker on it and secure it
///
/// Run 'ARGV0 create --driver NAME --help' to see the flags of that driver too.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machine's name; several for drivers that make computers.
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

/// Makes the machine, or several at the same time.
///
/// # Errors
/// Bad flags before anything is made; afterwards as [`create::create`].
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if args.names.iter().all(String::is_empty) {
        return Err(Error::usage("Error: No machine name specified"));
    }
    let names: Vec<Name> =
        args.names.iter().map(|name| name.parse()).collect::<Result<_>>().context("Error creating machine")?;
    let mut orders = Vec::new();
    for name in &names {
        let (driver, values) = (args.driver_name.clone(), args.values.clone());
        let order = Order::of(cx, Request { name: name.clone(), driver, values })?;
        if names.len() > 1 && order.driver.host_kind() != HostKind::Created {
            // One address is one machine.
            let more = args.names[1..].join(" ");
            return Err(Error::msg(format!("Invalid command line. Found extra arguments [{more}]")));
        }
        orders.push(order);
    }
    create::create(cx, orders).await
}
