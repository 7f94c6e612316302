//! What can be done to machines that are there: each under its lock, and saved whatever comes of it.

use super::{Host, fleet, lifecycle, setup, upgrade};
use crate::context::Context;
use crate::error::Result;
use crate::interrupt::Interruption;
use crate::store::Name;

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

/// Loads all machines, then does `action` to each under its lock and saves its state.
///
/// # Errors
/// A machine cannot be loaded: nothing is done. An action failed, or was interrupted: the others go on.
pub async fn on_each(cx: &Context, names: &[Name], action: Action) -> Result<()> {
    fleet::load(cx, names)?;
    let machines = names.iter().map(|name| (name.to_string(), name.clone())).collect();
    fleet::work(cx, machines, move |cx, interruption, name| async move { one(&cx, &name, action, interruption).await })
        .await
}

/// Locks, loads again (another process may have changed it meanwhile), acts, saves.
async fn one(cx: &Context, name: &Name, action: Action, mut interruption: Interruption) -> Result<()> {
    let _lock = tokio::select! {
        lock = cx.store.lock(&cx.console, name) => lock?,
        interrupted = interruption.comes() => return Err(interrupted),
    };
    let mut host = Host::load(cx, name)?;
    let done = tokio::select! {
        done = action.run(cx, &mut host) => done,
        interrupted = interruption.comes() => Err(interrupted.hint("run the same command again to finish it")),
    };
    // What the driver has learned counts even if the rest failed: a new address, for one.
    let saved = host.save(cx).await;
    match (done, saved) {
        (Ok(()), saved) => saved,
        (Err(error), Ok(())) => Err(error),
        (Err(error), Err(unsaved)) => Err(error.hint(format!("its state could not be saved either: {unsaved}"))),
    }
}
