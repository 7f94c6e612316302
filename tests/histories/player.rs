//! Plays a history: runs its commands with their troubles, does what happens behind our back, and looks at everything
//! after each step.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal as Number, kill_process};
use serde_json::json;
use tokio::runtime::Handle;

use crate::hosts::{Hosts, Manner};
use crate::regions::{Region, Regions};
use crate::rules;
use crate::state::{self, State};
use crate::steps::{Event, Identity, NAMES, Run, Signal, Step, Store, Trouble};

/// Credentials of two accounts, examples that the region knows.
const CREDENTIALS: &str = "\
[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
[other]
aws_access_key_id = AKIAIOTHERACCEXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/otherAccEXAMPLEKEY
";

/// No command of a history takes longer, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// How a command ended.
pub struct Outcome {
    /// Both streams.
    pub text: String,
    /// Nothing: a signal ended it.
    pub status: Option<i32>,
    /// By SIGKILL, as was asked for.
    pub was_killed: bool,
}

/// A user with a home, a region and its computers.
struct Player {
    region: Arc<Region>,
    hosts: Hosts,
    home: tempfile::TempDir,
    log: String,
}

/// Plays a history; the error is what was violated, with everything that was said until then.
pub fn play(regions: &Regions, runtime: &Handle, steps: &[Step]) -> Result<(), String> {
    let region = Arc::new(regions.region());
    let hosts = Hosts::start(&region, runtime);
    let home = tempfile::tempdir().expect("a home folder");
    fs::create_dir(home.path().join(".aws")).expect("~/.aws");
    fs::write(home.path().join(".aws/credentials"), CREDENTIALS).expect("~/.aws/credentials");
    let mut player = Player { region, hosts, home, log: String::new() };
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
        let before = self.state();
        let (step, outcome) = match step {
            Step::Event(event) => {
                self.happen(event, &before);
                (Step::Event(event.clone()), None)
            }
            Step::Run(run) => {
                let mut run = run.clone();
                if !self.root(Store::Copy).exists() {
                    run.store = Store::Home;
                }
                let outcome = self.run(&run);
                (Step::Run(run), Some(outcome))
            }
        };
        let after = self.state();
        let mut broken = rules::broken(&step, outcome.as_ref(), &before, &after);
        broken.extend(self.store_loads());
        broken.extend(self.lost(&after));
        broken
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
            let listed = self.quietly(&["ls", "-q"], store, Identity::Usual);
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
                found += &self.quietly(&["gc", "--young"], store, identity).text;
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

    /// Runs a command and lets go wrong what shall.
    fn run(&mut self, run: &Run) -> Outcome {
        self.hosts.behave(run.manner);
        self.cause(&run.trouble);
        let began = Instant::now();
        let words = run.command.words(self.hosts.port);
        let outcome = match run.trouble {
            Trouble::Signal { signal, .. } => self.signalled(signal, &words, run.store, run.identity),
            _ => self.ended(&words, run.store, run.identity, |_| false),
        };
        self.region.ask("clear", json!({}));
        self.hosts.behave(Manner::Well);
        let took = began.elapsed().as_secs();
        _ = writeln!(self.log, "{}[exit status {:?}, {took} s]", outcome.text, outcome.status);
        outcome
    }

    fn cause(&self, trouble: &Trouble) {
        let error = |actions: &str, code: &str, status: u16| json!({ "kind": "error", "actions": [actions], "code": code, "message": "as it was told to", "status": status });
        let (what, arguments) = match trouble {
            Trouble::None => return,
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

    /// Sends it the signal when its call is held, if it comes so far.
    fn signalled(&self, signal: Signal, words: &[String], store: Store, identity: Identity) -> Outcome {
        let mut was_sent = false;
        let mut outcome = self.ended(words, store, identity, |pid| {
            if was_sent || self.region.ask("paused", json!({})).is_null() {
                return false;
            }
            was_sent = true;
            let number = if signal == Signal::Kill { Number::KILL } else { Number::INT };
            _ = kill_process(pid, number);
            if signal == Signal::Interrupt {
                // It is to hear of the signal before it hears of the answer.
                std::thread::sleep(Duration::from_millis(30));
                self.region.ask("resume", json!({}));
            }
            signal == Signal::Kill
        });
        outcome.was_killed = was_sent && signal == Signal::Kill;
        outcome
    }

    /// Runs it to its end; `watch` is called all the while, and says when it has killed it.
    fn ended(&self, words: &[String], store: Store, identity: Identity, mut watch: impl FnMut(Pid) -> bool) -> Outcome {
        let mut output = tempfile::tempfile().expect("a temporary file");
        let mut process = self.process(store, identity);
        process.args(words).stdin(Stdio::null());
        process.stdout(output.try_clone().expect("a file")).stderr(output.try_clone().expect("a file"));
        let mut child = process.spawn().expect("the program starts");
        let (pid, end) = (Pid::from_child(&child), Instant::now() + PATIENCE);
        let status = loop {
            if let Some(status) = child.try_wait().expect("its state") {
                break status;
            }
            if watch(pid) {
                break child.wait().expect("its end");
            }
            if Instant::now() > end {
                _ = child.kill();
                _ = child.wait();
                panic!("`{}` did not end within {PATIENCE:?}:\n{}", words.join(" "), self.log);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut text = String::new();
        std::io::Seek::rewind(&mut output).expect("a file");
        std::io::Read::read_to_string(&mut output, &mut text).expect("text");
        Outcome { text, status: status.code(), was_killed: false }
    }

    fn quietly(&self, words: &[&str], store: Store, identity: Identity) -> Outcome {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        self.ended(&words, store, identity, |_| false)
    }

    fn process(&self, store: Store, identity: Identity) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_docker-machine"));
        process.arg("--storage-path").arg(self.root(store)).current_dir(self.home.path()).env_clear();
        process.env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin").env("USER", "tester");
        process.env("AWS_ENDPOINT_URL", &self.region.endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
        process.env("MACHINE_SSH_TIMEOUT", "2");
        if identity == Identity::Other {
            process.env("AWS_PROFILE", "other");
        }
        process
    }

    /// At the end everything can be removed, and then nothing is left.
    fn remove_everything(&mut self) -> Vec<String> {
        let mut said = String::new();
        for store in self.stores() {
            for folder in state::machines(&self.root(store)) {
                let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
                for identity in [Identity::Usual, Identity::Other] {
                    if folder.exists() {
                        said += &self.quietly(&["rm", "-y", &name], store, identity).text;
                    }
                }
            }
        }
        for store in self.stores() {
            for identity in [Identity::Usual, Identity::Other] {
                said += &self.quietly(&["gc", "--yes", "--young"], store, identity).text;
            }
        }
        // What nobody gave up is removed when it is named, by the store that it carries the id of.
        let things = self.state().account.things;
        let ids: Vec<&str> = things.iter().filter(|one| !one.machine().is_empty()).map(|one| one.id.as_str()).collect();
        for store in self.stores() {
            for identity in [Identity::Usual, Identity::Other] {
                if !ids.is_empty() {
                    said += &self.quietly(&[&["gc", "--yes"], &ids[..]].concat(), store, identity).text;
                }
            }
        }
        let state = self.state();
        self.log += &said;
        let left = state.account.things.iter().filter(|thing| !thing.machine().is_empty());
        let left = left.map(|thing| format!("{} {} is left when everything was removed", thing.kind, thing.id));
        left.chain(state.records.iter().map(|record| format!("{} cannot be removed", record.name))).collect()
    }
}
