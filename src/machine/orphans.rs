//! Whose something is that a driver made: which of it belongs to no machine any more, and may go.
//!
//! That a store has no record of a machine does not prove that nobody has: the machine's folder may have been moved to
//! another store, or the store be a copy, or have a copy that went on. So only what `rm -f` has given up here, and
//! shared things that nothing uses, are removed unasked; everything else only if it is named.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::driver::Resource;

/// What is younger may belong to a `create` that nobody knows of yet.
const YOUNG: Duration = Duration::from_secs(3600);

/// What decides whose something is, by the ids of machines.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The machines of the store.
    pub known: HashSet<String>,
    /// Those that `rm -f` gave up.
    pub forgotten: HashSet<String>,
    /// What the user named, by any of its ids: nothing but the machines of these is looked at, and all of those.
    pub named: Vec<String>,
}

/// What belongs to no machine of the store.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// What can be removed, in the order in which it can.
    pub old: Vec<Resource>,
    /// How much was left out because it was made within the last hour.
    pub young: usize,
    /// What may be in use by another store.
    pub doubtful: Vec<Resource>,
}

impl Claims {
    /// What of `found`, which is in the order of [`Scope::find`](crate::driver::Scope::find), belongs to no machine of
    /// the store. `young`: also what was made within the last hour.
    pub fn orphans(self, found: Vec<Resource>, young: bool, now: SystemTime) -> Orphans {
        let young = young || !self.named.is_empty();
        let (found, Self { known, forgotten, named }) = self.narrowed(found);
        let is_given_up = |one: &Resource| forgotten.contains(&one.machine) && (one.own || !named.is_empty());
        let orphans = found.into_iter().filter(|one| !known.contains(&one.machine));
        let (shared, things): (Vec<Resource>, Vec<Resource>) = orphans.partition(|one| one.users.is_some());
        let (mut all, mut doubtful): (Vec<Resource>, Vec<Resource>) = things.into_iter().partition(is_given_up);
        let everything = all.clone();
        let fresh = if young { HashSet::new() } else { drop_young(&mut all, now) };
        let mut young = everything.len() - all.len();
        let mut free = Vec::new();
        for one in shared {
            if !is_used_only_by(&one, &everything) {
                continue;
            }
            if !one.own && !is_given_up(&one) {
                doubtful.push(one);
            } else if fresh.contains(&one.machine) || !is_used_only_by(&one, &all) {
                young += 1;
            } else {
                free.push(one);
            }
        }
        all.extend(free);
        Orphans { old: all, young, doubtful }
    }

    /// Only the machines that were named, whose things are given up by that.
    fn narrowed(mut self, mut found: Vec<Resource>) -> (Vec<Resource>, Self) {
        if !self.named.is_empty() {
            let is_named = |one: &&Resource| self.named.contains(&one.id) || self.named.contains(&one.machine);
            let machines: HashSet<String> = found.iter().filter(is_named).map(|one| one.machine.clone()).collect();
            found.retain(|one| machines.contains(&one.machine));
            self.forgotten = machines;
        }
        (found, self)
    }
}

/// Whether nothing else uses it.
fn is_used_only_by(shared: &Resource, things: &[Resource]) -> bool {
    shared.users.iter().flatten().all(|user| things.iter().any(|thing| thing.id == *user))
}

/// Drops what is young, and everything else of the same machines; their ids.
fn drop_young(all: &mut Vec<Resource>, now: SystemTime) -> HashSet<String> {
    let is_young = |one: &&Resource| one.age(now).is_some_and(|age| age < YOUNG);
    let young: HashSet<String> = all.iter().filter(is_young).map(|one| one.machine.clone()).collect();
    all.retain(|one| !young.contains(&one.machine));
    young
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + HOUR * 1000
    }

    fn old() -> Option<SystemTime> {
        Some(now() - HOUR * 2)
    }

    fn new() -> Option<SystemTime> {
        Some(now() - HOUR / 4)
    }

    fn resource(id: &str, machine: &str, made: Option<SystemTime>) -> Resource {
        let (region, name) = (String::new(), String::new());
        let (id, machine) = (id.into(), machine.into());
        Resource { kind: "thing", id, region, name, machine, own: true, handle: None, made, users: None }
    }

    fn group(machine: &str, by: &[&str]) -> Resource {
        Resource { users: Some(ids(by)), ..resource("sg", machine, None) }
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn claims(named: &[&str]) -> Claims {
        let all = |some: &[&str]| HashSet::from_iter(ids(some));
        Claims { known: all(&["known"]), forgotten: all(&["gone", "new", "old"]), named: ids(named) }
    }

    /// The ids of what is removable, and how much is too young.
    fn sorted(found: Vec<Resource>, young: bool) -> (Vec<String>, usize) {
        let found = claims(&[]).orphans(found, young, now());
        (found.old.into_iter().map(|one| one.id).collect(), found.young)
    }

    #[test]
    fn what_nobody_gave_up_or_another_place_made_is_only_removed_when_it_is_named() {
        let found = |named: &[&str]| {
            let copied = Resource { own: false, ..resource("i-copied", "gone", old()) };
            let moved = [resource("i-moved", "moved", new()), resource("k-moved", "moved", old())];
            let [instance, key] = moved;
            let all = vec![copied, instance, key, group("moved", &["i-moved"])];
            let Orphans { old, doubtful, .. } = claims(named).orphans(all, false, now());
            let shown = |all: Vec<Resource>| all.into_iter().map(|one| one.id).collect::<Vec<_>>();
            (shown(old), shown(doubtful))
        };
        assert_eq!(found(&[]), (ids(&[]), ids(&["i-copied", "i-moved", "k-moved"])));
        assert_eq!(found(&["i-moved"]), (ids(&["i-moved", "k-moved", "sg"]), ids(&[])));
        assert_eq!(found(&["gone"]), (ids(&["i-copied"]), ids(&[])));
        assert_eq!(found(&["i-of-somebody"]), (ids(&[]), ids(&[])));
    }

    #[test]
    fn machines_of_the_store_are_no_orphans() {
        let found = vec![resource("i-1", "known", old()), resource("i-2", "gone", old()), group("known", &[])];
        assert_eq!(sorted(found, false), (ids(&["i-2"]), 0));
    }

    #[test]
    fn everything_of_a_young_machine_is_left_alone_unless_told() {
        let found = || {
            vec![
                resource("i-new", "new", new()),
                resource("i-old", "old", old()),
                resource("k-new", "new", old()),
                group("new", &[]),
            ]
        };
        assert_eq!(sorted(found(), false), (ids(&["i-old"]), 3));
        assert_eq!(sorted(found(), true), (ids(&["i-new", "i-old", "k-new", "sg"]), 0));
    }

    #[test]
    fn a_group_stays_while_anything_uses_it_that_stays() {
        let with = |by: &[&str]| {
            let things = [resource("i-old", "old", old()), resource("i-new", "new", new()), group("old", by)];
            sorted(things.into(), false).0
        };
        assert_eq!(with(&["i-old"]), ids(&["i-old", "sg"]));
        assert_eq!(with(&["i-old", "i-of-somebody"]), ids(&["i-old"]));
        assert_eq!(with(&["i-new"]), ids(&["i-old"]));
    }
}
