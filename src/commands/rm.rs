//! `rm`: remove machines.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Error, Result};
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

/// How many machines are removed at once.
const AT_ONCE: usize = 16;

/// Asks, then removes the machines, several at the same time, and tells of each in the order of the names.
///
/// # Errors
/// A machine could not be removed: all errors are shown at the end. With `--force` they are shown at once, and the
/// command succeeds.
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
    let (mut errors, mut left) = (Vec::new(), Vec::new());
    let mut removals = begin(cx, &args.names, force);
    for text in &args.names {
        // A name that is given again is gone by now.
        let removal = match removals.remove(text) {
            Some(task) => task.await.map_err(|panic| Error::msg(format!("a task ended in a panic: {panic}")))?,
            None => one(cx, text, force).await,
        };
        if let Some(removed) = removal.left {
            cx.console.error(&removed.error);
            if !removed.traces.is_empty() {
                left.push(format!("\"{text}\" may have left: {}", removed.traces.join(", ")));
            }
        }
        match removal.forgotten {
            Ok(()) => cx.console.say(format!("Successfully removed {text}")),
            Err(error) => errors.push(error),
        }
    }
    for error in &errors {
        cx.console.error(error);
    }
    // The last words, for nothing here knows of it any more.
    for trace in left {
        cx.console.warn(trace);
    }
    if errors.is_empty() || args.force { Ok(()) } else { Err(Error::msg("")) }
}

/// A task for each name.
fn begin(cx: &Context, names: &[String], force: Force) -> HashMap<String, JoinHandle<Removal>> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let names: HashSet<&String> = names.iter().collect();
    let begin = |text: &String| {
        let (cx, places, name) = (cx.clone(), Arc::clone(&places), text.clone());
        let task = tokio::spawn(async move {
            let _place = places.acquire_owned().await.expect("the semaphore is never closed");
            one(&cx, &name, force).await
        });
        (text.clone(), task)
    };
    names.into_iter().map(begin).collect()
}

/// A name that could be no machine's is refused before any path is built from it.
async fn one(cx: &Context, text: &str, force: Force) -> Removal {
    match targets::valid(text) {
        Ok(name) => remove::remove(cx, &name, force).await,
        Err(error) => Removal { left: None, forgotten: Err(error.context(format!("Error removing host \"{text}\""))) },
    }
}

/// Anything but yes, the end of input too, removes nothing; that is no error.
fn confirmed(cx: &Context) -> Result<bool> {
    let answer = cx.console.ask("Are you sure? (y/n): ")?.unwrap_or_default();
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}
