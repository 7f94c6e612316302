//! Golden invocations: what the original printed, call by call, and where we differ on purpose; `tests/golden/`.
//!
//! Nothing that a program could see is filtered: only the store's path, the version and help (which has a snapshot
//! of its own) have placeholders.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use docker_machine::cli::{BUILD, VERSION};
use regex::Regex;

use crate::support::Sandbox;
use crate::support::engine::{EngineStub, Pki};

/// In the order in which they were recorded, on one store.
const FILES: [&str; 5] = ["global.txt", "create.txt", "queries.txt", "scripts.txt", "actions.txt"];

/// The engine's address in the record; the test listens at one of its own, equally long.
const RECORDED: &str = "127.0.0.5";

/// Stores of `tests/stores`, each with every command.
const STORES: &str = "stores.txt";

#[test]
fn programs_see_what_the_original_showed() {
    let mut stage = Stage::new();
    for name in FILES {
        stage.play_file(name);
    }
}

#[test]
fn stores_of_every_age_and_state_are_used() {
    Stage::new().play_file(STORES);
}

#[test]
fn every_difference_from_the_original_has_its_reason() {
    for name in FILES.iter().chain([&STORES]) {
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

fn golden(name: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Where the files play: a store, the program as `docker-machine` on `PATH`, and an engine once there is one.
struct Stage {
    sandbox: Sandbox,
    address: String,
    engine: Option<EngineStub>,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        std::fs::create_dir(sandbox.path("bin")).unwrap();
        let program = sandbox.path("bin/docker-machine");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_docker-machine"), program).unwrap();
        Self { sandbox, address: free_address(), engine: None }
    }

    /// Plays a file and compares it with what it should read.
    fn play_file(&mut self, name: &str) {
        let path = golden(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let seen: Vec<String> = text.split("\n\n").map(|part| self.play(part.trim_end())).collect();
        snapbox::assert_data_eq!(seen.join("\n\n") + "\n", snapbox::Data::read_from(&path, None).raw());
    }

    /// Runs what one paragraph of a file says; the paragraph as it should read.
    fn play(&mut self, part: &str) -> String {
        if let Some(name) = part.lines().find_map(|line| line.strip_prefix("store: ")) {
            self.put_store(name);
        }
        if let Some(version) = part.lines().find_map(|line| line.strip_prefix("engine: ")) {
            self.start_engine(version);
        }
        let Some((number, line)) = part.lines().enumerate().find(|(_, line)| line.split(' ').any(|word| word == "$"))
        else {
            return part.to_owned();
        };
        let (_, script) = line.split_once("$ ").unwrap();
        let (before, after): (Vec<&str>, Vec<&str>) =
            (part.lines().take(number + 1).collect(), part.lines().skip(number + 1).collect());
        let expected: Vec<&str> = after
            .iter()
            .filter(|line| !line.starts_with("why: ") && !line.starts_with("was "))
            .map(|line| line.strip_prefix("now ").unwrap_or(line))
            .collect();
        let seen = self.run(script, &expected);
        if seen == expected { part.to_owned() } else { format!("{}\n{}", before.join("\n"), seen.join("\n")) }
    }

    /// What a shell line shows, as lines of a golden file.
    fn run(&self, script: &str, expected: &[&str]) -> Vec<String> {
        let output = self.shell(script).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("the program writes text");
        let mut stdout = text(output.stdout);
        for topic in expected.iter().filter_map(|line| line.strip_prefix("out> <")?.strip_suffix('>')) {
            let ask = if topic == "app help" { "" } else { topic.strip_prefix("help of ").unwrap_or_default() };
            let help = text(self.shell(&format!("docker-machine {ask} --help")).output().unwrap().stdout);
            stdout = stdout.replacen(&help, &format!("<{topic}>\n"), 1);
        }
        let mut lines = marked("out>", &self.with_placeholders(&stdout));
        lines.extend(marked("err>", &self.with_placeholders(&text(output.stderr))));
        lines.push(format!("rc={}", output.status.code().map_or("signal".to_owned(), |code| code.to_string())));
        lines
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
        let text = text
            .replace(&self.store().display().to_string(), "<STORE>")
            .replace(&self.address, RECORDED)
            .replace(&format!("{VERSION}, build {BUILD}"), "<VERSION>, build <BUILD>");
        // What differs from run to run, and what grows with every driver that is built in.
        [(r#""ResponseTime":[^,]+"#, r#""ResponseTime":<TIME>"#), ("(drivers that exist:) .*", "$1 <DRIVERS>")]
            .iter()
            .fold(text, |text, (pattern, to)| Regex::new(pattern).unwrap().replace_all(&text, *to).into_owned())
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

/// Lines with a mark before each; spaces at their ends are shown as dots.
fn marked(mark: &str, text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .split_terminator('\n')
        .map(|line| {
            let bare = line.trim_end_matches(' ');
            format!("{mark} {bare}{}", "·".repeat(line.len() - bare.len())).trim_end().to_owned()
        })
        .collect();
    if !text.is_empty() && !text.ends_with('\n') {
        lines.last_mut().expect("there is text").push_str("[no newline]");
    }
    lines
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
