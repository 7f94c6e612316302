//! What was made for machines that are no longer in the store: listed, and removed on demand.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::place;
use crate::context::Context;
use crate::driver::amazonec2::{Amazonec2, Claims, Orphan, OrphanKind, Orphans, Sweep};
use crate::error::{Error, Result};
use crate::store::{Ids, Name};
use crate::table;

/// What to do with what is found.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Remove it; otherwise it is only listed.
    pub remove: bool,
    /// Also what was made within the last hour.
    pub young: bool,
    /// Further regions to look in.
    pub regions: Vec<String>,
    /// Ids of what is not in use by another store, as the user knows.
    pub named: Vec<String>,
}

/// What happened so far.
#[derive(Debug, Default)]
struct Outcome {
    found: usize,
    young: usize,
    left: usize,
    /// Accounts or regions that could not be looked into.
    unseen: usize,
    /// What was named and is there.
    known: HashSet<String>,
}

/// Lists, and removes if it is wanted.
///
/// # Errors
/// A machine's record cannot be read, so that nobody knows what belongs to it; EC2 refuses; something is left.
pub async fn run(cx: &Context, wanted: &Wanted) -> Result<()> {
    let store = cx.store.ids();
    if store == Ids::default() {
        cx.console.say("Nothing was ever made from this store.");
        return Ok(());
    }
    let mut outcome = Outcome::default();
    let (mut listed, mut doubtful) = (Vec::new(), Vec::new());
    let machines = machines(cx)?;
    for error in out_of_sight(cx, &machines).await {
        outcome.unseen += 1;
        cx.console.error(&error);
    }
    for driver in places(cx, machines, &wanted.regions).await? {
        let region = driver.region().to_owned();
        match look(cx, &driver, &store, wanted).await {
            Ok((sweep, orphans)) => {
                outcome.young += orphans.young;
                let found = orphans.old.iter().flat_map(|one| [&one.id, &one.machine]);
                outcome.known.extend(found.filter(|id| wanted.named.contains(id)).cloned());
                doubtful.extend(orphans.doubtful);
                if wanted.remove {
                    remove(cx, &sweep, orphans.old, &mut outcome).await;
                } else {
                    listed.extend(orphans.old);
                }
            }
            Err(error) => {
                outcome.unseen += 1;
                cx.console.error(&error.context(format_args!("region {region}")));
            }
        }
    }
    outcome.found += list(cx, listed);
    let command = naming(&doubtful, &wanted.regions);
    let doubts = list(cx, doubtful) > 0;
    if doubts {
        cx.console.say(format!(
            "This store has no record of these, but another may: a machine's folder may have been moved, or the store \
             copied.\nIf nobody uses them, `{command}` removes them, with all that was made for the same machine."
        ));
    }
    conclude(cx, wanted, &outcome, doubts)
}

/// The command that removes what may be in use: ready to be typed when all of it was made for one machine.
fn naming(doubtful: &[Orphan], regions: &[String]) -> String {
    let regions: String = regions.iter().map(|region| format!("--region {region} ")).collect();
    let machines: HashSet<&str> = doubtful.iter().map(|one| one.machine.as_str()).collect();
    let id = match doubtful {
        [first, ..] if machines.len() == 1 => &first.id,
        _ => "ID...",
    };
    format!("docker-machine gc --yes {regions}{id}")
}

/// Why the places where machines of the store were made cannot be looked into with the credentials of any of them: one
/// reason for each.
async fn out_of_sight(cx: &Context, machines: &[Amazonec2]) -> Vec<Error> {
    let (mut seen, mut astray) = (HashSet::new(), BTreeMap::new());
    for machine in machines {
        match machine.astray(&cx.for_driver()).await {
            Some(error) => _ = astray.entry(machine.birthplace()).or_insert(error),
            None => _ = seen.insert(machine.birthplace()),
        }
    }
    astray.retain(|birthplace, _| !seen.contains(birthplace));
    astray.into_values().map(|error| error.context("cannot look where machines of this store were made")).collect()
}

async fn look(cx: &Context, driver: &Amazonec2, store: &Ids, wanted: &Wanted) -> Result<(Sweep, Orphans)> {
    let sweep = Sweep::of(&cx.for_driver(), driver, store).await?;
    let tagged = sweep.tagged().await?;
    // A machine is in the store before anything is made for it: who looks there last misses none.
    let known = machines(cx)?.iter().map(|machine| machine.id().to_owned()).collect();
    let claims = Claims { known, forgotten: cx.store.forgotten(), named: wanted.named.clone() };
    Ok((sweep, tagged.of_nobody(claims, wanted.young)))
}

/// Prints a table; how many rows.
fn list(cx: &Context, mut orphans: Vec<Orphan>) -> usize {
    // Two ways into the same account see the same things.
    let mut seen = HashSet::new();
    orphans.retain(|one| seen.insert((one.region.clone(), one.id.clone())));
    if orphans.is_empty() {
        return 0;
    }
    let mut rows = vec![["KIND", "ID", "REGION", "MACHINE", "AGE"].map(str::to_owned).to_vec()];
    rows.extend(orphans.iter().map(|one| {
        let age = one.age().map_or_else(|| "-".to_owned(), age);
        vec![one.kind.to_string(), one.id.clone(), one.region.clone(), one.name.clone(), age]
    }));
    cx.console.data(&table::columns(&rows));
    orphans.len()
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

/// Removes everything, in an order that works; what cannot be removed is said, and what hangs on it is left.
async fn remove(cx: &Context, sweep: &Sweep, orphans: Vec<Orphan>, outcome: &mut Outcome) {
    let (first, mut rest): (Vec<_>, Vec<_>) = orphans.into_iter().partition(|one| one.kind <= OrphanKind::Instance);
    let mut gone = Vec::new();
    let mut stuck = HashSet::new();
    for orphan in &first {
        if !removed(cx, sweep, orphan, &gone, outcome).await {
            stuck.insert(orphan.machine.clone());
        } else if orphan.kind == OrphanKind::Instance {
            gone.push(orphan.id.clone());
        }
    }
    if !gone.is_empty() {
        let _progress = cx.console.progress(format!("Waiting for {} to end...", plural(gone.len(), "instance")));
        match sweep.after_end(&gone, &first.iter().map(|one| one.machine.as_str()).collect()).await {
            Ok(volumes) => {
                rest.retain(|one| one.kind != OrphanKind::Volume || volumes.iter().all(|volume| volume.id != one.id));
                rest.extend(volumes);
                rest.sort_by_key(|one| one.kind);
            }
            Err(error) => cx.console.error(&error),
        }
    }
    for orphan in rest {
        if stuck.contains(&orphan.machine) {
            outcome.found += 1;
            outcome.left += 1;
            cx.console.error(&Error::msg(format!("{orphan} is left: its instance is still there")));
        } else {
            removed(cx, sweep, &orphan, &gone, outcome).await;
        }
    }
}

async fn removed(cx: &Context, sweep: &Sweep, orphan: &Orphan, gone: &[String], outcome: &mut Outcome) -> bool {
    outcome.found += 1;
    match sweep.remove(&cx.for_driver(), orphan, gone).await {
        Ok(()) => {
            cx.console.line(format!("Removed {orphan}"));
            true
        }
        Err(error) => {
            outcome.left += 1;
            cx.console.error(&error.context(format_args!("{orphan} is left")));
            false
        }
    }
}

/// What all of it means, in a sentence or two.
fn conclude(cx: &Context, wanted: &Wanted, outcome: &Outcome, doubts: bool) -> Result<()> {
    let Outcome { found, young, left, unseen, ref known } = *outcome;
    let unknown: Vec<&str> = wanted.named.iter().filter(|id| !known.contains(*id)).map(String::as_str).collect();
    match (found, wanted.remove) {
        (0, _) if !wanted.named.is_empty() => {}
        (0, _) if young == 0 && unseen == 0 && !doubts => cx.console.say("Nothing is left of machines that are gone."),
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

/// Every machine of the store that EC2 has. A record that cannot be read may be anybody's.
fn machines(cx: &Context) -> Result<Vec<Amazonec2>> {
    let mut machines = Vec::new();
    for entry in cx.store.entries()? {
        let loaded = entry.name().and_then(|name| Ok((cx.store.load(&name)?, name)));
        let (record, name) = loaded.map_err(|error| {
            error.hint("without it gc cannot tell what belongs to this machine: repair or remove the record first")
        })?;
        if record.driver_name == "amazonec2" {
            machines.push(Amazonec2::load(&place(&cx.store, &name), record.driver)?);
        }
    }
    Ok(machines)
}

/// One driver for each account and region to look in.
async fn places(cx: &Context, machines: Vec<Amazonec2>, regions: &[String]) -> Result<Vec<Amazonec2>> {
    let mut places = BTreeMap::new();
    for machine in machines {
        places.entry(machine.place_key()).or_insert(machine);
    }
    let name: Name = "gc".parse()?;
    let here = place(&cx.store, &name);
    let mut wanted: Vec<Option<&str>> = regions.iter().map(|region| Some(region.as_str())).collect();
    wanted.push(None);
    for region in wanted {
        let driver = Amazonec2::for_region(&cx.for_driver(), &here, region).await?;
        places.entry(driver.place_key()).or_insert(driver);
    }
    Ok(places.into_values().collect())
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
