//! Switching machines on and off.

use super::login::{self, wait_for_state};
use super::{Host, certificates, reboot, setup};
use crate::context::Context;
use crate::driver::{HostKind, Power, State};
use crate::error::{Error, Result};
use crate::ssh::{Connection, Patience};

/// Switches a machine on, waits until it can be logged in to and its engine answers.
///
/// # Errors
/// It is running already, the driver cannot, or it does not come up.
pub async fn start(cx: &Context, host: &mut Host) -> Result<()> {
    cx.console.say(format!("Starting \"{}\"...", host.name));
    if host.driver.state(&cx.for_driver()).await? == State::Running {
        return Err(Error::msg(format!("Machine \"{}\" is already running.", host.name)));
    }
    power(host, "start")?.start(&cx.for_driver()).await?;
    wait_for_state(cx, host, State::Running).await?;
    cx.console.say(format!("Machine \"{}\" was started.", host.name));
    if host.driver.host_kind() == HostKind::EngineOnly {
        return Ok(());
    }
    let connection = login::wait_for_ssh(cx, host, Patience::BOOTING).await?;
    engine_is_back(cx, host, connection).await
}

/// Shuts a machine down.
///
/// # Errors
/// It is off already, or the driver cannot.
pub async fn stop(cx: &Context, host: &mut Host) -> Result<()> {
    let _progress = cx.console.progress(format!("Stopping \"{}\"...", host.name));
    refuse_if_stopped(cx, host).await?;
    power(host, "stop")?.stop(&cx.for_driver()).await?;
    wait_for_state(cx, host, State::Stopped).await?;
    cx.console.say(format!("Machine \"{}\" was stopped.", host.name));
    Ok(())
}

/// Switches a machine off without asking its operating system.
///
/// # Errors
/// It is off already, or the driver cannot.
pub async fn kill(cx: &Context, host: &mut Host) -> Result<()> {
    let _progress = cx.console.progress(format!("Killing \"{}\"...", host.name));
    refuse_if_stopped(cx, host).await?;
    power(host, "kill")?.kill(&cx.for_driver()).await?;
    wait_for_state(cx, host, State::Stopped).await?;
    cx.console.say(format!("Machine \"{}\" was killed.", host.name));
    Ok(())
}

/// Restarts a machine's operating system and waits until it is really back: until its boot id has changed.
///
/// # Errors
/// The driver cannot, or it does not come back.
pub async fn restart(cx: &Context, host: &mut Host) -> Result<()> {
    cx.console.say(format!("Restarting \"{}\"...", host.name));
    match host.driver.state(&cx.for_driver()).await? {
        // What cannot be started says why.
        State::Stopped | State::Error => start(cx, host).await,
        State::Running if host.driver.host_kind() == HostKind::EngineOnly => {
            power(host, "restart")?.restart(&cx.for_driver()).await
        }
        State::Running => {
            let connection = login::connect(cx, host).await?;
            let before = login::boot_id(&connection).await?;
            match host.driver.power() {
                Some(power) => {
                    drop(connection);
                    power.restart(&cx.for_driver()).await?;
                }
                None => reboot::over(&connection, &host.name).await?,
            }
            let connection = login::wait_for_new_boot(cx, host, &before).await?;
            engine_is_back(cx, host, connection).await
        }
        state => Err(Error::msg(format!("Machine \"{}\" is {state}: it cannot be restarted now.", host.name))
            .hint(format!("check again with `docker-machine status {}`", host.name))),
    }
}

/// The switch of a computer.
///
/// # Errors
/// The driver has none: the original's sentences.
fn power<'h>(host: &'h mut Host, operation: &str) -> Result<&'h mut dyn Power> {
    let (driver, kind) = (host.driver.name().to_owned(), host.driver.host_kind());
    host.driver.power().ok_or_else(|| reboot::no_switch(&driver, kind, operation))
}

async fn refuse_if_stopped(cx: &Context, host: &Host) -> Result<()> {
    match host.driver.state(&cx.for_driver()).await? {
        State::Stopped => Err(Error::msg(format!("Machine \"{}\" is already stopped.", host.name))),
        _ => Ok(()),
    }
}

/// After a boot: the engine listens again, and its certificate still fits the address.
async fn engine_is_back(cx: &Context, host: &Host, connection: Connection) -> Result<()> {
    let found = setup::look(cx, host, connection).await?;
    setup::wait_for_engine(host, &found).await?;
    let Some(ip) = certificates::uncovered_address(cx, host).await? else { return Ok(()) };
    let name = &host.name;
    if host.driver.host_kind() == HostKind::Created {
        // Its engine has only just come up: nobody works there yet.
        cx.console.say(format!("\"{name}\" has the new address {ip}: its certificate is renewed."));
        return setup::renew_certificates(cx, host, &found).await;
    }
    cx.console.warn(format!("\"{name}\" has the new address {ip}, for which its certificate is not good."));
    cx.console.warn(format!("Run `docker-machine regenerate-certs {name}`; this restarts its Docker engine."));
    Ok(())
}
