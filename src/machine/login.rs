//! Logging in to a machine: waits until SSH answers, and until a restarted machine is really back.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Host;
use super::first_contact::vouched;
use crate::context::Context;
use crate::driver::{Diagnosis, HostKind, State};
use crate::error::{Error, Kind, Result};
use crate::ssh::{self, Connection, Exec, LastFailure, Patience, Remote, SshTarget};
use crate::wait::{self, Look, Pace};

/// How long a machine may take to reach the state Running, as long as the original's 60 looks.
const RUNNING: Pace = Pace::new(Duration::from_secs(1), Duration::from_secs(180));
/// How long an existing host may be silent before that is said.
const PATIENT_SILENCE: Duration = Duration::from_secs(10);
/// How long a computer that boots may be silent before that is said.
const BOOTING_SILENCE: Duration = Duration::from_secs(30);
/// How long a host that is up may take to answer.
const UP: Duration = Duration::from_secs(15);
/// How often the driver is asked about a computer that does not answer.
const LOOK_AGAIN: Duration = Duration::from_secs(20);
/// How long a machine may take from the order to restart until it is back with a new boot id.
const REBOOT: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(300));

/// Whom to log in to.
///
/// # Errors
/// The driver has no SSH at all, or does not know the address now.
pub async fn target(cx: &Context, host: &Host) -> Result<SshTarget> {
    if host.driver.host_kind() == HostKind::EngineOnly {
        let (name, driver) = (&host.name, host.driver.name());
        let text = format!("the machine \"{name}\" has no SSH login: driver {driver} knows none");
        return Err(Error::new(Kind::Unsupported, text));
    }
    host.driver.ssh(&cx.for_driver()).await
}

/// Logs in to a machine that is up; at the first contact only if its key is the one that others know.
///
/// # Errors
/// Nobody answers, or the login is refused.
pub async fn connect(cx: &Context, host: &Host) -> Result<Connection> {
    let target = target(cx, host).await?;
    let patience = Patience { within: UP, ..Patience::SETTLED };
    let target = vouched(cx, host, &target, patience, &LastFailure::default()).await?;
    ssh::connect(cx, &target).await
}

/// Waits for SSH and says so; a computer that moves meanwhile is followed.
///
/// # Errors
/// Nobody answers in time, the login is refused, or the computer ends.
pub async fn wait_for_ssh(cx: &Context, host: &Host, patience: Patience) -> Result<Connection> {
    let patience = patience.as_told(&cx.env);
    let mut target = target(cx, host).await?;
    let _progress = cx.console.progress("Waiting for SSH to be available...");
    let (started, last) = (Instant::now(), LastFailure::default());
    let mut telling = pin!(tell_why(cx, host, patience, &last));
    loop {
        let left = Patience { within: patience.within.saturating_sub(started.elapsed()), ..patience };
        tokio::select! {
            answered = log_in(cx, host, &target, left, &last) => {
                return answered.map_err(|error| unanswered(host, patience, error));
            }
            moved = watch(cx, host, &target) => target = moved?,
            never = &mut telling => match never {},
        }
    }
}

/// Logs in as soon as the host lets us, and at the first contact only if its key is the one that others know.
async fn log_in(
    cx: &Context,
    host: &Host,
    target: &SshTarget,
    patience: Patience,
    last: &LastFailure,
) -> Result<Connection> {
    let began = Instant::now();
    let target = vouched(cx, host, target, patience, last).await?;
    let left = Patience { within: patience.within.saturating_sub(began.elapsed()), ..patience };
    ssh::wait_for(cx, &target, left, last).await
}

/// Where the computer has moved to.
///
/// # Errors
/// It has ended.
async fn watch(cx: &Context, host: &Host, known: &SshTarget) -> Result<SshTarget> {
    loop {
        sleep(LOOK_AGAIN).await;
        if let Some(error) = ended(cx, host).await {
            return Err(error);
        }
        // While the driver cannot tell, the known address is as good as any.
        if let Ok(target) = host.driver.ssh(&cx.for_driver()).await
            && !target.is_same_login(known)
        {
            return Ok(target);
        }
    }
}

/// Tells somebody who waits long what is wrong, and where to look.
async fn tell_why(cx: &Context, host: &Host, patience: Patience, last: &LastFailure) -> Infallible {
    sleep(BOOTING_SILENCE).await;
    if let Some(error) = last.get() {
        cx.console.say(format!("Still waiting (for at most {} s): {error}", patience.within.as_secs()));
        if error.kind() == Kind::Unreachable {
            for obstacle in obstacles(host) {
                cx.console.say(format!("hint: {obstacle}"));
            }
        }
    }
    std::future::pending().await
}

/// The original's sentence, and what may be the reason.
fn unanswered(host: &Host, patience: Patience, error: Error) -> Error {
    if error.kind() != Kind::Unreachable {
        return error;
    }
    let mut told = error.context("Too many retries waiting for SSH to be available.  Last error");
    for obstacle in obstacles(host) {
        told = told.hint(obstacle);
    }
    told.hint(how_long(patience.within))
}

/// Why nobody can log in any more, if that is sure.
async fn ended(cx: &Context, host: &Host) -> Option<Error> {
    host.driver.diagnosis()?.ended(&cx.for_driver()).await
}

/// What may keep us from a computer that does not answer.
fn obstacles(host: &Host) -> Vec<String> {
    let usual = || vec!["does sshd run there, is the port right, and does no firewall stand between?".to_owned()];
    host.driver.diagnosis().map_or_else(usual, Diagnosis::obstacles)
}

/// How long it was waited, and what changes that.
fn how_long(within: Duration) -> String {
    format!("gave up after {} s; set MACHINE_SSH_TIMEOUT to wait longer", within.as_secs())
}

/// Waits for a state of the computer.
///
/// # Errors
/// It is not reached in time, or the driver cannot tell.
pub async fn wait_for_state(cx: &Context, host: &Host, wanted: State) -> Result<()> {
    let what = format!("state {wanted} of \"{}\"", host.name);
    let look = || async {
        match host.driver.state(&cx.for_driver()).await {
            Ok(state) if state == wanted => Look::Done(()),
            Ok(State::Error) => Look::Failed(Error::msg(format!("\"{}\" is gone or in state Error", host.name))),
            Ok(state) => Look::NotYet(format!("it is {state}")),
            Err(error) => Look::NotYet(error.message().to_owned()),
        }
    };
    if wanted != State::Running || host.driver.host_kind() != HostKind::Existing {
        return wait::until(&what, RUNNING, look).await;
    }
    let pace = Pace { within: Patience::SETTLED.as_told(&cx.env).within, ..RUNNING };
    let target = target(cx, host).await?;
    let nobody = format!("nobody answers at {} port {}", target.host, target.port);
    tokio::select! {
        answered = wait::until("an answer", pace, look) => answered.map_err(|_| {
            Error::new(Kind::Unreachable, nobody.as_str())
                .hint("is the address right, does sshd run there, and does no firewall stand between?")
                .hint(how_long(pace.within))
        }),
        never = say_later(cx, &nobody, pace.within) => match never {},
    }
}

/// Tells somebody who waits what it is that is waited for; a mistyped address should not look like a slow host.
async fn say_later(cx: &Context, nobody: &str, within: Duration) -> Infallible {
    sleep(PATIENT_SILENCE).await;
    cx.console.say(format!("Still waiting: {nobody} (for at most {} s)", within.as_secs()));
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
/// It is not back in time, or has ended.
pub async fn wait_for_new_boot(cx: &Context, host: &Host, before: &str) -> Result<Connection> {
    let target = target(cx, host).await?;
    let _progress = cx.console.progress("Waiting for SSH to be available...");
    let what = format!("the restart of \"{}\"", host.name);
    let look = || async {
        let connection = match ssh::connect(cx, &target).await {
            Ok(connection) => connection,
            Err(error) => return Look::NotYet(error.message().to_owned()),
        };
        match boot_id(&connection).await {
            Ok(now) if now != before && !now.is_empty() => Look::Done(connection),
            Ok(_) => Look::NotYet("it has not gone down yet".to_owned()),
            Err(error) => Look::NotYet(error.message().to_owned()),
        }
    };
    tokio::select! {
        back = wait::until(&what, REBOOT, look) => back,
        error = end(cx, host) => Err(error),
    }
}

/// Resolves when the computer has ended.
async fn end(cx: &Context, host: &Host) -> Error {
    loop {
        sleep(LOOK_AGAIN).await;
        if let Some(error) = ended(cx, host).await {
            return error;
        }
    }
}
