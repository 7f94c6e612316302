//! What must hold after every step, whatever happened: each rule gives a sentence for each violation.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use crate::processes::Outcome;
use crate::state::{Record, State, Thing};
use crate::steps::{Command, Event, NAMES, Run, Step, Store};

/// The machines, by their `Driver.Id`, that `rm -f` was asked to forget in a store: what is left of them may go.
pub type GivenUp = BTreeSet<(Store, String)>;

/// What a step gives up.
pub fn given_up(step: &Step, before: &State) -> GivenUp {
    let forced = step.runs().iter().filter_map(|run| match &run.command {
        Command::Remove { machines, force: true } => Some((run.store, machines)),
        _ => None,
    });
    let records = forced
        .flat_map(|(store, machines)| machines.iter().filter_map(move |machine| before.record(store, NAMES[*machine])));
    records.map(|record| (record.store, record.machine.clone())).collect()
}

/// The rules that compare what was and what is.
pub fn broken(step: &Step, outcomes: &[Outcome], before: &State, after: &State, given_up: &GivenUp) -> Vec<String> {
    let mut all = after.unreadable.clone();
    all.extend(ended_unasked(step, before, after, given_up));
    all.extend(keys_lost(step, before, after));
    all.extend(records_lost(step, before, after));
    all.extend(taken_unasked(step, before, after, given_up));
    for (run, outcome) in step.runs().iter().zip(outcomes) {
        all.extend(crashed(outcome));
        all.extend(left_behind(outcome, before, after));
        // Whatever is said is soon no longer true, where two are at work.
        if outcomes.len() == 1 {
            all.extend(said_falsely(run, outcome, before, after));
        }
    }
    all
}

/// Commands end, and by themselves.
fn crashed(outcome: &Outcome) -> Option<String> {
    match outcome.status {
        None if !outcome.was_signalled => Some("it never ended, or crashed".to_owned()),
        Some(101) => Some("it panicked".to_owned()),
        _ => None,
    }
}

/// What no record names, so that only `gc` can find it.
pub fn unnamed(state: &State) -> Vec<&Thing> {
    let machines = state.machines();
    let is_named = |thing: &Thing| machines.contains(thing.machine());
    // A group goes with the last instance that uses it, and those are looked for themselves.
    let is_used = |thing: &Thing| state.account.users.get(&thing.id).is_some_and(|users| !users.is_empty());
    // A volume goes with its instance, or is found after it.
    let is_attached = |thing: &Thing| {
        thing.kind == "volume" && state.account.live_instances().any(|one| one.machine() == thing.machine())
    };
    let is_lost =
        |thing: &Thing| !thing.machine().is_empty() && !is_named(thing) && !is_used(thing) && !is_attached(thing);
    state.account.things.iter().filter(|one| is_lost(one)).collect()
}

/// Instances that were there before the step and end, though nobody asked for that.
fn ended_unasked(step: &Step, before: &State, after: &State, given_up: &GivenUp) -> Vec<String> {
    let may_end = |thing: &Thing| match step {
        Step::Event(Event::Ended(machine)) => {
            before.record(Store::Home, NAMES[*machine]).is_some_and(|record| record.instance == thing.id)
        }
        step => is_asked_for(step, thing, before, given_up),
    };
    before
        .account
        .live_instances()
        .filter(|one| !after.account.lives(&one.id) && !may_end(one))
        .map(|one| format!("instance {} was terminated though nobody asked for it", one.id))
        .collect()
}

/// Whether a command is to remove what was made for a machine: `rm`, or `gc` after a forced one in the same store.
/// Never because a store has no record: another one may.
fn is_asked_for(step: &Step, thing: &Thing, before: &State, given_up: &GivenUp) -> bool {
    step.runs().iter().any(|run| match &run.command {
        Command::Remove { machines, .. } => machines.iter().any(|machine| {
            before.record(run.store, NAMES[*machine]).is_some_and(|record| record.machine == thing.machine())
        }),
        Command::Gc { yes, .. } => *yes && given_up.contains(&(run.store, thing.machine().to_owned())),
        _ => false,
    })
}

/// A key pair that was there before a command goes with its instance, and only with it.
fn taken_unasked(step: &Step, before: &State, after: &State, given_up: &GivenUp) -> Vec<String> {
    if let Step::Event(_) = step {
        return Vec::new();
    }
    let lives = |machine: &str| after.account.live_instances().any(|one| one.machine() == machine);
    let taken = before.account.things.iter().filter(|one| {
        let is_kept = one.kind == "key-pair" && lives(one.machine());
        is_kept && !after.account.has(one) && !is_asked_for(step, one, before, given_up)
    });
    taken.map(|one| format!("{} {} was removed while its instance lives", one.kind, one.id)).collect()
}

/// A record whose instance lives stays until its removal is asked for.
fn records_lost(step: &Step, before: &State, after: &State) -> Vec<String> {
    let may_go = |record: &Record| match step {
        Step::Event(Event::FolderDeleted(machine)) => record.name == NAMES[*machine] && record.store == Store::Home,
        step => step.runs().iter().any(|run| match &run.command {
            Command::Remove { force: true, machines } => {
                machines.iter().any(|machine| record.name == NAMES[*machine]) && record.store == run.store
            }
            _ => false,
        }),
    };
    before
        .records
        .iter()
        .filter(|old| after.account.lives(&old.instance) && !may_go(old))
        .filter(|old| after.record(old.store, &old.name).is_none_or(|new| new.machine != old.machine))
        .map(|old| format!("the record of {} in {:?} is lost, instance {} lives", old.name, old.store, old.instance))
        .collect()
}

/// Who could log in to an instance that lives still can.
fn keys_lost(step: &Step, before: &State, after: &State) -> Vec<String> {
    let could = |new: &Record| before.record(new.store, &new.name).is_none_or(|old| old.has_key);
    let is_lost = |one: &&Record| !one.has_key && after.account.lives(&one.instance) && could(one);
    let lost = after.records.iter().filter(|one| !step.runs().is_empty() && is_lost(one));
    lost.map(|one| format!("the private key of {} is lost, instance {} lives", one.name, one.instance)).collect()
}

/// Where it is said that nothing was left behind, nothing is that only `gc` could find.
fn left_behind(outcome: &Outcome, before: &State, after: &State) -> Vec<String> {
    if outcome.was_killed || !outcome.text.contains("nothing was left behind") {
        return Vec::new();
    }
    let machines = after.machines();
    let is_new = |thing: &&Thing| !before.account.has(thing) && !thing.machine().is_empty();
    let left = after.account.things.iter().filter(is_new);
    let left = left.filter(|one| !machines.contains(one.machine()) && one.kind != "security-group");
    left.map(|one| format!("it says that nothing was left behind, but {} {} is", one.kind, one.id)).collect()
}

/// What a command says about its end is true.
fn said_falsely(run: &Run, outcome: &Outcome, before: &State, after: &State) -> Vec<String> {
    let mut all = Vec::new();
    match &run.command {
        Command::Remove { machines, .. } if outcome.status == Some(0) => {
            for record in machines.iter().filter_map(|machine| before.record(run.store, NAMES[*machine])) {
                let is_left = |one: &&Thing| one.machine() == record.machine && one.kind != "security-group";
                // A volume goes with its instance.
                let is_told = |one: &Thing| match one.kind.as_str() {
                    "key-pair" => outcome.text.contains(&format!("key pair {}", one.name)),
                    "volume" => after.account.live_instances().any(|instance| instance.machine() == one.machine()),
                    _ => outcome.text.contains(&one.id),
                };
                let left = after.account.things.iter().filter(is_left).filter(|one| !is_told(one));
                all.extend(left.map(|one| format!("rm says it is done, but {} {} is left", one.kind, one.id)));
                if after.record(run.store, &record.name).is_some() {
                    all.push(format!("rm says it is done, but the record of {} is left", record.name));
                }
            }
        }
        Command::Create { machines, .. } if outcome.status == Some(0) => {
            for name in machines.iter().map(|machine| NAMES[*machine]) {
                let record = after.record(run.store, name);
                let is_there = |one: &Record| after.account.lives(&one.instance) && one.has_key && !one.is_unfinished;
                if !record.is_some_and(is_there) {
                    all.push(format!("create says it is done, but {name} is not whole: {record:?}"));
                }
            }
        }
        _ => {}
    }
    all
}

/// Locks that are held though every process has ended.
pub fn locks_held(home: &Path, store: Store) -> Vec<String> {
    let root = home.join(store.folder());
    let mut held = Vec::new();
    for folder in ["machines", "certs"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            let is_lock = path.extension().is_some_and(|end| end == "lock") || path.ends_with(".lock");
            if is_lock && File::open(&path).is_ok_and(|file| file.try_lock().is_err()) {
                held.push(format!("{} is held by nobody", path.display()));
            }
        }
    }
    held
}
