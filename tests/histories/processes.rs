//! The commands of a history as processes: alone or two at once, watched, stopped by signals, waited for.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal as Number, kill_process};
use serde_json::json;

use crate::failing::failing_at;
use crate::regions::Region;
use crate::steps::{Identity, Run, Signal, Store, Trouble};

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
    /// Sent a signal, which may have ended it.
    pub was_signalled: bool,
    /// Which changes of files failed, a line each.
    pub files_failed: String,
}

/// Where commands run: with a home, against a region, on computers whose SSH is at this port.
pub struct Shell<'a> {
    pub home: &'a Path,
    pub region: &'a Region,
    pub port: u16,
}

/// A command that was started.
struct Running {
    process: Child,
    output: File,
    status: Option<ExitStatus>,
}

impl Shell<'_> {
    /// Starts all of them together, and waits until each has ended. The first one that is to be stopped by a signal
    /// is sent it when a call to the region is held.
    pub fn run(&self, runs: &[Run]) -> Vec<Outcome> {
        let start = |run: &Run| {
            let words = run.command.words(&self.region.network, self.port);
            self.start(&words, run.store, run.identity, &self.failing(run))
        };
        let mut all: Vec<Running> = runs.iter().map(start).collect();
        let signal = runs.iter().enumerate().find_map(|(number, run)| Some((number, run.signal()?)));
        let (mut killed, mut was_sent) = (None, false);
        wait(&mut all, |all| {
            let Some((number, signal)) = signal else { return };
            if was_sent || self.region.ask("paused", json!({})).is_null() {
                return;
            }
            was_sent = true;
            killed = send(signal, &mut all[number]).then_some(number);
            self.region.ask("resume", json!({}));
        });
        let outcomes = all.into_iter().enumerate();
        let is_target = |number| was_sent && signal.is_some_and(|(target, _)| target == number);
        let outcome = |(number, one): (usize, Running)| Outcome {
            was_killed: killed == Some(number),
            was_signalled: is_target(number),
            files_failed: match runs[number].trouble {
                Trouble::Files { .. } => fs::read_to_string(self.home.join("failed")).unwrap_or_default(),
                _ => String::new(),
            },
            ..one.outcome()
        };
        outcomes.map(outcome).collect()
    }

    /// Runs one, to see what it says.
    pub fn look(&self, words: &[&str], store: Store, identity: Identity) -> Outcome {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut all = [self.start(&words, store, identity, &[])];
        wait(&mut all, |_| ());
        let [one] = all;
        one.outcome()
    }

    /// The variables with which its files fail, if they shall.
    fn failing(&self, run: &Run) -> Vec<(&'static str, String)> {
        let Trouble::Files { fault, change } = run.trouble else { return Vec::new() };
        let log = self.home.join("failed");
        _ = fs::remove_file(&log);
        failing_at(fault, change, &self.home.join(run.store.folder()), &log)
    }

    fn start(&self, words: &[String], store: Store, identity: Identity, more: &[(&str, String)]) -> Running {
        let output = tempfile::tempfile().expect("a temporary file");
        let mut process = Process::new(env!("CARGO_BIN_EXE_docker-machine"));
        process.arg("--storage-path").arg(self.home.join(store.folder())).current_dir(self.home).env_clear();
        process.env("HOME", self.home).env("PATH", "/usr/bin:/bin").env("USER", "tester");
        process.env("AWS_ENDPOINT_URL", &self.region.endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
        process.env("MACHINE_SSH_TIMEOUT", "2");
        if identity == Identity::Other {
            process.env("AWS_PROFILE", "other");
        }
        process.envs(more.iter().map(|(name, value)| (name, value)));
        process.args(words).stdin(Stdio::null());
        process.stdout(output.try_clone().expect("a file")).stderr(output.try_clone().expect("a file"));
        Running { process: process.spawn().expect("the program starts"), output, status: None }
    }
}

/// Sends it the signal, unless it has ended; whether that killed it.
fn send(signal: Signal, running: &mut Running) -> bool {
    if running.has_ended() {
        return false;
    }
    let pid = Pid::from_child(&running.process);
    match signal {
        Signal::Kill => {
            _ = kill_process(pid, Number::KILL);
            running.status = Some(running.process.wait().expect("its end"));
            true
        }
        Signal::Interrupt => {
            _ = kill_process(pid, Number::INT);
            // It is to hear of the signal before it hears of the answer.
            std::thread::sleep(Duration::from_millis(30));
            false
        }
    }
}

/// Until all have ended; `watch` is called all the while. What does not end is killed, which its outcome shows.
fn wait(all: &mut [Running], mut watch: impl FnMut(&mut [Running])) {
    let end = Instant::now() + PATIENCE;
    while !all.iter_mut().all(Running::has_ended) {
        watch(all);
        if Instant::now() > end {
            for one in &mut *all {
                _ = one.process.kill();
                one.status = one.process.wait().ok();
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Running {
    fn has_ended(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.process.try_wait().expect("its state");
        }
        self.status.is_some()
    }

    fn outcome(mut self) -> Outcome {
        let mut text = String::new();
        self.output.rewind().expect("a file");
        self.output.read_to_string(&mut text).expect("text");
        let status = self.status.and_then(|status| status.code());
        Outcome { text, status, was_killed: false, was_signalled: false, files_failed: String::new() }
    }
}
