//! `rm`: remove machines.

use crate::cli::targets;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::remove::{self, Force};

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

/// Asks, then removes the machines one after the other.
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
    let mut errors = Vec::new();
    for text in &args.names {
        if let Err(error) = one(cx, text, force).await {
            errors.push(error);
        }
    }
    for error in &errors {
        cx.console.error(error);
    }
    if errors.is_empty() || args.force { Ok(()) } else { Err(Error::msg("")) }
}

/// A name that could be no machine's is refused before any path is built from it.
async fn one(cx: &Context, text: &str, force: Force) -> Result<()> {
    match targets::valid(text) {
        Ok(name) => remove::remove(cx, &name, force).await,
        Err(error) => Err(error.context(format!("Error removing host \"{text}\""))),
    }
}

/// Anything but yes, the end of input too, removes nothing; that is no error.
fn confirmed(cx: &Context) -> Result<bool> {
    let answer = cx.console.ask("Are you sure? (y/n): ")?.unwrap_or_default();
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}
