//! `upgrade`: the newest engine packages.

use super::{Host, lifecycle, setup};
use crate::context::Context;
use crate::driver::State;
use crate::error::Result;

/// Upgrades the engine; a machine that is off is started first.
///
/// # Errors
/// A step fails.
pub async fn upgrade(cx: &Context, host: &mut Host) -> Result<()> {
    if host.driver.state(&cx.for_driver()).await? != State::Running {
        cx.console.say("Starting machine so machine can be upgraded...");
        lifecycle::start(cx, host).await?;
    }
    let found = setup::detect(cx, host).await?;
    let upgraded = setup::upgrade_packages(cx, host, &found).await?;
    let (name, version) = (&host.name, upgraded.version);
    cx.console.say(if upgraded.changed {
        format!("Docker on \"{name}\" is now {version}.")
    } else {
        format!("Docker on \"{name}\" stays {version}: its packages offer nothing newer.")
    });
    Ok(())
}
