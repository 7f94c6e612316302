//! Removing machines: the computer first, then the record.

use super::Host;
use crate::context::Context;
use crate::driver::Leftovers;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interruption;
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

/// The error of a machine that was not removed. `name` is as it was typed.
pub fn failed(name: &str, error: Error) -> Error {
    error.context(format!("Error removing host \"{name}\""))
}

/// Removes one machine.
pub async fn remove(cx: &Context, name: &Name, force: Force, mut interruption: Interruption) -> Removal {
    let _lock = if cx.store.exists(name) {
        let locked = tokio::select! {
            locked = cx.store.lock(&cx.console, name) => locked,
            interrupted = interruption.comes() => Err(interrupted),
        };
        match locked {
            Ok(lock) => Some(lock),
            Err(error) => return Removal { left: None, forgotten: Err(failed(name.as_str(), error)) },
        }
    } else {
        None
    };
    let Err(left) = remove_computer(cx, name, &mut interruption).await else {
        return Removal { left: None, forgotten: forget(cx, name) };
    };
    // Who interrupts wants it to stop here.
    if force == Force::No || left.error.kind() == Kind::Interrupted {
        let told = |error: Error, trace: &String| error.hint(format!("may be left: {trace}"));
        let error = left.traces.iter().fold(failed(name.as_str(), left.error), told);
        return Removal { left: None, forgotten: Err(error) };
    }
    // It is what was typed.
    let error = left.error.without_hints_to_force();
    let left = Left { error: failed(name.as_str(), error), ..left };
    // What is left of it is nobody's from now on.
    let given_up = left.id.iter().try_for_each(|id| cx.store.note_forgotten(id));
    Removal { left: Some(left), forgotten: given_up.and_then(|()| forget(cx, name)) }
}

fn forget(cx: &Context, name: &Name) -> Result<()> {
    if !cx.store.exists(name) {
        return Err(Error::new(Kind::Missing, format!("Can't remove \"{name}\"")));
    }
    cx.store.remove(name)
}

async fn remove_computer(cx: &Context, name: &Name, interruption: &mut Interruption) -> Result<(), Left> {
    let mut host = Host::load(cx, name).map_err(|error| Left { error, traces: Vec::new(), id: None })?;
    let _progress = cx.console.busy(&format!("Removing {name}..."));
    let driver_cx = cx.for_driver();
    let removed = tokio::select! {
        removed = host.driver.remove(&driver_cx) => removed,
        interrupted = interruption.comes() => {
            Err(interrupted.hint(format!("`docker-machine rm {name}` removes the rest")))
        }
    };
    let Err(error) = removed else { return Ok(()) };
    // What the driver has learned; a record that cannot be written does not make it worse.
    _ = host.save(cx).await;
    let id = host.driver.leftovers().and_then(Leftovers::id).map(str::to_owned);
    Err(Left { error, traces: host.traces(), id })
}
