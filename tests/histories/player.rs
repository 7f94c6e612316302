//! Plays a history: runs its commands with their troubles, does what happens behind our back, and looks at everything
//! after each step.

use std::fmt::Write as _;
use std::fs;
use std::process::Command as Process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Handle;

use crate::hosts::{Hosts, Manner};
use crate::processes::{Outcome, Shell};
use crate::regions::{Region, Regions};
use crate::rules::{self, GivenUp};
use crate::state::{self, State};
use crate::steps::{Event, Identity, NAMES, Run, Step, Store, Trouble};

/// Credentials of two accounts, examples that the region knows.
const CREDENTIALS: &str = "\
[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
[other]
aws_access_key_id = AKIAIOTHERACCEXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/otherAccEXAMPLEKEY
";

/// A user with a home, a region and its computers.
struct Player {
    region: Arc<Region>,
    hosts: Hosts,
    home: tempfile::TempDir,
    given_up: GivenUp,
    /// Whether the last command said that it did what it was to do.
    succeeded: bool,
    /// Whether one of its files failed.
    files_failed: bool,
    /// What it said.
    said: String,
    log: String,
}

/// Plays a history; the error is what was violated, with everything that was said until then.
pub fn play(regions: &Regions, runtime: &Handle, steps: &[Step]) -> Result<(), String> {
    let region = Arc::new(regions.region());
    let hosts = Hosts::start(&region, runtime);
    let home = tempfile::tempdir().expect("a home folder");
    fs::create_dir(home.path().join(".aws")).expect("~/.aws");
    fs::write(home.path().join(".aws/credentials"), CREDENTIALS).expect("~/.aws/credentials");
    let given_up = GivenUp::default();
    fs::write(home.path().join("key"), Hosts::key()).expect("a key");
    let (succeeded, files_failed, log) = (true, false, String::new());
    let mut player = Player { region, hosts, home, given_up, succeeded, files_failed, said: String::new(), log };
    let mut broken = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        _ = writeln!(player.log, "\n== {} {step}", number + 1);
        broken = player.step(step);
        if !broken.is_empty() {
            break;
        }
    }
    if broken.is_empty() {
        _ = writeln!(player.log, "\n== the end: everything is removed");
        broken = player.remove_everything();
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(format!("{}\n{}\n", player.log, broken.join("\n"))),
    }
}

impl Player {
    /// What the step violates.
    fn step(&mut self, step: &Step) -> Vec<String> {
        match step {
            Step::Expect { success, instances } => return self.expect(*success, *instances),
            Step::FilesFailed(planned) if *planned != self.files_failed => {
                return vec![format!("files failed: {}, but the plan is {planned}", self.files_failed)];
            }
            Step::GoesOn if !self.goes_on() => return vec!["the same create does not go on".to_owned()],
            _ => {}
        }
        let before = self.state();
        let step = match step {
            Step::Run(runs) if !self.root(Store::Copy).exists() => {
                Step::Run(runs.iter().map(|run| Run { store: Store::Home, ..run.clone() }).collect())
            }
            step => step.clone(),
        };
        let outcomes = match &step {
            Step::Run(runs) => self.run(runs),
            Step::Event(event) => {
                self.happen(event, &before);
                Vec::new()
            }
            Step::Expect { .. } | Step::FilesFailed(_) | Step::GoesOn => Vec::new(),
        };
        let after = self.state();
        self.given_up.extend(rules::given_up(&step, &before));
        let mut broken = rules::broken(&step, &outcomes, &before, &after, &self.given_up);
        broken.extend(self.store_loads());
        broken.extend(self.lost(&after));
        broken
    }

    /// What a planned history says about the command before, so that it never becomes another one unnoticed.
    fn expect(&self, success: Option<bool>, instances: usize) -> Vec<String> {
        let mut broken = Vec::new();
        if success.is_some_and(|success| success != self.succeeded) {
            broken.push(format!("success: {}, but the plan is {success:?}", self.succeeded));
        }
        let living = self.state().account.live_instances().count();
        if living != instances {
            broken.push(format!("{living} instances live, but the plan is {instances}"));
        }
        broken
    }

    fn goes_on(&self) -> bool {
        let told = ["already exists", "removes it and what else there is; then the same `create` makes a new machine"];
        self.succeeded || told.iter().any(|words| self.said.contains(words))
    }

    fn root(&self, store: Store) -> std::path::PathBuf {
        self.home.path().join(store.folder())
    }

    fn stores(&self) -> Vec<Store> {
        [Store::Home, Store::Copy].into_iter().filter(|store| self.root(*store).exists()).collect()
    }

    /// When what is changing has changed.
    fn state(&self) -> State {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let instances = self.region.ask("instances", json!({}));
            let is_settled = |one: &serde_json::Value| {
                !["pending", "stopping", "shutting-down"].contains(&one["state"].as_str().unwrap_or_default())
            };
            if instances.as_array().expect("a list").iter().all(is_settled) {
                return State::look(&self.region, self.home.path());
            }
            assert!(Instant::now() < end, "an instance stays between two states: {instances}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `ls` works, and all locks are free.
    fn store_loads(&mut self) -> Vec<String> {
        let mut broken = Vec::new();
        for store in self.stores() {
            broken.extend(rules::locks_held(self.home.path(), store));
            let listed = self.shell().look(&["ls", "-q"], store, Identity::Usual);
            let names: String = state::machines(&self.root(store))
                .iter()
                .map(|folder| format!("{}\n", folder.file_name().expect("a name").to_string_lossy()))
                .collect();
            if (listed.status, listed.text.as_str()) != (Some(0), names.as_str()) {
                broken.push(format!("ls -q in {store:?} says {:?}, there is {names:?}", listed.text));
            }
        }
        broken
    }

    /// What neither a record nor `gc` leads to.
    fn lost(&mut self, state: &State) -> Vec<String> {
        let unnamed = rules::unnamed(state);
        if unnamed.is_empty() {
            return Vec::new();
        }
        let mut found = String::new();
        for store in self.stores() {
            for identity in [Identity::Usual, Identity::Other] {
                found += &self.shell().look(&["gc", "--young"], store, identity).text;
            }
        }
        unnamed
            .iter()
            .filter(|thing| !found.contains(&thing.id))
            .map(|thing| format!("{} {} is in no record, and no gc finds it:\n{found}", thing.kind, thing.id))
            .collect()
    }

    fn happen(&self, event: &Event, state: &State) {
        let ask = |what: &str, argument: &str, value: &str| {
            if !value.is_empty() {
                self.region.ask(what, json!({ argument: value }));
            }
        };
        let record = |machine: &usize| state.record(Store::Home, NAMES[*machine]);
        let instance = |machine: &usize| {
            let living = record(machine).filter(|record| state.account.lives(&record.instance));
            living.map_or("", |record| record.instance.as_str())
        };
        let key_pair = |machine| record(machine).map_or("", |record| record.key_pair.as_str());
        let group = |machine| record(machine).map_or("", |record| record.group.as_str());
        match event {
            Event::Ended(machine) => ask("end", "instance", instance(machine)),
            Event::Stopped(machine) => ask("stop", "instance", instance(machine)),
            Event::Started(machine) => ask("start", "instance", instance(machine)),
            Event::KeyPairRemoved(machine) => ask("remove_key_pair", "name", key_pair(machine)),
            Event::KeyPairReplaced(machine) => ask("replace_key_pair", "name", key_pair(machine)),
            Event::GroupEmptied(machine) => ask("empty_group", "group", group(machine)),
            Event::GroupRemoved(machine) => ask("remove_group", "group", group(machine)),
            Event::FolderDeleted(machine) => {
                _ = fs::remove_dir_all(self.root(Store::Home).join("machines").join(NAMES[*machine]));
            }
            Event::StoreCopied => {
                let (from, to) = (self.root(Store::Home), self.root(Store::Copy));
                if from.exists() && !to.exists() {
                    let copied = Process::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts");
                    assert!(copied.success(), "cp");
                }
            }
        }
    }

    fn shell(&self) -> Shell<'_> {
        Shell { home: self.home.path(), region: &self.region, port: self.hosts.port }
    }

    /// Runs commands at the same time, and lets go wrong what shall.
    fn run(&mut self, runs: &[Run]) -> Vec<Outcome> {
        let manner = runs.iter().map(|run| run.manner).find(|manner| *manner != Manner::Well);
        self.hosts.behave(manner.unwrap_or(Manner::Well));
        for run in runs {
            self.cause(&run.trouble);
        }
        let began = Instant::now();
        let outcomes = self.shell().run(runs);
        self.region.ask("clear", json!({}));
        self.hosts.behave(Manner::Well);
        let took = began.elapsed().as_secs();
        for outcome in &outcomes {
            self.log += &outcome.files_failed;
            _ = writeln!(self.log, "{}[exit status {:?}, {took} s]", outcome.text, outcome.status);
        }
        self.said = outcomes.iter().map(|outcome| outcome.text.as_str()).collect();
        self.files_failed = outcomes.iter().any(|outcome| !outcome.files_failed.is_empty());
        self.succeeded = outcomes.iter().all(|outcome| outcome.status == Some(0));
        outcomes
    }

    fn cause(&self, trouble: &Trouble) {
        let error = |actions: &str, code: &str, status: u16| json!({ "kind": "error", "actions": [actions], "code": code, "message": "as it was told to", "status": status });
        let (what, arguments) = match trouble {
            Trouble::None | Trouble::Files { .. } => return,
            Trouble::Signal { call, after, .. } => {
                ("rule", json!({ "kind": "pause", "after": after, "nth": call, "times": 1 }))
            }
            Trouble::Deny(action) => ("rule", error(action, "UnauthorizedOperation", 403)),
            Trouble::Throttle { action, times } => {
                let mut rule = error(action, "RequestLimitExceeded", 503);
                rule["times"] = json!(times);
                ("rule", rule)
            }
            Trouble::Drop(action) => ("rule", json!({ "kind": "cut", "after": true, "actions": [action], "times": 1 })),
            Trouble::Unknown(count) => ("unknown_looks", json!({ "count": count })),
            Trouble::Dies => ("dying", json!({ "count": 1 })),
            Trouble::Capacity => ("rule", error("RunInstances", "InsufficientInstanceCapacity", 500)),
        };
        self.region.ask(what, arguments);
    }

    /// At the end everything can be removed, and then nothing is left.
    fn remove_everything(&mut self) -> Vec<String> {
        let mut said = String::new();
        for store in self.stores() {
            for folder in state::machines(&self.root(store)) {
                let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
                for identity in [Identity::Usual, Identity::Other] {
                    if folder.exists() {
                        said += &self.shell().look(&["rm", "-y", &name], store, identity).text;
                    }
                }
            }
        }
        said += &self.collect(&[]);
        // What nobody gave up is removed when it is named, by the store that it carries the id of.
        let things = self.state().account.things;
        let ids: Vec<&str> = things.iter().filter(|one| !one.machine().is_empty()).map(|one| one.id.as_str()).collect();
        if !ids.is_empty() {
            said += &self.collect(&ids);
        }
        let state = self.state();
        self.log += &said;
        let left = state.account.things.iter().filter(|thing| !thing.machine().is_empty());
        let left = left.map(|thing| format!("{} {} is left when everything was removed", thing.kind, thing.id));
        left.chain(state.records.iter().map(|record| format!("{} cannot be removed", record.name))).collect()
    }

    /// `gc` from everywhere, of what it may remove unasked or of what is named.
    fn collect(&self, named: &[&str]) -> String {
        let words = [&["gc", "--yes", "--young"], named].concat();
        let looks = self.stores().into_iter().flat_map(|store| [(store, Identity::Usual), (store, Identity::Other)]);
        looks.map(|(store, identity)| self.shell().look(&words, store, identity).text).collect()
    }
}
