//! Waiting for a state: what for, how often, how long, what was seen last; final states end it at once.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Error, Kind, Result};

/// What one look said.
pub enum Look<T> {
    /// It is there.
    Done(T),
    /// It will never be there.
    Failed(Error),
    /// Not yet, and why, for the message if time runs out.
    NotYet(String),
}

/// How often to look and when to give up.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause between the first two looks; each is longer by the same.
    pub every: Duration,
    /// The longest pause.
    pub slowest: Duration,
    /// The time after which the wait ends.
    pub within: Duration,
}

impl Pace {
    /// The same pause every time, and a limit.
    pub const fn new(every: Duration, within: Duration) -> Self {
        Self { every, slowest: every, within }
    }

    /// Pauses that grow, each by the first, up to `slowest`, and a limit.
    pub const fn slowing(every: Duration, slowest: Duration, within: Duration) -> Self {
        Self { every, slowest, within }
    }

    fn longer(&self, pause: Duration) -> Duration {
        (pause + self.every).min(self.slowest)
    }
}

/// Looks until it is done, has failed for good, or time is out.
///
/// # Errors
/// The look's own final error, or [`Kind::Unreachable`] with `what`, the limit and the last reason.
pub async fn until<T, F>(what: &str, pace: Pace, mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Look<T>>,
{
    let deadline = Instant::now() + pace.within;
    let mut pause = pace.every;
    loop {
        let reason = match look().await {
            Look::Done(value) => return Ok(value),
            Look::Failed(error) => return Err(error),
            Look::NotYet(reason) => reason,
        };
        if Instant::now() + pause >= deadline {
            let limit = pace.within.as_secs();
            return Err(Error::new(Kind::Unreachable, format!("{what} did not happen within {limit} s: {reason}")));
        }
        sleep(pause).await;
        pause = pace.longer(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_slowest() {
        let seconds = Duration::from_secs;
        let slowing = Pace::slowing(seconds(1), seconds(3), seconds(60));
        assert_eq!([1, 2, 3].map(|pause| slowing.longer(seconds(pause)).as_secs()), [2, 3, 3]);
        assert_eq!(Pace::new(seconds(2), seconds(60)).longer(seconds(2)), seconds(2));
    }
}
