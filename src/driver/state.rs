//! The states of a computer.

use std::fmt;

/// The state of a computer. The numbers are the plugin protocol's and the templates'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Not known.
    #[default]
    None = 0,
    /// Up.
    Running = 1,
    /// Frozen in memory.
    Paused = 2,
    /// Suspended to disk.
    Saved = 3,
    /// Off.
    Stopped = 4,
    /// Going down.
    Stopping = 5,
    /// Coming up.
    Starting = 6,
    /// Gone, or the driver cannot tell.
    Error = 7,
    /// Did not answer in time (made by `ls` and `active` only).
    Timeout = 8,
}

impl State {
    /// The name that `status` and `ls` print.
    pub fn as_str(self) -> &'static str {
        ["", "Running", "Paused", "Saved", "Stopped", "Stopping", "Starting", "Error", "Timeout"][self as usize]
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
