//! The time of day. Waiting goes through [`crate::wait`].

use std::time::SystemTime;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}
