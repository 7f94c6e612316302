//! What some drivers can do. A driver that implements one of these hands itself out as it in [`Driver`](super::Driver).

use std::time::Duration;

use async_trait::async_trait;

use crate::context::DriverContext;
use crate::error::{Error, Result};
use crate::ssh::Vouching;

/// Switches the computer on and off.
#[async_trait]
pub trait Power: Send {
    /// Switches it on.
    async fn start(&mut self, cx: &DriverContext<'_>) -> Result<()>;

    /// Shuts it down.
    async fn stop(&mut self, cx: &DriverContext<'_>) -> Result<()>;

    /// Switches it off without asking its operating system.
    async fn kill(&mut self, cx: &DriverContext<'_>) -> Result<()>;

    /// Restarts its operating system.
    async fn restart(&mut self, cx: &DriverContext<'_>) -> Result<()>;
}

/// Knows what of a machine may be left when its record is gone.
pub trait Leftovers: Send + Sync {
    /// The id that everything made for this machine carries, by which `gc` finds it; `None`: nothing does.
    fn id(&self) -> Option<&str>;

    /// What it has made and may have left, for people: ids with their kind and place.
    fn traces(&self) -> Vec<String>;

    /// Whether the user wants nothing to be kept when Docker cannot be set up on a computer that this driver made.
    fn is_removed_on_failure(&self) -> bool;
}

/// Gathers questions that come at the same time, so that many computers are asked for with one call.
#[async_trait]
pub trait Batching: Send + Sync {
    /// Announces an imminent query, so that the driver knows how many to wait for.
    fn announce(&self, cx: &DriverContext<'_>);

    /// Asks ahead for what the other questions will need.
    async fn prepare(&self, cx: &DriverContext<'_>);
}

/// Knows the computer's host keys by another way than SSH.
#[async_trait]
pub trait HostKeySource: Send + Sync {
    /// The keys, or why there are none.
    async fn host_keys(&self, cx: &DriverContext<'_>) -> HostKeys;
}

/// What a way to the computer that is not SSH says about its host keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostKeys {
    /// It has these.
    Known(Vouching),
    /// Nothing yet.
    NotYet {
        /// The reason.
        why: String,
        /// How long a host that answers may be kept waiting for it: not at all if it takes minutes.
        worth: Duration,
    },
    /// Nothing, and there will not be.
    Never(String),
}

/// Says why a computer does not answer.
#[async_trait]
pub trait Diagnosis: Send + Sync {
    /// Why nobody can log in to it any more, if that is sure: it was taken away, or is off.
    async fn ended(&self, cx: &DriverContext<'_>) -> Option<Error>;

    /// What may keep us from it, for people.
    fn obstacles(&self) -> Vec<String>;
}
