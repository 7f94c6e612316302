//! Golden invocations: what the original printed, call by call, and where we differ on purpose; `tests/golden/`.
//!
//! Nothing that a program could see is filtered: only the store's path, the version and help (which has a snapshot
//! of its own) have placeholders.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

use crate::player::{Stage, golden, play_file, replace_all};
use crate::support::Sandbox;
use crate::support::engine::{EngineStub, Pki};

/// In the order in which they were recorded, on one store.
const FILES: [&str; 5] = ["global.txt", "create.txt", "queries.txt", "scripts.txt", "actions.txt"];

/// The engine's address in the record; the test listens at one of its own, equally long.
const RECORDED: &str = "127.0.0.5";

/// Stores of `tests/stores`, each with every command.
const STORES: &str = "stores.txt";

/// What plays on real hosts, in `tests/e2e`.
const ON_HOSTS: [&str; 2] = ["lifecycle.txt", "stores-ec2.txt"];

#[test]
fn programs_see_what_the_original_showed() {
    let mut stage = Local::new();
    for name in FILES {
        play_file(&mut stage, name);
    }
}

#[test]
fn stores_of_every_age_and_state_are_used() {
    play_file(&mut Local::new(), STORES);
}

#[test]
fn every_difference_from_the_original_has_its_reason() {
    for name in FILES.iter().chain([&STORES]).chain(&ON_HOSTS) {
        let text = std::fs::read_to_string(golden(name)).unwrap();
        for case in text.split("\n\n") {
            let about = |mark: &str| case.lines().filter(|line| line.starts_with(mark)).collect::<Vec<_>>();
            let (reasons, was, now) = (about("why: "), about("was "), about("now "));
            let differs = !was.is_empty() || !now.is_empty();
            assert_eq!(differs, !reasons.is_empty(), "{name}: {case}");
            let bare = |lines: Vec<&str>| lines.iter().map(|line| line[4..].to_owned()).collect::<Vec<_>>();
            assert!(!differs || bare(was) != bare(now), "{name}: no difference in {case}");
        }
    }
}

/// A store, the program, and an engine once there is one.
struct Local {
    sandbox: Sandbox,
    address: String,
    engine: Option<EngineStub>,
}

impl Local {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        std::fs::create_dir(sandbox.path("bin")).unwrap();
        let program = sandbox.path("bin/docker-machine");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_docker-machine"), program).unwrap();
        Self { sandbox, address: free_address(), engine: None }
    }

    /// Replaces the store by one of `tests/stores`, whose machines are nowhere but at the test's own address.
    fn put_store(&self, name: &str) {
        _ = std::fs::remove_dir_all(self.store());
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores").join(name).join("machines");
        let machines = self.store().join("machines");
        std::fs::create_dir_all(&machines).unwrap();
        for machine in from.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            let to = machines.join(machine.file_name().unwrap());
            if machine.is_file() {
                std::fs::copy(machine, to).unwrap();
                continue;
            }
            std::fs::create_dir(&to).unwrap();
            for file in machine.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
                let text = std::fs::read_to_string(&file).unwrap();
                std::fs::write(to.join(file.file_name().unwrap()), self.moved_here(&text)).unwrap();
            }
        }
    }

    /// A record with the store's path, at the test's own address, where nobody has an SSH server either.
    fn moved_here(&self, record: &str) -> String {
        let record = record.replace("<STORE>", &self.store().display().to_string());
        let record = record.replace("127.0.0.1", &self.address).replace("10.1.2.3", &self.address);
        Regex::new(r#"("SSHPort": ?)22,"#).unwrap().replace_all(&record, "${1}22022,").into_owned()
    }

    /// From now on an engine answers; its certificate is of the store's CA.
    fn start_engine(&mut self, version: &str) {
        assert_eq!(version, "18.09.1 at tcp://127.0.0.5:2376, certificate of the store's CA");
        let pki = Pki::of_store(&self.store().join("certs"));
        self.engine =
            Some(EngineStub::start(&pki, &format!("{}:2376", self.address), &[&self.address], |path| match path {
                "/version" | "/v1.15/version" => ("200 OK", r#"{"Version":"18.09.1","ApiVersion":"1.39"}"#),
                _ => ("404 Not Found", ""),
            }));
    }
}

impl Stage for Local {
    fn prepare(&mut self, word: &str, rest: &str) {
        match word {
            "store" => self.put_store(rest),
            "engine" => self.start_engine(rest),
            _ => panic!("nothing is known of `{word}: {rest}`"),
        }
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("/bin/bash");
        command.args(["-c", &script.replace(RECORDED, &self.address)]).stdin(Stdio::null());
        command.env_clear().current_dir(self.sandbox.home());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.sandbox.path("bin").display()));
        command.env("HOME", self.sandbox.home()).env("SHELL", "/bin/bash").env("USER", "tester");
        command.env("MACHINE_STORAGE_PATH", self.store()).env("MACHINE_BUGSNAG_API_TOKEN", "no-report");
        command
    }

    fn store(&self) -> PathBuf {
        self.sandbox.path("store")
    }

    fn with_placeholders(&self, text: &str) -> String {
        // What differs from run to run, and what grows with every driver that is built in.
        let patterns =
            [(r#""ResponseTime":[^,]+"#, r#""ResponseTime":<TIME>"#), ("(drivers that exist:) .*", "$1 <DRIVERS>")];
        replace_all(&text.replace(&self.address, RECORDED), &patterns)
    }
}

/// A loopback address as long as the recorded one, at which nobody listens on the engine's port.
fn free_address() -> String {
    let start = std::process::id();
    let addresses = (0..900).map(|offset| {
        let n = (start + offset) % 900;
        format!("127.{}.{}.{}", n / 90, n / 9 % 10, n % 9 + 1)
    });
    addresses
        .filter(|address| !address.starts_with("127.0.0."))
        .find(|address| TcpListener::bind((address.as_str(), 2376)).is_ok())
        .expect("one loopback address is free")
}
