//! What a driver is: it makes and controls a computer and knows how to reach it. It knows no Docker.
//!
//! A driver's flags are only known at run time and its state is opaque JSON, so that a third-party plugin
//! process fits the same trait.

#[cfg(feature = "amazonec2")]
pub mod amazonec2;
pub mod base;
pub mod generic;
mod kind;
mod missing;
pub mod none;
mod offers;
pub mod registry;

pub use kind::Kind;
pub use offers::{Offer, Offers, Sight};

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::Context;
use crate::error::{self, Error, Result};
use crate::ssh::{SshTarget, Vouching};
use crate::store::Name;

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

/// One command-line flag of a driver, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The long name without dashes: `generic-ip-address`.
    pub name: String,
    /// What help says about it.
    pub usage: String,
    /// The variable that is read when the flag is not given.
    pub env: Option<String>,
    /// Type and default.
    pub kind: FlagKind,
}

/// A flag's type and default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagKind {
    /// `--flag TEXT`.
    String(String),
    /// `--flag 22`.
    Int(i64),
    /// `--flag`, `--flag=false`; always false unless given.
    Bool,
    /// `--flag A --flag B`.
    List(Vec<String>),
}

impl Flag {
    /// A flag with its environment variable (`""`: none) and help.
    pub fn new(name: &str, kind: FlagKind, env: &str, usage: &str) -> Self {
        let env = (!env.is_empty()).then(|| env.to_owned());
        Self { name: name.into(), usage: usage.into(), env, kind }
    }
}

/// A flag's value after command line, environment and default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagValue {
    /// Of a [`FlagKind::String`].
    String(String),
    /// Of a [`FlagKind::Int`].
    Int(i64),
    /// Of a [`FlagKind::Bool`].
    Bool(bool),
    /// Of a [`FlagKind::List`].
    List(Vec<String>),
}

/// All flags of a `create`, shared ones and the driver's, by long name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagValues(pub BTreeMap<String, FlagValue>);

impl FlagValues {
    /// A text; empty if there is no such flag.
    pub fn string(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(FlagValue::String(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// A number; 0 if there is no such flag.
    pub fn int(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(FlagValue::Int(number)) => *number,
            _ => 0,
        }
    }

    /// A switch; off if there is no such flag.
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(FlagValue::Bool(true)))
    }

    /// A list; empty if there is no such flag.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(FlagValue::List(list)) => list.clone(),
            _ => Vec::new(),
        }
    }
}

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

/// A kind of computer: makes it, controls it, knows how to reach it.
#[async_trait]
pub trait Driver: Send + Sync {
    /// The name that selects it: `generic`.
    fn name(&self) -> &str;

    /// Its command-line flags.
    async fn flags(&self) -> Result<Vec<Flag>>;

    /// Takes the flags of a `create`. The message of an error is what follows
    /// `Error setting machine configuration from flags provided: `.
    async fn configure(&mut self, cx: &Context, values: &FlagValues) -> Result<()>;

    /// Takes over the state of an earlier `create` of this machine that was interrupted, after the flags: what it has
    /// made must be found again.
    async fn resume(&mut self, _cx: &Context, _earlier: Value) -> Result<()> {
        Ok(())
    }

    /// Its state: the `Driver` object of the machine's record.
    async fn save(&self) -> Result<Value>;

    /// Checks before anything is made, and chooses what the flags leave open; a failure ends `create` with status 3.
    async fn check(&mut self, _cx: &Context) -> Result<()> {
        Ok(())
    }

    /// Makes the computer. Saves through `checkpoint` before and after every step that leaves something behind.
    async fn create(&mut self, cx: &Context, checkpoint: &dyn Checkpoint) -> Result<()>;

    /// Removes what it made; fine if it is gone already.
    async fn remove(&mut self, cx: &Context) -> Result<()>;

    /// Takes back what this process has made, and only that: what an earlier `create` of the machine made stays, is
    /// told of by [`Driver::traces`], and is in what [`Driver::save`] gives from then on.
    async fn undo(&mut self, cx: &Context) -> Result<()> {
        self.remove(cx).await
    }

    /// What it has made and may have left, for people: ids with their kind and place.
    fn traces(&self) -> Vec<String> {
        Vec::new()
    }

    /// Announces an imminent query, so that drivers that batch queries know how many to wait for.
    fn announce(&mut self, _cx: &Context) {}

    /// Asks ahead for what the other questions will need. Drivers that can ask for many computers with one call gather
    /// those that are asked at the same time.
    async fn prepare(&self, _cx: &Context) {}

    /// The computer's state now.
    async fn state(&self, cx: &Context) -> Result<State>;

    /// The engine's address, `tcp://IP:2376`; [`crate::error::Kind::NotRunning`] (`Host is not running`) if there is none now.
    async fn url(&self, cx: &Context) -> Result<String>;

    /// The computer's address.
    async fn ip(&self, cx: &Context) -> Result<String>;

    /// Every address the computer is known by, for the server certificate.
    async fn addresses(&self, cx: &Context) -> Result<Vec<String>> {
        Ok(vec![self.ip(cx).await?])
    }

    /// Whether the computer is made by this driver, so that it may still be booting when it first answers: a refused
    /// login is then worth a second try.
    fn makes_computers(&self) -> bool {
        true
    }

    /// Whether the user wants nothing to be kept when Docker cannot be set up on a computer that this driver made.
    fn is_removed_on_failure(&self) -> bool {
        false
    }

    /// How to log in; `None`: it cannot be logged in to, and is never provisioned (driver `none`).
    async fn ssh(&self, cx: &Context) -> Result<Option<SshTarget>>;

    /// Whether it can be asked for the computer's host keys.
    fn can_vouch(&self) -> bool {
        false
    }

    /// The computer's host keys, by another way than SSH.
    async fn host_keys(&self, _cx: &Context) -> HostKeys {
        HostKeys::Never(format!("driver {} knows no other way to the computer", self.name()))
    }

    /// Why nobody can log in to it any more, if that is sure: it was taken away, or is off.
    async fn ended(&self, _cx: &Context) -> Option<Error> {
        None
    }

    /// What may keep us from a computer that does not answer, for people.
    fn obstacles(&self) -> Vec<String> {
        vec!["does sshd run there, is the port right, and does no firewall stand between?".to_owned()]
    }

    /// Switches it on.
    async fn start(&mut self, _cx: &Context) -> Result<()> {
        Err(self.unsupported("start"))
    }

    /// Shuts it down.
    async fn stop(&mut self, _cx: &Context) -> Result<()> {
        Err(self.unsupported("stop"))
    }

    /// Switches it off.
    async fn kill(&mut self, _cx: &Context) -> Result<()> {
        Err(self.unsupported("kill"))
    }

    /// Restarts its operating system.
    async fn restart(&mut self, cx: &Context) -> Result<()>;

    /// The error of an operation that this kind of computer does not offer.
    fn unsupported(&self, operation: &str) -> Error {
        Error::new(error::Kind::Unsupported, format!("{} driver does not support {operation}", self.name()))
            .hint("this driver only reaches the host over SSH: power it on or off at the host itself")
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
