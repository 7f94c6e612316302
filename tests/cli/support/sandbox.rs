//! A private home in which the program runs with an environment of its own, and what it did as one text.
#![allow(dead_code, reason = "no subject needs every part")]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use snapbox::IntoData;

use super::address::{self, Address};

/// A home folder that is gone when the test ends.
pub struct Sandbox {
    home: tempfile::TempDir,
    address: OnceLock<Address>,
}

impl Sandbox {
    /// An empty home.
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary folder"), address: OnceLock::new() }
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A loopback address of its own, for the servers of its machines.
    pub fn address(&self) -> &str {
        self.address.get_or_init(Address::fresh)
    }

    /// A text as it would be in any other home with any other address: `$HOME` and [`address::ANY`] for this one's.
    pub fn anonymous(&self, text: &str) -> String {
        let text = text.replace(&self.home().display().to_string(), "$HOME");
        match self.address.get() {
            Some(address) => text.replace(&**address, address::ANY),
            None => text,
        }
    }

    /// A path below the home folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.home().join(path)
    }

    /// A `PATH` that begins with the program's folder.
    pub fn program_path(&self) -> String {
        let folder = Path::new(env!("CARGO_BIN_EXE_docker-machine")).parent().expect("a file has a folder");
        format!("{}:/usr/bin:/bin", folder.display())
    }

    /// Whether something is at a path below the home folder.
    pub fn has(&self, path: &str) -> bool {
        fs::symlink_metadata(self.path(path)).is_ok()
    }

    /// Writes a file below the home folder, with its folders.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("a file has a folder")).expect("folders can be made");
        fs::write(file, content).expect("the file can be written");
    }

    /// Reads a file below the home folder.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("the file can be read")
    }

    /// `docker-machine` with the words of a line, quoted as in a shell.
    pub fn run(&self, line: &str) -> Invocation<'_> {
        self.run_words(shlex::split(line).expect("balanced quotes"))
    }

    /// `docker-machine` with words as they are.
    pub fn run_words(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Invocation<'_> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docker-machine"));
        command.arg0("docker-machine").args(words).current_dir(self.home()).env_clear();
        command.env("HOME", self.home()).env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/bash").env("USER", "tester");
        Invocation { command, stdin: String::new(), sandbox: self }
    }
}

/// A run that is about to happen.
#[must_use = "nothing runs until its result is looked at"]
pub struct Invocation<'s> {
    command: Command,
    stdin: String,
    sandbox: &'s Sandbox,
}

impl Invocation<'_> {
    /// Sets a variable; the environment has only `HOME`, `PATH`, `SHELL` and `USER`.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable away.
    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// What it reads; nothing unless given.
    pub fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// Runs, and compares all that a user sees: standard output, standard error below a line, the exit status.
    /// Home folder and address are anonymous, help is abbreviated. `SNAPSHOTS=overwrite cargo test` rewrites the text.
    #[track_caller]
    pub fn shows(self, expected: impl IntoData) {
        let sandbox = self.sandbox;
        let seen = sandbox.anonymous(&self.output().text());
        snapbox::assert_data_eq!(seen, expected.into_data());
    }

    /// Runs, and gives what came out, as it is.
    pub fn output(self) -> Output {
        self.killed_after(Duration::MAX)
    }

    /// As [`Invocation::killed_after`], with the most memory that it had, in KiB.
    pub fn measured(mut self, patience: Duration) -> (Output, u64) {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.command.spawn().expect("the program starts");
        let status = format!("/proc/{}/status", child.id());
        let watching = std::thread::spawn(move || {
            let mut most = 0;
            // Without memory it is over.
            while let Some(now) = fs::read_to_string(&status).ok().and_then(|text| high_water(&text)) {
                most = now;
                std::thread::sleep(Duration::from_millis(2));
            }
            most
        });
        let output = Output::of(wait_or_kill(child, patience).expect("the program ends"));
        (output, watching.join().expect("the watch ends"))
    }

    /// Runs, sends SIGINT when all of these are on its standard output, and gives what came out.
    #[track_caller]
    pub fn interrupted_at(mut self, texts: &[&str]) -> Output {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut stdout = String::new();
        while !texts.iter().all(|text| stdout.contains(text)) {
            let read = reader.read_line(&mut stdout).expect("the program writes text");
            assert!(read > 0, "it ends before {texts:?}: {stdout:?} {:?}", child.wait_with_output());
        }
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
        reader.read_to_string(&mut stdout).expect("the program writes text");
        Output { stdout, ..Output::of(child.wait_with_output().expect("the program ends")) }
    }

    /// Runs, kills it with SIGKILL if it takes longer than this, and gives what came out.
    pub fn killed_after(mut self, patience: Duration) -> Output {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        // A program that does not read its input may be gone by now.
        _ = child.stdin.take().expect("it is piped").write_all(self.stdin.as_bytes());
        let done = match patience {
            Duration::MAX => child.wait_with_output(),
            _ => wait_or_kill(child, patience),
        };
        Output::of(done.expect("the program ends"))
    }
}

/// What a program writes until its end, or until it is killed.
fn wait_or_kill(mut child: Child, patience: Duration) -> std::io::Result<process::Output> {
    let end = Instant::now() + patience;
    while child.try_wait()?.is_none() {
        if Instant::now() >= end {
            child.kill()?;
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait_with_output()
}

/// What a run gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    /// `None`: a signal ended it.
    pub status: Option<i32>,
}

/// `VmHWM` of `/proc/PID/status`.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

impl Output {
    fn of(done: process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes text");
        Self { stdout: text(done.stdout), stderr: text(done.stderr), status: done.status.code() }
    }

    /// All of it as one text.
    fn text(&self) -> String {
        let mut text = abbreviated(&self.stdout);
        if !self.stderr.is_empty() {
            text += "------- stderr -------\n";
            text += &self.stderr;
        }
        match self.status {
            Some(status) => text + &format!("[exit status: {status}]\n"),
            None => text + "[ended by a signal]\n",
        }
    }
}

/// Help, which always comes last, as `<help of COMMAND>`: its text has a snapshot of its own.
fn abbreviated(stdout: &str) -> String {
    let Some(start) = stdout.find("Usage: docker-machine ") else { return stdout.to_owned() };
    let topic = stdout[start..].split_whitespace().nth(2).unwrap_or_default();
    let name = if topic == "[OPTIONS]" { "<app help>".to_owned() } else { format!("<help of {topic}>") };
    format!("{}{name}\n", &stdout[..start])
}
