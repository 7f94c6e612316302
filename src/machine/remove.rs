//! Removing machines: the computer first, then the record.

use super::Host;
use crate::context::Context;
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

/// Removes one machine and says so.
///
/// # Errors
/// The computer could not be removed, or there is no such machine. With [`Force::Yes`] the record is gone all the same,
/// if there was one.
pub async fn remove(cx: &Context, name: &Name, force: Force) -> Result<()> {
    let removing = |error: Error| error.context(format!("Error removing host \"{name}\""));
    let _lock = match cx.store.exists(name) {
        true => Some(cx.store.lock(&cx.console, name).await.map_err(removing)?),
        false => None,
    };
    let removed = remove_computer(cx, name).await.map_err(removing);
    if let Err(error) = removed {
        if force == Force::No {
            return Err(error);
        }
        cx.console.error(&error);
    }
    if !cx.store.exists(name) {
        return Err(Error::new(Kind::Missing, format!("Can't remove \"{name}\"")));
    }
    cx.store.remove(name)?;
    cx.console.say(format!("Successfully removed {name}"));
    Ok(())
}

async fn remove_computer(cx: &Context, name: &Name) -> Result<()> {
    let mut host = Host::load(cx, name)?;
    host.driver.remove(cx).await.map_err(|mut error| {
        for trace in host.driver.traces() {
            error = error.hint(format!("may be left: {trace}"));
        }
        error
    })
}
