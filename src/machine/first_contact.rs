//! The first contact with a machine: who vouches for its host key, asked before anything is sent to it.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Host;
use crate::context::Context;
use crate::driver::{HostKeySource, HostKeys};
use crate::error::Result;
use crate::ssh::hostkeys::Pins;
use crate::ssh::{self, HostKeyPolicy, LastFailure, Patience, SshTarget, Vouching};

/// The first pause between two questions; it doubles up to [`SLOWEST`].
const QUICKEST: Duration = Duration::from_millis(250);
/// See [`QUICKEST`].
const SLOWEST: Duration = Duration::from_secs(3);
/// The pause of who demands an answer that is not expected soon.
const PATIENT: Duration = Duration::from_secs(10);
/// How long a host that answers is kept waiting at most, also by somebody else who does not answer.
const LONGEST: Duration = Duration::from_secs(30);

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
    let Some(source) = host.driver.host_key_source().filter(|_| target.vouching == Vouching::Unasked) else {
        return Ok(target.clone());
    };
    if !Pins::load(target, policy)?.is_first_contact() {
        return Ok(target.clone());
    }
    let began = Instant::now();
    // Before that there is nothing to compare with, and usually nothing to be had.
    ssh::wait_for_greeting(cx, target, patience, last).await?;
    // Who demands it waits for it as long as for the login itself.
    let left = patience.within.saturating_sub(began.elapsed());
    let demanded = (policy == HostKeyPolicy::Strict).then_some(left);
    let vouching = ask(cx, source, demanded).await;
    let key = format!("the host key of \"{}\"", host.name);
    cx.console.debug(match &vouching {
        Vouching::Known { by, .. } => format!("{by} vouches for {key}"),
        Vouching::Unknown(why) => format!("nobody vouches for {key}: {why}"),
        Vouching::Unasked => format!("nobody was asked about {key}"),
    });
    Ok(SshTarget { vouching, ..target.clone() })
}

/// Asks until there is an answer, or waiting for one is not worth it. `demanded`: how long who demands it waits.
async fn ask(cx: &Context, source: &dyn HostKeySource, demanded: Option<Duration>) -> Vouching {
    let mut last = "there was no answer in time".to_owned();
    let asking = async {
        let began = Instant::now();
        for asked in 0.. {
            let worth = match source.host_keys(&cx.for_driver()).await {
                HostKeys::Known(vouching) => return Some(vouching),
                HostKeys::Never(why) => return Some(Vouching::Unknown(why)),
                HostKeys::NotYet { why, worth } => {
                    last = why;
                    worth
                }
            };
            sleep(pause(asked, began.elapsed(), worth, demanded.is_some())?).await;
        }
        None
    };
    let found = timeout(demanded.unwrap_or(LONGEST), asking).await;
    found.ok().flatten().unwrap_or(Vouching::Unknown(last))
}

/// How long until the next question, if another one is worth it after so many and so long.
fn pause(asked: u32, waited: Duration, worth: Duration, is_demanded: bool) -> Option<Duration> {
    let left = worth.saturating_sub(waited);
    if left.is_zero() {
        is_demanded.then_some(PATIENT)
    } else {
        Some((QUICKEST * 2_u32.pow(asked.min(8))).min(SLOWEST).min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times, in milliseconds, at which is asked when nothing else takes time.
    fn questions(worth: Duration) -> Vec<u128> {
        let mut times = vec![Duration::ZERO];
        while let Some(pause) = pause(times.len() as u32 - 1, times[times.len() - 1], worth, false) {
            times.push(times[times.len() - 1] + pause);
        }
        times.iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn questions_come_quickly_at_first_then_seldom_and_no_longer_than_is_worth_it() {
        assert_eq!(questions(Duration::ZERO), [0]);
        assert_eq!(questions(Duration::from_secs(10)), [0, 250, 750, 1750, 3750, 6750, 9750, 10_000]);
        assert_eq!(questions(Duration::from_secs(30)).len(), 14);
        assert_eq!(pause(3, Duration::from_secs(9), Duration::ZERO, true), Some(PATIENT));
    }
}
