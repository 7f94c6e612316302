//! Removing machines: the computer first, then the record.

use super::Host;
use crate::context::Context;
use crate::driver::Leftovers;
use crate::error::{Error, Kind, Result};
use crate::store::Name;

/// Whether the record goes even if the computer could not be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// The record stays as long as something may be left.
    No,
    /// The record goes whatever happens.
    Yes,
}

/// What became of a machine that was to be removed.
#[derive(Debug)]
pub struct Removal {
    /// Why its computer could not be removed, although the machine was to be forgotten all the same ([`Force::Yes`]).
    pub left: Option<Left>,
    /// Whether its record is gone.
    pub forgotten: Result<()>,
}

/// What may be left of a computer whose machine is forgotten.
#[derive(Debug)]
pub struct Left {
    /// Why it could not be removed.
    pub error: Error,
    /// Its ids, with their kind and place.
    pub traces: Vec<String>,
    /// What all of it carries, if the driver marks what it makes.
    pub id: Option<String>,
}

/// Removes one machine.
pub async fn remove(cx: &Context, name: &Name, force: Force) -> Removal {
    let removing = |error: Error| error.context(format!("Error removing host \"{name}\""));
    let _lock = match cx.store.exists(name) {
        true => match cx.store.lock(&cx.console, name).await {
            Ok(lock) => Some(lock),
            Err(error) => return Removal { left: None, forgotten: Err(removing(error)) },
        },
        false => None,
    };
    match (remove_computer(cx, name).await, force) {
        (Ok(()), _) => Removal { left: None, forgotten: forget(cx, name) },
        (Err(left), Force::No) => {
            let told = |error: Error, trace: &String| error.hint(format!("may be left: {trace}"));
            let error = left.traces.iter().fold(removing(left.error), told);
            Removal { left: None, forgotten: Err(error) }
        }
        (Err(left), Force::Yes) => {
            let left = Left { error: removing(left.error), ..left };
            // What is left of it is nobody's from now on.
            let given_up = left.id.iter().try_for_each(|id| cx.store.note_forgotten(id));
            Removal { left: Some(left), forgotten: given_up.and_then(|()| forget(cx, name)) }
        }
    }
}

fn forget(cx: &Context, name: &Name) -> Result<()> {
    match cx.store.exists(name) {
        true => cx.store.remove(name),
        false => Err(Error::new(Kind::Missing, format!("Can't remove \"{name}\""))),
    }
}

async fn remove_computer(cx: &Context, name: &Name) -> Result<(), Left> {
    let mut host = Host::load(cx, name).map_err(|error| Left { error, traces: Vec::new(), id: None })?;
    let _progress = cx.console.busy(&format!("Removing {name}..."));
    let removed = host.driver.remove(&cx.for_driver()).await;
    removed.map_err(|error| {
        let id = host.driver.leftovers().and_then(Leftovers::id).map(str::to_owned);
        Left { error, traces: host.traces(), id }
    })
}
