//! `rm`: remove machines.

use std::collections::HashSet;

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interrupt::Interruption;
use crate::machine::fleet::{self, Summary};
use crate::machine::remove::{self, Force, Removal};

/// Remove machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Forget the machine here even if it cannot be removed there; asks nothing
    #[arg(long, short)]
    pub force: bool,
    /// Answer yes to the question
    #[arg(short = 'y')]
    pub yes: bool,
    /// The machines.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Asks, then removes the machines, several at the same time, and tells of each in the order of the names.
///
/// # Errors
/// A machine could not be removed: of several machines all errors are shown at the end. With `--force` they are shown, and
/// the command succeeds unless it was interrupted.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if args.names.is_empty() {
        return Err(Error::usage("Error: Expected to get one or more machine names as arguments"));
    }
    cx.console.say(format!("About to remove {}", args.names.join(", ")));
    cx.console.say("WARNING: This action will delete both local reference and remote instance.");
    if !args.force && !args.yes && !confirmed(cx)? {
        return Ok(());
    }
    let force = if args.force { Force::Yes } else { Force::No };
    let outcome = all(cx, &args.names, force).await;
    conclude(cx, outcome, force)
}

/// What became of all machines.
#[derive(Default)]
struct Outcome {
    summary: Summary,
    errors: Vec<Error>,
    /// What may be left of machines that are forgotten.
    left: Vec<String>,
}

/// Removes them, and tells of each in the order of the names.
async fn all(cx: &Context, names: &[String], force: Force) -> Outcome {
    let mut outcome = Outcome::default();
    let mut once = HashSet::new();
    let machines = names.iter().filter(|name| once.insert(*name)).map(|name| (name.clone(), name.clone())).collect();
    let interruption = Interruption::listen();
    let mut removals = fleet::start(cx, &interruption, machines, move |cx, interruption, name: String| async move {
        Ok(one(&cx, &name, force, interruption).await)
    });
    let mut told = HashSet::new();
    for name in names {
        let removal = if told.insert(name) {
            let (_, removal) = removals.next().await.expect("there is a job for each name");
            removal.unwrap_or_else(|error| Removal { left: None, forgotten: Err(remove::failed(name, error)) })
        } else {
            // It is gone by now.
            one(cx, name, force, interruption.clone()).await
        };
        if let Some(removed) = removal.left {
            cx.console.error(&removed.error);
            if !removed.traces.is_empty() {
                outcome.left.push(format!("\"{name}\" may have left: {}", removed.traces.join(", ")));
            }
        }
        outcome.summary.add(name, removal.forgotten.as_ref().err());
        match removal.forgotten {
            Ok(()) => cx.console.say(format!("Successfully removed {name}")),
            Err(error) => outcome.errors.push(error),
        }
    }
    outcome
}

fn conclude(cx: &Context, outcome: Outcome, force: Force) -> Result<()> {
    let Outcome { summary, mut errors, left } = outcome;
    let fails = force == Force::No || summary.is_interrupted();
    // The error of a single machine is the command's.
    let single = if fails && summary.machines() == 1 { errors.pop() } else { None };
    for error in &errors {
        cx.console.error(error);
    }
    // The last words, for nothing here knows of it any more.
    for trace in left {
        cx.console.warn(trace);
    }
    match single {
        Some(error) => Err(error),
        None if fails => summary.conclude(),
        None => Ok(()),
    }
}

/// A name that could be no machine's is refused before any path is built from it.
async fn one(cx: &Context, text: &str, force: Force, interruption: Interruption) -> Removal {
    match targets::valid(text) {
        Ok(name) => remove::remove(cx, &name, force, interruption).await,
        Err(error) => Removal { left: None, forgotten: Err(remove::failed(text, error)) },
    }
}

/// Anything but yes, the end of input too, removes nothing; that is no error.
fn confirmed(cx: &Context) -> Result<bool> {
    let answer = cx.console.ask("Are you sure? (y/n): ")?.unwrap_or_default();
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}
