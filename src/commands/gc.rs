//! `gc`: find, and remove, what was made for machines that are no longer here.

use std::collections::HashSet;
use std::time::Duration;

use crate::clock;
use crate::context::Context;
use crate::driver::{Resource, registry};
use crate::error::{Error, Result};
use crate::machine::gc::{self, Event, Outcome, Wanted};
use crate::table;

/// List, or remove, what was made for machines that this store no longer has
///
/// Looks in the regions of the machines in the store, in the configured one, and in those that are named. Only what
/// carries this store's tag is looked at, and nothing is removed without --yes. With it, what `rm -f` left behind is
/// removed, and security groups that nothing uses. Everything else is only listed, because another store may use it: a
/// machine's folder may have been moved there, or this store copied. To remove it, name its ID: all that was made for
/// its machine goes with it.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Remove what is listed
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Also what was made within the last hour
    #[arg(long)]
    pub young: bool,
    /// One more region to look in
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
    /// Only what was made for the machines that these ids, as listed, belong to
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
}

/// Lists or removes.
///
/// # Errors
/// As [`gc::run`]; something is left, was named and is nowhere, or could not be looked for.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let kinds: Vec<_> = registry::collecting().collect();
    if kinds.is_empty() {
        cx.console.say("No driver of this build makes anything that could be left behind.");
        return Ok(());
    }
    let wanted = Wanted { remove: args.yes, young: args.young, regions: args.regions, named: args.ids };
    let mut happens = |event: Event<'_>| match event {
        Event::Unseen(error) => cx.console.error(&error),
        Event::Removed(resource) => cx.console.line(format!("Removed {resource}")),
        Event::Left(resource, error) => cx.console.error(&error.context(format_args!("{resource} is left"))),
    };
    let Some(outcome) = gc::run(cx, &kinds, &wanted, &mut happens).await? else {
        cx.console.say("Nothing was ever made from this store.");
        return Ok(());
    };
    list(cx, &outcome.removable);
    list(cx, &outcome.doubtful);
    if !outcome.doubtful.is_empty() {
        let command = naming(&outcome.doubtful, &wanted.regions);
        cx.console.say(format!(
            "This store has no record of these, but another may: a machine's folder may have been moved, or the store \
             copied.\nIf nobody uses them, `{command}` removes them, with all that was made for the same machine."
        ));
    }
    conclude(cx, &wanted, &outcome)
}

/// Prints a table.
fn list(cx: &Context, resources: &[Resource]) {
    if resources.is_empty() {
        return;
    }
    let (mut rows, now) = (vec![["KIND", "ID", "REGION", "MACHINE", "AGE"].map(str::to_owned).to_vec()], clock::now());
    rows.extend(resources.iter().map(|one| {
        let age = one.age(now).map_or_else(|| "-".to_owned(), age);
        vec![one.kind.to_owned(), one.id.clone(), one.region.clone(), one.name.clone(), age]
    }));
    cx.console.data(&table::columns(&rows));
}

/// The command that removes what may be in use: ready to be typed when all of it was made for one machine.
fn naming(doubtful: &[Resource], regions: &[String]) -> String {
    let regions: String = regions.iter().map(|region| format!("--region {region} ")).collect();
    let machines: HashSet<&str> = doubtful.iter().map(|one| one.machine.as_str()).collect();
    let id = match doubtful {
        [first, ..] if machines.len() == 1 => &first.id,
        _ => "ID...",
    };
    format!("docker-machine gc --yes {regions}{id}")
}

/// `3 hours`.
fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    plural(usize::try_from(count).unwrap_or(usize::MAX), unit)
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// What all of it means, in a sentence or two.
fn conclude(cx: &Context, wanted: &Wanted, outcome: &Outcome) -> Result<()> {
    let Outcome { young, left, unseen, ref unknown, .. } = *outcome;
    let found = outcome.removable.len() + outcome.removed + left;
    let is_clean = young == 0 && unseen == 0 && outcome.doubtful.is_empty();
    match (found, wanted.remove) {
        (0, _) if !wanted.named.is_empty() => {}
        (0, _) if is_clean => cx.console.say("Nothing is left of machines that are gone."),
        (1.., false) => cx.console.say("Nothing was removed: the same command with --yes removes these."),
        _ => {}
    }
    if young > 0 {
        let more = if found > 0 { " more" } else { "" };
        let (what, are) = (plural(young, "thing"), if young == 1 { "is" } else { "are" });
        cx.console.say(format!(
            "{what}{more} of machines that are gone {are} younger than an hour: left alone without --young."
        ));
    }
    match (left, unseen) {
        (0, 0) if unknown.is_empty() => Ok(()),
        (0, 0) => Err(Error::msg(format!("nothing of a machine that is gone has the id {}", unknown.join(" or ")))
            .hint("`docker-machine gc --young` lists what there is")),
        (0, _) => Err(Error::msg("not every account and region could be looked into")),
        (_, _) => Err(Error::msg(format!("{left} of {found} could not be removed"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (seconds, words) in
            [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (7_200, "2 hours"), (200_000, "2 days")]
        {
            assert_eq!(age(Duration::from_secs(seconds)), words);
        }
    }
}
