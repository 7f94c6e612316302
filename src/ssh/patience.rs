//! Waiting for a host to answer SSH: how often to try, and when a refusal is final.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::ssh::auth::LoginError;
use crate::ssh::native::{attempt, greeting};
use crate::ssh::{Connection, SshTarget};

/// Seconds to wait for a first answer or a login instead of the usual ones: for images that boot slowly, or impatient
/// scripts.
const VARIABLE: &str = "MACHINE_SSH_TIMEOUT";

/// How long to wait, and what a refused key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The time after which the wait ends.
    pub within: Duration,
    /// The host may be making its users and keys right now: a refusal is final only after three in a row, 10 s apart,
    /// and 60 s after the first answer.
    pub booting: bool,
}

impl Patience {
    /// For a computer that was just made, started or restarted: 5 minutes (the original waits 3 at least).
    pub const BOOTING: Self = Self { within: Duration::from_secs(300), booting: true };
    /// For a host that has been up: 3 minutes, and a refusal ends the wait at once.
    pub const SETTLED: Self = Self { within: Duration::from_secs(180), booting: false };

    /// As long as the user wants.
    #[must_use]
    pub fn as_told(self, env: &Env) -> Self {
        let told = env.var(VARIABLE).and_then(|text| text.parse().ok()).map(Duration::from_secs);
        Self { within: told.unwrap_or(self.within), ..self }
    }
}

/// Why the last attempt failed, for whoever watches somebody wait.
#[derive(Debug, Default)]
pub struct LastFailure(Mutex<Option<Error>>);

impl LastFailure {
    /// The reason, if there was an attempt.
    pub fn get(&self) -> Option<Error> {
        self.0.lock().expect("no panic while held").clone()
    }

    fn set(&self, error: Error) {
        *self.0.lock().expect("no panic while held") = Some(error);
    }
}

/// Connects and logs in as soon as the host lets us.
///
/// # Errors
/// [`Kind::Unreachable`] or [`Kind::Refused`]: the last reason, when time is out or when it was a no for good.
///
/// [`Kind::Unreachable`]: crate::error::Kind::Unreachable
/// [`Kind::Refused`]: crate::error::Kind::Refused
pub async fn wait_for(cx: &Context, target: &SshTarget, patience: Patience, last: &LastFailure) -> Result<Connection> {
    patiently(cx, patience, last, || attempt(cx, target)).await
}

/// Returns as soon as the host shows a key; nobody logs in.
///
/// # Errors
/// As [`wait_for`].
pub async fn wait_for_greeting(cx: &Context, target: &SshTarget, patience: Patience, last: &LastFailure) -> Result<()> {
    patiently(cx, patience, last, || greeting(cx, target)).await
}

async fn patiently<T, F>(cx: &Context, patience: Patience, last: &LastFailure, attempt: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T, LoginError>>,
{
    let start = Instant::now();
    let mut waiting = Waiting::new(patience);
    loop {
        let failure = match attempt().await {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        let next = waiting.after(&failure, start.elapsed());
        let error = failure.into_error();
        cx.console.debug(format!("No SSH login yet: {error}"));
        last.set(error.clone());
        match next {
            Next::TryAgain(pause) => sleep(pause).await,
            Next::GiveUp => return Err(error),
        }
    }
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    TryAgain(Duration),
    GiveUp,
}

/// The pause after the first attempt; it doubles up to [`SLOWEST`].
const QUICKEST: Duration = Duration::from_millis(200);
const SLOWEST: Duration = Duration::from_secs(3);
/// Between two refusals of a booting host.
const BETWEEN_REFUSALS: Duration = Duration::from_secs(10);
/// Refusals in a row that make it final, and the time since the first answer (cloud-init's usual time).
const REFUSALS: u32 = 3;
const SINCE_FIRST_ANSWER: Duration = Duration::from_secs(60);

struct Waiting {
    patience: Patience,
    pause: Duration,
    refusals: u32,
    first_answer: Option<Duration>,
}

impl Waiting {
    fn new(patience: Patience) -> Self {
        Self { patience, pause: QUICKEST, refusals: 0, first_answer: None }
    }

    /// Decides from the failure and the time since the start of the wait.
    fn after(&mut self, failure: &LoginError, elapsed: Duration) -> Next {
        let pause = match failure {
            LoginError::Final(_) => return Next::GiveUp,
            LoginError::Unreachable(_) => {
                self.refusals = 0;
                let slower = (self.pause * 2).min(SLOWEST);
                std::mem::replace(&mut self.pause, slower)
            }
            LoginError::Login(_) => {
                self.refusals += 1;
                let first = *self.first_answer.get_or_insert(elapsed);
                let final_now = self.refusals >= REFUSALS && elapsed.saturating_sub(first) >= SINCE_FIRST_ANSWER;
                if final_now || !self.patience.booting {
                    return Next::GiveUp;
                }
                BETWEEN_REFUSALS
            }
        };
        if elapsed + pause > self.patience.within { Next::GiveUp } else { Next::TryAgain(pause) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn unreachable() -> LoginError {
        LoginError::Unreachable(Error::new(Kind::Unreachable, "connection refused"))
    }

    fn login() -> LoginError {
        LoginError::Login(Error::new(Kind::Refused, "key refused"))
    }

    /// When the wait ends if every attempt takes no time and fails in the same way.
    fn ends_after(patience: Patience, failure: &LoginError) -> Duration {
        let (mut waiting, mut elapsed) = (Waiting::new(patience), Duration::ZERO);
        while let Next::TryAgain(pause) = waiting.after(failure, elapsed) {
            elapsed += pause;
        }
        elapsed
    }

    #[test]
    fn attempts_are_quick_at_first_and_three_seconds_apart_later() {
        let mut waiting = Waiting::new(Patience::SETTLED);
        let pauses: Vec<Next> = (0..6).map(|_| waiting.after(&unreachable(), Duration::ZERO)).collect();
        let expected = [200, 400, 800, 1600, 3000, 3000].map(|ms| Next::TryAgain(Duration::from_millis(ms)));
        assert_eq!(pauses, expected);
    }

    #[test]
    fn a_host_that_does_not_answer_gets_at_least_the_originals_three_minutes() {
        for patience in [Patience::BOOTING, Patience::SETTLED] {
            let end = ends_after(patience, &unreachable());
            assert!(end + SLOWEST >= Duration::from_secs(180) && end <= patience.within, "{end:?}");
        }
    }

    #[test]
    fn a_settled_host_that_refuses_the_key_ends_the_wait_at_once() {
        assert_eq!(ends_after(Patience::SETTLED, &login()), Duration::ZERO);
    }

    #[test]
    fn a_booting_host_may_refuse_the_key_for_a_minute() {
        assert_eq!(ends_after(Patience::BOOTING, &login()), Duration::from_secs(60));
    }

    #[test]
    fn refusals_count_only_in_a_row() {
        let mut waiting = Waiting::new(Patience::BOOTING);
        let at = Duration::from_secs;
        waiting.after(&login(), at(10));
        waiting.after(&login(), at(20));
        waiting.after(&unreachable(), at(90));
        assert_eq!(waiting.after(&login(), at(100)), Next::TryAgain(BETWEEN_REFUSALS));
        waiting.after(&login(), at(110));
        assert_eq!(waiting.after(&login(), at(120)), Next::GiveUp);
    }

    #[test]
    fn the_user_may_have_more_or_less_patience() {
        let told = |seconds: &str| {
            let vars = [(VARIABLE.to_owned(), seconds.to_owned())].into();
            Patience::BOOTING.as_told(&Env { vars, ..Env::default() }).within.as_secs()
        };
        assert_eq!((told("900"), told("1"), told("soon"), told("")), (900, 1, 300, 300));
    }

    #[test]
    fn a_changed_host_key_ends_the_wait_even_while_booting() {
        let changed = LoginError::Final(Error::new(Kind::Refused, "changed"));
        assert_eq!(ends_after(Patience::BOOTING, &changed), Duration::ZERO);
    }
}
