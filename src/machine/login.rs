//! Logging in to a machine: waits until SSH answers, and until a restarted machine is really back.

use std::convert::Infallible;
use std::time::Duration;

use super::Host;
use crate::context::Context;
use crate::driver::State;
use crate::error::{Error, Kind, Result};
use crate::ssh::{self, Connection, Exec, Patience, Remote, SshTarget};
use crate::wait::{self, Look, Pace};

/// How long a machine may take to reach the state Running, as long as the original's 60 looks.
const RUNNING: Pace = Pace::new(Duration::from_secs(1), Duration::from_secs(180));
/// How long an existing host may be silent before that is said.
const PATIENT_SILENCE: Duration = Duration::from_secs(10);
/// How long a machine may take from the order to restart until it is back with a new boot id.
const REBOOT: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(300));

/// Whom to log in to.
///
/// # Errors
/// The driver has no SSH at all, or does not know the address now.
pub async fn target(cx: &Context, host: &Host) -> Result<SshTarget> {
    host.driver.ssh(cx).await?.ok_or_else(|| {
        let (name, driver) = (&host.name, host.driver.name());
        Error::new(Kind::Unsupported, format!("the machine \"{name}\" has no SSH login: driver {driver} knows none"))
    })
}

/// Waits for SSH and says so.
///
/// # Errors
/// Nobody answers in time, or the login is refused.
pub async fn wait_for_ssh(cx: &Context, host: &Host, patience: Patience) -> Result<Connection> {
    let target = target(cx, host).await?;
    let _progress = cx.console.progress("Waiting for SSH to be available...");
    ssh::wait_for(cx, &target, patience).await
}

/// Waits for a state of the computer.
///
/// # Errors
/// It is not reached in time, or the driver cannot tell.
pub async fn wait_for_state(cx: &Context, host: &Host, wanted: State) -> Result<()> {
    let what = format!("state {wanted} of \"{}\"", host.name);
    let look = || async {
        match host.driver.state(cx).await {
            Ok(state) if state == wanted => Look::Done(()),
            Ok(State::Error) => Look::Failed(Error::msg(format!("\"{}\" is gone or in state Error", host.name))),
            Ok(state) => Look::NotYet(format!("it is {state}")),
            Err(error) => Look::NotYet(error.message().to_owned()),
        }
    };
    if wanted != State::Running || host.driver.makes_computers() {
        return wait::until(&what, RUNNING, look).await;
    }
    let target = target(cx, host).await?;
    let nobody = format!("nobody answers at {} port {}", target.host, target.port);
    tokio::select! {
        answered = wait::until("an answer", RUNNING, look) => answered.map_err(|_| {
            Error::new(Kind::Unreachable, nobody.as_str())
                .hint("is the address right, does sshd run there, and does no firewall stand between?")
        }),
        never = say_later(cx, &nobody) => match never {},
    }
}

/// Tells somebody who waits what it is that is waited for; a mistyped address should not look like a slow host.
async fn say_later(cx: &Context, nobody: &str) -> Infallible {
    tokio::time::sleep(PATIENT_SILENCE).await;
    cx.console.say(format!("Still waiting: {nobody} (for at most {} s)", RUNNING.within.as_secs()));
    std::future::pending().await
}

/// The kernel's id of this boot: a restarted machine has another one.
///
/// # Errors
/// The connection broke.
pub async fn boot_id(remote: &dyn Remote) -> Result<String> {
    let output = remote.exec(&Exec::new("cat /proc/sys/kernel/random/boot_id")).await?;
    Ok(output.text().trim().to_owned())
}

/// Waits until a machine that was told to restart answers with another boot id than `before`.
///
/// # Errors
/// It is not back in time.
pub async fn wait_for_new_boot(cx: &Context, host: &Host, before: &str) -> Result<Connection> {
    let target = target(cx, host).await?;
    let _progress = cx.console.progress("Waiting for SSH to be available...");
    wait::until(&format!("the restart of \"{}\"", host.name), REBOOT, || async {
        let connection = match ssh::connect(cx, &target).await {
            Ok(connection) => connection,
            Err(error) => return Look::NotYet(error.message().to_owned()),
        };
        match boot_id(&connection).await {
            Ok(now) if now != before && !now.is_empty() => Look::Done(connection),
            Ok(_) => Look::NotYet("it has not gone down yet".to_owned()),
            Err(error) => Look::NotYet(error.message().to_owned()),
        }
    })
    .await
}
