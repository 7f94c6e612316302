//! What a `create` is asked for, whoever asks: a command line, or a file one day.

use super::{options, place};
use crate::context::Context;
use crate::driver::{Driver, FlagValues, registry};
use crate::error::{Error, Result};
use crate::store::{HostOptions, Name};

/// A machine that is asked for, as plain values.
#[derive(Clone, Debug)]
pub struct Request {
    /// The new machine's name.
    pub name: Name,
    /// The driver that is to make it.
    pub driver: String,
    /// The driver's flags, and the shared ones; of each, where its value comes from.
    pub values: FlagValues,
}

/// A request that has been read: what its values mean, and who will do it.
pub struct Order {
    /// The new machine's name.
    pub name: Name,
    /// Its driver, not configured yet.
    pub driver: Box<dyn Driver>,
    /// The driver's flags, and the shared ones.
    pub values: FlagValues,
    /// Engine, swarm and certificate options of the record.
    pub options: HostOptions,
}

impl Order {
    /// Reads a request. Nothing is made or asked yet.
    ///
    /// # Errors
    /// There is no such driver, or a shared flag has a value that cannot be.
    pub fn of(cx: &Context, request: Request) -> Result<Self> {
        let Request { name, driver, values } = request;
        refuse_swarm(&values)?;
        let driver = registry::find(&cx.env, &driver, &place(&cx.store, &name))?;
        let options = options::from_flags(cx, &name, driver.host_kind(), &values)?;
        Ok(Self { name, driver, values, options })
    }
}

/// Classic swarm is dead, and swarm mode is not built yet: better to say so now than after the machine is made.
fn refuse_swarm(values: &FlagValues) -> Result<()> {
    let discovery = values.string("swarm-discovery");
    if !discovery.is_empty() && !discovery.contains("://") {
        let text = format!("Error parsing swarm discovery: Swarm Discovery URL was in the wrong format: {discovery}");
        return Err(Error::msg(text));
    }
    if values.bool("swarm") || values.bool("swarm-master") {
        return Err(Error::msg(
            "--swarm and --swarm-master are not supported: classic swarm needs engines older than 25",
        )
        .hint("create the machine without them, then run `docker swarm init` or `docker swarm join` on it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::FlagValue;

    #[test]
    fn a_machine_can_be_asked_for_without_a_command_line() {
        let cx = Context::for_test();
        let ask = |driver: &str, label: &str| {
            let mut values = FlagValues::default();
            values.give("engine-label", FlagValue::List(vec![label.to_owned()]));
            Order::of(&cx, Request { name: "web".parse().unwrap(), driver: driver.to_owned(), values })
        };
        let order = ask("generic", "a=b").unwrap();
        assert_eq!((order.name.as_str(), order.driver.name()), ("web", "generic"));
        assert_eq!(order.options.engine_options.unwrap().labels, Some(vec!["a=b".to_owned()]));
        let refused = |driver: &str, label: &str| ask(driver, label).err().map(|error| error.message().to_owned());
        assert_eq!(refused("generic", "a").unwrap(), "--engine-label `a` is not of the form KEY=VALUE");
        assert_eq!(refused("none", "a"), None, "its engine is set up by somebody else");
        assert!(refused("nope", "a=b").unwrap().contains("Driver \"nope\" not found"));
    }
}
