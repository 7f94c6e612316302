//! One action on several machines at the same time, each with its own result.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Host, lifecycle, setup, upgrade};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::store::Name;

/// How many machines are worked on at once: enough for a fleet, few enough for one network.
const AT_ONCE: usize = 16;

/// What can be done to several machines with one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Switch on.
    Start,
    /// Shut down.
    Stop,
    /// Switch off.
    Kill,
    /// Restart the operating system.
    Restart,
    /// Bring Docker and its configuration to the wanted state.
    Provision,
    /// New server certificates.
    RegenerateCerts,
    /// The newest engine packages.
    Upgrade,
}

impl Action {
    async fn run(self, cx: &Context, host: &mut Host) -> Result<()> {
        match self {
            Self::Start => lifecycle::start(cx, host).await,
            Self::Stop => lifecycle::stop(cx, host).await,
            Self::Kill => lifecycle::kill(cx, host).await,
            Self::Restart => lifecycle::restart(cx, host).await,
            Self::Provision => setup::provision(cx, host).await,
            Self::RegenerateCerts => setup::regenerate_certs(cx, host).await,
            Self::Upgrade => upgrade::upgrade(cx, host).await,
        }
    }
}

/// Loads all machines, then runs `action` on each under its lock and saves each that succeeded.
///
/// # Errors
/// A machine cannot be loaded: all such errors are shown and nothing is done. An action failed: its error is shown
/// as soon as it happens, the others go on, and the returned error has no message of its own.
pub async fn on_each(cx: &Context, names: &[Name], action: Action) -> Result<()> {
    load_all(cx, names)?;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for name in names {
        let (mut cx, name) = (cx.clone(), name.clone());
        let (is_alone, places) = (names.len() == 1, Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire_owned().await.expect("the semaphore is never closed");
            let plain = cx.console.clone();
            if !is_alone {
                cx.console = cx.console.for_one_of_several(name.as_str());
            }
            let result = one(&cx, &name, action).await;
            let told = |error: &Error| match error.message().contains(name.as_str()) {
                // As the original prints it, which scripts know.
                true => plain.error(error),
                false => cx.console.error(error),
            };
            result.inspect(|()| cx.console.finished()).inspect_err(told).is_ok()
        });
    }
    let mut all_done = true;
    while let Some(ended) = running.join_next().await {
        all_done &= ended.map_err(|panic| Error::msg(format!("a task ended in a panic: {panic}")))?;
    }
    if all_done { Ok(()) } else { Err(Error::msg("")) }
}

/// Locks, loads again (another process may have changed it meanwhile), acts, saves.
async fn one(cx: &Context, name: &Name, action: Action) -> Result<()> {
    let _lock = cx.store.lock(&cx.console, name).await?;
    let mut host = Host::load(cx, name)?;
    action.run(cx, &mut host).await?;
    host.save(cx).await
}

fn load_all(cx: &Context, names: &[Name]) -> Result<()> {
    let mut failed = false;
    for name in names {
        if let Err(error) = Host::load(cx, name) {
            cx.console.error(&error);
            failed = true;
        }
    }
    if failed { Err(Error::msg("")) } else { Ok(()) }
}
