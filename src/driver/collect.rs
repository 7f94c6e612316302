//! How `gc` looks for what a driver made for machines whose records are gone.
//!
//! A driver only finds and removes. Whose something is, and whether it may go, is decided above (`machine/orphans.rs`).

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::Value;

use super::MachinePlace;
use crate::context::DriverContext;
use crate::error::{Error, Result};
use crate::store::Ids;

/// Something that a driver made and that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What it is, for people: `instance`.
    pub kind: &'static str,
    /// Its id there: `i-…`.
    pub id: String,
    /// Where it is: `us-east-1`.
    pub region: String,
    /// The name that it was given, usually its machine's.
    pub name: String,
    /// The id of its machine ([`Leftovers::id`](super::Leftovers::id)).
    pub machine: String,
    /// It was made from here, not from a place that this store was copied from.
    pub own: bool,
    /// By what the driver removes it, if that is not the id.
    pub handle: Option<String>,
    /// When it was made, where that is known.
    pub made: Option<SystemTime>,
    /// The ids of what uses it, if machines share it; `None`: it is its machine's alone.
    pub users: Option<Vec<String>>,
}

impl Resource {
    /// How long it has been there, where that is known.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        self.made.map(|made| now.duration_since(made).unwrap_or_default())
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, region, name, .. } = self;
        write!(f, "{kind} {id} ({name}, {region})")
    }
}

/// Where a driver is to look, and for what.
pub struct Search<'s> {
    /// The names of the store: what is found carries one of them.
    pub store: &'s Ids,
    /// The driver's machines in the store, with their states.
    pub machines: Vec<(MachinePlace, Value)>,
    /// Further regions.
    pub regions: &'s [String],
    /// The place of no machine, for a driver that only looks around.
    pub nowhere: MachinePlace,
}

/// The accounts and regions to look in.
pub struct Scopes {
    /// Those that can be looked into.
    pub open: Vec<Box<dyn Scope>>,
    /// Why others, where machines of the store were made, cannot.
    pub hidden: Vec<Error>,
}

/// The part of a driver that `gc` asks.
#[async_trait]
pub trait Collector: fmt::Debug + Send + Sync {
    /// Where things of the store's machines may be: where those machines are, where the environment leads, and the
    /// regions that are named.
    async fn scopes(&self, cx: &DriverContext<'_>, search: Search<'_>) -> Result<Scopes>;
}

/// An account and region.
#[async_trait]
pub trait Scope: Send + Sync {
    /// What it is called: `region us-east-1`.
    fn name(&self) -> String;

    /// Everything there that carries an id of the store and of a machine, in the order in which it can be removed; what
    /// machines share comes last.
    async fn find(&self, cx: &DriverContext<'_>) -> Result<Vec<Resource>>;

    /// Removes things that [`Scope::find`] found, and what turns up of the same machines while it does.
    async fn remove(&self, cx: &DriverContext<'_>, resources: Vec<Resource>, told: Told<'_>);
}

/// Hears of each thing whether it was removed.
pub type Told<'t> = &'t mut (dyn FnMut(&Resource, Result<()>) + Send);
