//! What was made for machines that are no longer in the store: listed, and removed on demand.

use std::collections::{BTreeMap, HashSet};

use super::place;
use crate::context::Context;
use crate::driver::amazonec2::{Amazonec2, OrphanKind, Sweep};
use crate::error::{Error, Result};
use crate::store::Name;

/// Lists, and with `yes` removes; `young`: also what was made within the last hour.
///
/// # Errors
/// A machine's record cannot be read, so that nobody knows what belongs to it; EC2 refuses; something is left.
pub async fn run(cx: &Context, yes: bool, young: bool, regions: &[String]) -> Result<()> {
    let Some(store) = cx.store.known_id() else {
        cx.console.say("Nothing was ever made from this store.");
        return Ok(());
    };
    let machines = machines(cx)?;
    let known: HashSet<String> = machines.iter().map(|machine| machine.id().to_owned()).collect();
    let mut found = 0;
    let mut left = 0;
    for driver in places(cx, machines, regions).await? {
        let sweep = Sweep::of(cx, &driver, &store, known.clone()).await?;
        let mut gone = Vec::new();
        for orphan in sweep.orphans(young).await? {
            found += 1;
            cx.console.line(format!("{:<16}{:<24}{:<16}{}", orphan.kind, orphan.id, orphan.region, orphan.name));
            if !yes {
                continue;
            }
            match sweep.remove(cx, &orphan, &gone).await {
                Ok(()) if orphan.kind == OrphanKind::Instance => gone.push(orphan.id),
                Ok(()) => {}
                Err(error) => {
                    left += 1;
                    cx.console.error(&error.context(format_args!("{} {} is left", orphan.kind, orphan.id)));
                }
            }
        }
    }
    match (found, yes, left) {
        (0, ..) => cx.console.say("Nothing is left of machines that are gone."),
        (_, false, _) => cx.console.say("Nothing was removed; `docker-machine gc --yes` removes these."),
        (_, true, 0) => cx.console.say(format!("Removed: {found}.")),
        _ => return Err(Error::msg("")),
    }
    Ok(())
}

/// Every machine of the store that EC2 has. A record that cannot be read may be anybody's.
fn machines(cx: &Context) -> Result<Vec<Amazonec2>> {
    let mut machines = Vec::new();
    for entry in cx.store.entries()? {
        let loaded = entry.name().and_then(|name| Ok((cx.store.load(&name)?, name)));
        let (record, name) = loaded.map_err(|error| {
            error.hint(
                "nobody knows what was made for this machine, so nothing is looked for until it is repaired or removed",
            )
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
        let driver = Amazonec2::for_region(cx, &here, region).await?;
        places.entry(driver.place_key()).or_insert(driver);
    }
    Ok(places.into_values().collect())
}
