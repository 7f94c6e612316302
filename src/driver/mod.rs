//! What a driver is: it makes and controls a computer and knows how to reach it. It knows no Docker.
//!
//! [`Driver`] is what every driver must answer. What only some can do is a trait of its own (`abilities.rs`), which the
//! driver hands out if it has it. A driver's flags are only known at run time and its state is opaque JSON, so that a
//! third-party plugin process fits the same trait.

mod abilities;
#[cfg(feature = "amazonec2")]
pub mod amazonec2;
mod available;
pub mod base;
mod collect;
#[cfg(test)]
mod example;
mod flags;
pub mod generic;
mod kind;
mod missing;
pub mod none;
mod offers;
pub mod plugin;
pub mod registry;
mod state;

pub use abilities::{Batching, Diagnosis, HostKeySource, HostKeys, Leftovers, Power};
pub use available::{Available, Origin};
pub use collect::{Collector, Resource, Scope, Scopes, Search, Told};
pub use flags::{Flag, FlagKind, FlagValue, FlagValues, Setting, Source};
pub use kind::Kind;
pub use offers::{Offer, Offers, Sight};
pub use state::State;

use std::path::PathBuf;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::DriverContext;
use crate::error::{self, Error, Result};
use crate::ssh::SshTarget;
use crate::store::Name;

/// Saves a driver's state between the steps of its `create`, so that nothing made is ever unknown.
#[async_trait]
pub trait Checkpoint: Send + Sync {
    /// Writes the state (the `Driver` object) to the machine's record, durably.
    async fn save(&self, state: Value) -> Result<()>;
}

/// What a driver needs to know about the machine that it works for.
#[derive(Clone, Debug)]
pub struct MachinePlace {
    /// The machine's name.
    pub name: Name,
    /// The store's root (`Driver.StorePath`).
    pub store: PathBuf,
    /// The machine's own folder.
    pub folder: PathBuf,
}

/// What stands behind a machine of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// A computer that the driver makes and removes. It may still be booting when it first answers.
    Created,
    /// A host that exists anyway, of which only Docker is ours.
    Existing,
    /// The URL of an engine that somebody else takes care of. Nobody logs in, so it is never provisioned.
    EngineOnly,
}

/// What every driver must answer.
///
/// A `create` calls [`configure`](Self::configure), [`resume`](Self::resume) if an earlier one was killed,
/// [`check`](Self::check), [`create`](Self::create), and [`undo`](Self::undo) if it fails. Between any two of them the
/// process may be killed.
#[async_trait]
pub trait Driver: Send + Sync {
    /// The name that selects it: `generic`. It stands in the records of its machines.
    fn name(&self) -> &str;

    /// What stands behind its machines.
    fn host_kind(&self) -> HostKind;

    /// Its command-line flags.
    async fn flags(&self, cx: &DriverContext<'_>) -> Result<Vec<Flag>>;

    /// Takes the flags of a `create`. The message of an error is what follows
    /// `Error setting machine configuration from flags provided: `.
    async fn configure(&mut self, cx: &DriverContext<'_>, values: &FlagValues) -> Result<()>;

    /// Takes over the state of an earlier `create` of this machine that was interrupted, after the flags. Whatever that
    /// one has made must be found again here, or it runs on, and costs, without a record.
    async fn resume(&mut self, cx: &DriverContext<'_>, earlier: Value) -> Result<()>;

    /// Its state: the `Driver` object of the machine's record.
    async fn save(&self) -> Result<Value>;

    /// Checks before anything is made, and chooses what the flags leave open; a failure ends `create` with status 3.
    async fn check(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Makes the computer. Saves through `checkpoint` before and after every step that leaves something behind.
    async fn create(&mut self, cx: &DriverContext<'_>, checkpoint: &dyn Checkpoint) -> Result<()>;

    /// Takes back what this process has made, and only that: what an earlier `create` of the machine made stays, is
    /// told of by [`Leftovers::traces`], and is in what [`Driver::save`] gives from then on.
    async fn undo(&mut self, cx: &DriverContext<'_>) -> Result<()>;

    /// Removes what it made; fine if it is gone already.
    async fn remove(&mut self, cx: &DriverContext<'_>) -> Result<()>;

    /// The computer's state now.
    async fn state(&self, cx: &DriverContext<'_>) -> Result<State>;

    /// The engine's address, `tcp://IP:PORT`; [`crate::error::Kind::NotRunning`] (`Host is not running`) if there is none now.
    async fn url(&self, cx: &DriverContext<'_>) -> Result<String>;

    /// The port on which the engine is to listen on the computer itself. In the URL stands another one where something
    /// between here and there forwards it.
    async fn engine_port(&self, cx: &DriverContext<'_>) -> Result<u16>;

    /// The computer's address.
    async fn ip(&self, cx: &DriverContext<'_>) -> Result<String>;

    /// Every address the computer is known by, for the server certificate.
    async fn addresses(&self, cx: &DriverContext<'_>) -> Result<Vec<String>> {
        Ok(vec![self.ip(cx).await?])
    }

    /// How to log in. Not asked for a [`HostKind::EngineOnly`].
    async fn ssh(&self, cx: &DriverContext<'_>) -> Result<SshTarget>;

    /// Its switch. Without one, machines are restarted over SSH, and cannot be started or stopped.
    fn power(&mut self) -> Option<&mut dyn Power> {
        None
    }

    /// What it may leave behind, if its machines are made of things that have ids.
    fn leftovers(&self) -> Option<&dyn Leftovers> {
        None
    }

    /// Its way to ask for many computers with one call.
    fn batching(&self) -> Option<&dyn Batching> {
        None
    }

    /// Its way to the computer's host keys that is not SSH.
    fn host_key_source(&self) -> Option<&dyn HostKeySource> {
        None
    }

    /// What it knows about a computer that does not answer.
    fn diagnosis(&self) -> Option<&dyn Diagnosis> {
        None
    }
}

/// The error of a URL asked from a machine that is down.
pub fn not_running() -> Error {
    Error::new(error::Kind::NotRunning, "Host is not running")
}

/// A driver's structure from its state on disk.
fn decode<T: DeserializeOwned>(driver: &str, state: Value) -> Result<T> {
    serde_json::from_value(state).map_err(|error| {
        Error::new(error::Kind::Damaged, format!("the record's state of driver {driver} is damaged: {error}"))
    })
}

/// A driver's structure as its state on disk.
fn encode<T: Serialize>(driver: &T) -> Result<Value> {
    serde_json::to_value(driver).map_err(|error| Error::msg(format!("the driver's state cannot be written: {error}")))
}
