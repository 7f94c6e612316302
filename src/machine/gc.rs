//! What was made for machines that are no longer in the store: found, and removed on demand, with every driver that can.

use std::collections::HashSet;

use super::orphans::{Claims, Orphans};
use super::place;
use crate::clock;
use crate::context::Context;
use crate::driver::{Kind, Leftovers, MachinePlace, Resource, Scope, Scopes, Search};
use crate::error::{Error, Result};
use crate::store::{Ids, PathRepair};

/// What to do with what is found.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Remove it; otherwise it is only found.
    pub remove: bool,
    /// Also what was made within the last hour.
    pub young: bool,
    /// Further regions to look in.
    pub regions: Vec<String>,
    /// Ids of what is not in use by another store, as the user knows.
    pub named: Vec<String>,
}

/// What there is.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is removable, if it was only to be found.
    pub removable: Vec<Resource>,
    /// What may be in use by another store.
    pub doubtful: Vec<Resource>,
    /// How much was left alone because it was made within the last hour.
    pub young: usize,
    /// How much was removed.
    pub removed: usize,
    /// How much could not be removed.
    pub left: usize,
    /// How many accounts or regions could not be looked into.
    pub unseen: usize,
    /// What was named and is nowhere.
    pub unknown: Vec<String>,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Event<'e> {
    /// An account or region cannot be looked into.
    Unseen(Error),
    /// This is gone.
    Removed(&'e Resource),
    /// This could not be removed.
    Left(&'e Resource, Error),
}

/// Finds with these drivers, and removes if it is wanted. `None`: nothing was ever made from this store.
///
/// # Errors
/// A machine's record cannot be read, so that nobody knows what belongs to it, or a region's name is malformed.
pub async fn run(
    cx: &Context,
    kinds: &[&Kind],
    wanted: &Wanted,
    happens: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Option<Outcome>> {
    let store = cx.store.ids();
    if store == Ids::default() {
        return Ok(None);
    }
    let (mut outcome, mut known) = (Outcome::default(), HashSet::new());
    for kind in kinds {
        let Some(collector) = kind.collector else { continue };
        let machines = machines(cx, kind)?;
        let search =
            Search { store: &store, machines, regions: &wanted.regions, nowhere: place(&cx.store, &"gc".parse()?) };
        let Scopes { open, hidden } = collector.scopes(&cx.for_driver(), search).await?;
        outcome.unseen += hidden.len();
        for error in hidden {
            happens(Event::Unseen(error));
        }
        for scope in open {
            match look(cx, kind, &*scope, wanted).await {
                Ok(Orphans { old, young, doubtful }) => {
                    outcome.young += young;
                    known.extend(old.iter().flat_map(|one| [one.id.clone(), one.machine.clone()]));
                    outcome.doubtful.extend(doubtful);
                    if wanted.remove {
                        remove(cx, &*scope, old, &mut outcome, happens).await;
                    } else {
                        outcome.removable.extend(old);
                    }
                }
                Err(error) => {
                    outcome.unseen += 1;
                    happens(Event::Unseen(error.context(scope.name())));
                }
            }
        }
    }
    for all in [&mut outcome.removable, &mut outcome.doubtful] {
        // Two ways into the same account see the same things.
        let mut seen = HashSet::new();
        all.retain(|one| seen.insert((one.region.clone(), one.id.clone())));
    }
    outcome.unknown = wanted.named.iter().filter(|id| !known.contains(*id)).cloned().collect();
    Ok(Some(outcome))
}

async fn look(cx: &Context, kind: &Kind, scope: &dyn Scope, wanted: &Wanted) -> Result<Orphans> {
    let found = scope.find(&cx.for_driver()).await?;
    // A machine is in the store before anything is made for it: who looks there last misses none.
    let mut known = HashSet::new();
    for (place, state) in machines(cx, kind)? {
        let driver = (kind.load)(&place, state)?;
        known.extend(driver.leftovers().and_then(Leftovers::id).map(str::to_owned));
    }
    let claims = Claims { known, forgotten: cx.store.forgotten(), named: wanted.named.clone() };
    Ok(claims.orphans(found, wanted.young, clock::now()))
}

async fn remove(
    cx: &Context,
    scope: &dyn Scope,
    resources: Vec<Resource>,
    outcome: &mut Outcome,
    happens: &mut (dyn FnMut(Event<'_>) + Send),
) {
    let mut told = |resource: &Resource, removed: Result<()>| match removed {
        Ok(()) => {
            outcome.removed += 1;
            happens(Event::Removed(resource));
        }
        Err(error) => {
            outcome.left += 1;
            happens(Event::Left(resource, error));
        }
    };
    scope.remove(&cx.for_driver(), resources, &mut told).await;
}

/// Every machine of a driver in the store. A record that cannot be read may be anybody's.
fn machines(cx: &Context, kind: &Kind) -> Result<Vec<(MachinePlace, serde_json::Value)>> {
    let mut machines = Vec::new();
    for listed in cx.store.load_all(PathRepair::Apply)? {
        let (name, record) = listed.record.map_err(|error| {
            error.hint("without it gc cannot tell what belongs to this machine: repair or remove the record first")
        })?;
        if record.driver_name == kind.name {
            machines.push((place(&cx.store, &name), record.driver));
        }
    }
    Ok(machines)
}
