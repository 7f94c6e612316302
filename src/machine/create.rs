//! `create`: from a name and flags to a machine whose Docker answers, or to nothing at all.
//!
//! The machine's folder carries a mark until `create` has ended well. A `create` that was killed leaves the mark, and
//! the same command then goes on where it stopped.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::login::wait_for_state;
use super::order::Order;
use super::{Host, computer, fleet, setup};
use crate::certs::{self, CertPaths, Identity};
use crate::context::Context;
use crate::driver::{HostKind, Leftovers, State};
use crate::error::{Context as _, Error, Kind, Result};
use crate::interrupt::Interruption;
use crate::store::{Claim, Name, Record};

/// How long an interrupted `create` may take to remove what it made.
const INTERRUPTED: Duration = Duration::from_secs(30);
/// The same for one that failed: a security group is free only some time after its instance has ended.
const FAILED: Duration = Duration::from_secs(300);
/// Who passes Ctrl-C on to us, as shells and `timeout` do, may do so a moment after the terminal: that is no second one.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// How far a `create` got: decides what a failure may have left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Only the driver has done something.
    Computer,
    /// The host itself is being changed.
    Provisioning,
}

/// Makes machines, several at the same time.
///
/// # Errors
/// With the original's messages and prefixes. Whatever this process made and could undo has been undone by then;
/// otherwise the record stays, and the hints say how to go on and how to remove it. What was there before stays too.
/// When one of several fails, the others stay.
pub async fn create(cx: &Context, orders: Vec<Order>) -> Result<()> {
    let mut names = HashSet::new();
    if let Some(twice) = orders.iter().find(|order| !names.insert(&order.name)) {
        return Err(Error::msg(format!("the name \"{}\" is given twice", twice.name)));
    }
    if orders.len() > 1 {
        // Before any of them is begun.
        orders.iter().try_for_each(|order| cx.store.check_free(&order.name))?;
    }
    let machines = orders.into_iter().map(|order| (order.name.to_string(), order)).collect();
    fleet::work(cx, machines, |cx, interruption, order| async move { one(&cx, order, interruption).await }).await
}

pub(super) async fn one(cx: &Context, order: Order, mut interruption: Interruption) -> Result<()> {
    let name = order.name.clone();
    let (mut host, claim) = tokio::select! {
        begun = begin(cx, order) => begun.map_err(|error| not_begun(cx, &name, error))?,
        interrupted = interruption.comes() => {
            return Err(not_begun(cx, &name, interrupted.hint("this command had not created anything yet")));
        }
    };
    let mut stage = Stage::Computer;
    let result = tokio::select! {
        result = build(cx, &mut host, &mut stage) => result,
        interrupted = interruption.comes() => Err(interrupted),
    };
    match result {
        Ok(()) => finish(cx, &mut host, claim).await,
        Err(error) => Err(undo(cx, &mut host, stage, claim, error, &mut interruption).await),
    }
}

/// A failure before anything was made or changed; what an earlier `create` made is still there.
fn not_begun(cx: &Context, name: &Name, error: Error) -> Error {
    match cx.store.creating(name) {
        Some(_) if error.kind() != Kind::Exists => error
            .hint(format!("what an earlier `create` made for \"{name}\" is kept, and the same command goes on with it"))
            .hint(format!("`docker-machine rm {name}` removes it; then the name is free again")),
        _ => error,
    }
}

/// Everything before the first thing is made: the flags, the name, the checks, and at last the record.
async fn begin(cx: &Context, order: Order) -> Result<(Host, Claim)> {
    let Order { name, mut driver, values, options } = order;
    cx.store.check_free(&name)?;
    driver
        .configure(&cx.for_driver(), &values)
        .await
        .context("Error setting machine configuration from flags provided")?;
    let claim = cx.store.claim(&cx.console, &name)?;
    let paths = CertPaths::for_create(&cx.store, &cx.globals);
    certs::ensure(&cx.console, &cx.store, &paths, &Identity::from_env(&cx.env)?).await?;

    if let Some(earlier) = claim.resumed() {
        cx.console.say(format!("An earlier creation of \"{name}\" was interrupted; resuming it."));
        driver.resume(&cx.for_driver(), earlier.driver.clone()).await?;
    }
    cx.console.say("Running pre-create checks...");
    driver.check(&cx.for_driver()).await.map_err(pre_create)?;

    let state = driver.save().await?;
    let record = Record::new(&name, driver.name(), state, options);
    // Nothing waits from here on: who is interrupted now has begun, and takes it back.
    claim.begin(&record)?;
    Ok((Host { name, record, driver }, claim))
}

/// The computer, then Docker on it.
async fn build(cx: &Context, host: &mut Host, stage: &mut Stage) -> Result<()> {
    computer::make(cx, host).await?;
    if host.driver.host_kind() == HostKind::EngineOnly {
        return Ok(());
    }
    {
        let _progress = cx.console.progress("Waiting for machine to be running, this may take a few minutes...");
        wait_for_state(cx, host, State::Running).await.context("Error waiting for machine to be running")?;
    }
    cx.console.say("Detecting operating system of created instance...");
    let found = setup::detect(cx, host).await.context("Error detecting OS")?;
    *stage = Stage::Provisioning;
    setup::provision_new(cx, host, found).await
}

async fn finish(cx: &Context, host: &mut Host, claim: Claim) -> Result<()> {
    host.save(cx).await?;
    claim.finish()?;
    let (program, name) = (cx.env.program(), &host.name);
    cx.console.say(format!(
        "To see how to connect your Docker Client to the Docker Engine running on this virtual machine, run: \
         {program} env {name}"
    ));
    Ok(())
}

/// Takes back what this process made, or says what remains. What was there before it began remains in any case.
async fn undo(
    cx: &Context,
    host: &mut Host,
    stage: Stage,
    claim: Claim,
    error: Error,
    interruption: &mut Interruption,
) -> Error {
    let name = host.name.clone();
    let kind = error.kind();
    let error = if kind == Kind::Interrupted { error } else { error.context("Error creating machine") };
    // A host that exists anyway is only forgotten before it was touched. A computer of ours goes when the user says so;
    // when provisioning fails on it, it is kept for `provision`.
    let unwanted = kind == Kind::Interrupted || host.driver.leftovers().is_some_and(Leftovers::is_removed_on_failure);
    let takes_back = stage == Stage::Computer || (unwanted && host.driver.host_kind() == HostKind::Created);
    if takes_back {
        if kind == Kind::Interrupted && claim.resumed().is_none() {
            cx.console.say("Removing what was made...");
        }
        match undone_in_time(cx, host, kind, interruption).await {
            Ok(()) if claim.resumed().is_some() => {
                _ = host.save(cx).await;
                return kept_as_before(host, error);
            }
            Ok(()) => {
                let removed = cx.store.remove(&name);
                drop(claim);
                return match removed {
                    Ok(()) => error
                        .without_hints_about(&cx.store.folder(&name))
                        .hint("nothing was left behind: you can run the same command again"),
                    Err(left) => error
                        .hint(format!("the record of \"{name}\" could not be removed: {left}"))
                        .hint(format!("run `docker-machine rm {name}` when that is mended")),
                };
            }
            Err(left) => {
                _ = host.save(cx).await;
                let kind = if left.kind() == Kind::Interrupted { left.kind() } else { kind };
                let mut error =
                    error.with_kind(kind).hint(format!("something that was created could not be removed: {left}"));
                for trace in host.traces() {
                    error = error.hint(format!("left: {trace}"));
                }
                return error.hint(format!("run `docker-machine rm {name}` to try again"));
            }
        }
    }
    _ = host.save(cx).await;
    error
        .hint(format!("the machine is kept: `docker-machine provision {name}` continues where this stopped"))
        .hint("or run the same `create` again, with other options if needed")
        .hint(format!("`docker-machine rm {name}` removes it; then the name is free again"))
}

/// What an earlier process made is there as it was; how to go on with it.
fn kept_as_before(host: &Host, mut error: Error) -> Error {
    let name = &host.name;
    if error.kind() == Kind::Gone {
        return error.hint(format!(
            "the record of \"{name}\" is kept: `docker-machine rm {name}` removes it and what else there is; then the \
             same `create` makes a new machine"
        ));
    }
    for trace in host.traces() {
        error = error.hint(format!("kept: {trace}"));
    }
    error
        .hint(format!("`docker-machine provision {name}` or the same `create` goes on with what an earlier one made"))
        .hint(format!("`docker-machine rm {name}` removes it; then the name is free again"))
}

/// Whoever interrupts does not want to wait for ever, and who does it once more does not want to wait at all.
async fn undone_in_time(cx: &Context, host: &mut Host, kind: Kind, interruption: &mut Interruption) -> Result<()> {
    let limit = if kind == Kind::Interrupted { INTERRUPTED } else { FAILED };
    let driver_cx = cx.for_driver();
    tokio::select! {
        undone = tokio::time::timeout(limit, host.driver.undo(&driver_cx)) => {
            undone.unwrap_or_else(|_| Err(Error::msg(format!("it took longer than {} s", limit.as_secs()))))
        }
        () = comes_again(interruption, kind) => Err(Error::new(Kind::Interrupted, "the removal was interrupted")),
    }
}

/// Resolves at an interruption after a failure of this kind, which may be the first one.
async fn comes_again(interruption: &mut Interruption, kind: Kind) {
    let first = Instant::now();
    loop {
        interruption.comes().await;
        if kind != Kind::Interrupted || first.elapsed() >= SAME_SIGNAL {
            return;
        }
    }
}

/// The check's message in quotes, as the original prints it, and exit status 3.
fn pre_create(error: Error) -> Error {
    let message = format!("Error with pre-create check: {:?}", error.message());
    error.with_kind(Kind::PreCreate).with_message(message)
}
