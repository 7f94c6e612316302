//! What must hold after every step, whatever happened: each rule gives a sentence for each violation.

use std::fs::{self, File};
use std::path::Path;

use crate::player::Outcome;
use crate::state::{Record, State, Thing};
use crate::steps::{Command, Event, NAMES, Run, Step, Store};

/// The rules that compare what was and what is.
pub fn broken(step: &Step, outcome: Option<&Outcome>, before: &State, after: &State) -> Vec<String> {
    let mut all = after.unreadable.clone();
    all.extend(ended_unasked(step, before, after));
    all.extend(keys_lost(step, before, after));
    all.extend(records_lost(step, before, after));
    if let (Step::Run(run), Some(outcome)) = (step, outcome) {
        all.extend(taken_unasked(run, before, after));
        all.extend(said_falsely(run, outcome, before, after));
    }
    all
}

/// What no record names, so that only `gc` can find it.
pub fn unnamed(state: &State) -> Vec<&Thing> {
    let machines = state.machines();
    let is_named = |thing: &Thing| machines.contains(thing.machine());
    let named: Vec<&str> = state.account.things.iter().filter(|one| is_named(one)).map(|one| one.id.as_str()).collect();
    // A group that outlives its machine because others use it goes with the last of them.
    let is_used = |thing: &Thing| {
        let users = state.account.users.get(&thing.id);
        users.is_some_and(|users| users.iter().any(|user| named.contains(&user.as_str())))
    };
    // A volume goes with its instance, or is found after it.
    let is_attached = |thing: &Thing| {
        thing.kind == "volume" && state.account.live_instances().any(|one| one.machine() == thing.machine())
    };
    let is_lost =
        |thing: &Thing| !thing.machine().is_empty() && !is_named(thing) && !is_used(thing) && !is_attached(thing);
    state.account.things.iter().filter(|one| is_lost(one)).collect()
}

/// Instances that were there before the step and end, though nobody asked for that.
fn ended_unasked(step: &Step, before: &State, after: &State) -> Vec<String> {
    let may_end = |thing: &Thing| match step {
        Step::Event(Event::Ended(machine)) => {
            before.record(Store::Home, NAMES[*machine]).is_some_and(|record| record.instance == thing.id)
        }
        Step::Event(_) => false,
        Step::Run(run) => is_asked_for(run, thing, before),
    };
    before
        .account
        .live_instances()
        .filter(|one| !after.account.lives(&one.id) && !may_end(one))
        .map(|one| format!("instance {} was terminated though nobody asked for it", one.id))
        .collect()
}

/// Whether a command is to remove what was made for a machine.
fn is_asked_for(run: &Run, thing: &Thing, before: &State) -> bool {
    match &run.command {
        Command::Remove { machines, .. } => machines.iter().any(|machine| {
            before.record(run.store, NAMES[*machine]).is_some_and(|record| record.machine == thing.machine())
        }),
        Command::Gc { yes, .. } => *yes && !before.machines().contains(thing.machine()),
        _ => false,
    }
}

/// Everything else that was there before a command and was made for a machine goes with it, and only with it.
fn taken_unasked(run: &Run, before: &State, after: &State) -> Vec<String> {
    let lives = |machine: &str| after.account.live_instances().any(|one| one.machine() == machine);
    let taken = before.account.things.iter().filter(|one| {
        let is_kept = one.kind == "key-pair" && lives(one.machine());
        is_kept && !after.account.has(one) && !is_asked_for(run, one, before)
    });
    taken.map(|one| format!("{} {} was removed while its instance lives", one.kind, one.id)).collect()
}

/// A record whose instance lives stays until its removal is asked for.
fn records_lost(step: &Step, before: &State, after: &State) -> Vec<String> {
    let may_go = |record: &Record| match step {
        Step::Event(Event::FolderDeleted(machine)) => record.name == NAMES[*machine] && record.store == Store::Home,
        Step::Run(Run { command: Command::Remove { force: true, machines }, store, .. }) => {
            machines.iter().any(|machine| record.name == NAMES[*machine]) && record.store == *store
        }
        _ => false,
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
    match step {
        Step::Event(_) => Vec::new(),
        Step::Run(_) => after
            .records
            .iter()
            .filter(|one| !one.has_key && after.account.lives(&one.instance) && could(one))
            .map(|one| format!("the private key of {} is lost, instance {} lives", one.name, one.instance))
            .collect(),
    }
}

/// What a command says about its end is true.
fn said_falsely(run: &Run, outcome: &Outcome, before: &State, after: &State) -> Vec<String> {
    let new = |thing: &&Thing| !before.account.has(thing);
    let mut all = Vec::new();
    if outcome.text.contains("nothing was left behind") && !outcome.was_killed {
        let machines = after.machines();
        let left = after.account.things.iter().filter(new).filter(|one| !one.machine().is_empty());
        let left = left.filter(|one| !machines.contains(one.machine()) && one.kind != "security-group");
        all.extend(left.map(|one| format!("it says that nothing was left behind, but {} {} is", one.kind, one.id)));
    }
    match &run.command {
        Command::Remove { machines, .. } if outcome.status == Some(0) => {
            for record in machines.iter().filter_map(|machine| before.record(run.store, NAMES[*machine])) {
                let is_left = |one: &&Thing| one.machine() == record.machine && one.kind != "security-group";
                let is_told = |one: &Thing| outcome.text.contains(&one.id);
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
