//! The first contact with a machine: who vouches for its host key, asked before anything is sent to it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Host;
use crate::context::Context;
use crate::driver::HostKeys;
use crate::error::Result;
use crate::ssh::hostkeys::Pins;
use crate::ssh::{self, HostKeyPolicy, LastFailure, Patience, SshTarget, Vouching};

/// How often is asked while the computer boots and does not answer yet.
const BOOTING: Duration = Duration::from_secs(5);
/// The first pause once it answers; it doubles up to [`SLOWEST`].
const QUICKEST: Duration = Duration::from_millis(250);
/// See [`QUICKEST`].
const SLOWEST: Duration = Duration::from_secs(3);
/// How long a host that answers is kept waiting for somebody who vouches for it. cloud-init shows the keys at the end
/// of the first boot, seconds after sshd has started.
const LATE: Duration = Duration::from_secs(30);

/// The target with what vouches for its key, if it needs that and the driver can ask.
///
/// # Errors
/// Nobody answers in time, or the pinned keys cannot be read.
pub async fn vouched(
    cx: &Context,
    host: &Host,
    target: &SshTarget,
    patience: Patience,
    last: &LastFailure,
) -> Result<SshTarget> {
    let policy = HostKeyPolicy::from_env(&cx.env);
    let asks = target.vouching == Vouching::Unasked && host.driver.can_vouch();
    if !asks || !Pins::load(target, policy)?.is_first_contact() {
        return Ok(target.clone());
    }
    let began = Instant::now();
    let greeted = tokio::select! {
        found = while_booting(cx, host) => Err(found),
        greeted = ssh::wait_for_greeting(cx, target, patience, last) => Ok(greeted?),
    };
    let vouching = match greeted {
        Err(found) => found,
        Ok(()) => {
            // Who demands it waits for it as long as for the login itself.
            let strict = policy == HostKeyPolicy::Strict;
            let limit = if strict { patience.within.saturating_sub(began.elapsed()) } else { LATE };
            of_a_host_that_answers(cx, host, limit, strict).await
        }
    };
    let key = format!("the host key of \"{}\"", host.name);
    cx.console.debug(match &vouching {
        Vouching::Known { by, .. } => format!("{by} vouches for {key}"),
        Vouching::Unknown(why) => format!("nobody vouches for {key}: {why}"),
        Vouching::Unasked => format!("nobody was asked about {key}"),
    });
    Ok(SshTarget { vouching, ..target.clone() })
}

/// Asks now and then; a computer that boots usually says nothing yet.
async fn while_booting(cx: &Context, host: &Host) -> Vouching {
    loop {
        sleep(BOOTING).await;
        match host.driver.host_keys(cx).await {
            HostKeys::Known(vouching) => return vouching,
            HostKeys::Never(why) => return Vouching::Unknown(why),
            HostKeys::Soon(_) | HostKeys::Later(_) => {}
        }
    }
}

/// Asks until there is an answer or no hope.
async fn of_a_host_that_answers(cx: &Context, host: &Host, limit: Duration, strict: bool) -> Vouching {
    let mut why = "there was no answer in time".to_owned();
    let asking = async {
        let mut pause = QUICKEST;
        loop {
            match host.driver.host_keys(cx).await {
                HostKeys::Known(vouching) => return vouching,
                HostKeys::Never(reason) => return Vouching::Unknown(reason),
                HostKeys::Later(reason) if !strict => return Vouching::Unknown(reason),
                HostKeys::Soon(reason) | HostKeys::Later(reason) => why = reason,
            }
            sleep(pause).await;
            pause = (pause * 2).min(SLOWEST);
        }
    };
    let found = tokio::time::timeout(limit, asking).await;
    found.unwrap_or(Vouching::Unknown(why))
}
