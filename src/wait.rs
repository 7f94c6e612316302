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
    /// The pause between two looks.
    pub every: Duration,
    /// The time after which the wait ends.
    pub within: Duration,
}

impl Pace {
    /// A pause and a limit.
    pub const fn new(every: Duration, within: Duration) -> Self {
        Self { every, within }
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
    loop {
        let reason = match look().await {
            Look::Done(value) => return Ok(value),
            Look::Failed(error) => return Err(error),
            Look::NotYet(reason) => reason,
        };
        if Instant::now() + pace.every >= deadline {
            let limit = pace.within.as_secs();
            let mut error = Error::new(Kind::Unreachable, format!("{what} did not happen within {limit} s"));
            if !reason.is_empty() {
                error = Error::new(Kind::Unreachable, format!("{}: {reason}", error.message()));
            }
            return Err(error);
        }
        sleep(pace.every).await;
    }
}
