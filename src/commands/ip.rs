//! `ip`: print the address of machines.

use tokio::task::JoinSet;

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::machine::Host;
use crate::store::Name;

/// Print the address of machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Asks all drivers at once and prints in the order of the names.
///
/// # Errors
/// A machine cannot be loaded: nothing is printed. A driver cannot tell: the other addresses are printed.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let hosts = load(cx, &targets::several(&cx.store, &args.names)?)?;
    let mut tasks = JoinSet::new();
    for (place, host) in hosts.into_iter().enumerate() {
        let cx = cx.clone();
        tasks.spawn(async move { (place, host.driver.ip(&cx.for_driver()).await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    let mut failed = Vec::new();
    for (_, answer) in answers {
        match answer.context("Error getting IP address") {
            Ok(address) => cx.console.line(address),
            Err(error) => failed.push(error),
        }
    }
    all(failed)
}

fn load(cx: &Context, names: &[Name]) -> Result<Vec<Host>> {
    let (mut hosts, mut failed) = (Vec::new(), Vec::new());
    for name in names {
        match Host::load(cx, name) {
            Ok(host) => hosts.push(host),
            Err(error) => failed.push(error),
        }
    }
    all(failed)?;
    Ok(hosts)
}

/// One error with a line for each.
fn all(errors: Vec<Error>) -> Result<()> {
    let mut errors = errors.into_iter();
    let Some(first) = errors.next() else { return Ok(()) };
    Err(errors.fold(first, |all, next| {
        let both = Error::new(all.kind(), format!("{}\n{}", all.message(), next.message()));
        all.hints().iter().chain(next.hints()).fold(both, |error, hint| error.hint(hint.as_str()))
    }))
}
