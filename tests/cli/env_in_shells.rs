//! `env` in real shells: what it prints is evaluated by the shell it is for.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::query::Fleet;
use crate::support::Sandbox;
use crate::words::{Controls, words};

/// A shell: its command line for a script, and how it evaluates what a command prints.
struct Shell {
    start: &'static [&'static str],
    evaluate: [&'static str; 2],
    /// How it names itself to `--shell`.
    name: &'static str,
}

const SHELLS: [Shell; 5] = [
    Shell { start: &["bash", "--norc", "-euc"], evaluate: ["eval $(", ")"], name: "bash" },
    Shell { start: &["zsh", "-f", "-euc"], evaluate: ["eval $(", ")"], name: "zsh" },
    Shell { start: &["dash", "-euc"], evaluate: ["eval $(", ")"], name: "sh" },
    Shell { start: &["fish", "--no-config", "-c"], evaluate: ["eval (", ")"], name: "fish" },
    Shell { start: &["tcsh", "-fc"], evaluate: ["eval `", "`"], name: "tcsh" },
];

impl Shell {
    /// The line that people type.
    fn evaluates(&self, words: &str) -> String {
        let [before, after] = self.evaluate;
        format!("{before}docker-machine {words}{after}")
    }

    /// What a script of the lines prints. The login shell is another one: `$SHELL` must not decide.
    #[track_caller]
    fn prints(&self, sandbox: &Sandbox, store: &str, lines: &[&str]) -> String {
        let mut command = Command::new(self.start[0]);
        command.args(&self.start[1..]).arg(lines.join("\n")).current_dir(sandbox.home()).env_clear();
        command.env("HOME", sandbox.home()).env("PATH", sandbox.program_path()).env("LANG", "C.UTF-8");
        command.env("MACHINE_STORAGE_PATH", store).env("NO_PROXY", "localhost");
        if self.name != "sh" {
            command.env("SHELL", "/bin/sh");
        }
        let output = command.output().expect("the shell is installed: see tests/setup");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((error.as_str(), output.status.code()), ("", Some(0)), "{}: {lines:?}", self.name);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Prints the variables; the last word keeps grep's status out of it.
const SHOW: &str = "env | sort | grep -e '^DOCKER_' -e '^NO_PROXY=' || true";

/// The variables of machine `alpha` in a store.
fn wanted(host: &str, store: &str) -> String {
    format!(
        "DOCKER_CERT_PATH={store}/machines/alpha\nDOCKER_HOST=tcp://{host}:2376\nDOCKER_MACHINE_NAME=alpha\n\
         DOCKER_TLS_VERIFY=1\n"
    )
}

#[test]
fn every_shell_gets_its_own_syntax_without_being_named() {
    let fleet = Fleet::new();
    let host = fleet.sandbox.address();
    let store = fleet.sandbox.path(".docker").display().to_string();
    for shell in &SHELLS {
        let seen = shell.prints(&fleet.sandbox, &store, &[&shell.evaluates("env alpha"), SHOW]);
        assert_eq!(seen, wanted(host, &store) + "NO_PROXY=localhost\n", "{}", shell.name);
    }
}

#[test]
fn unset_takes_the_variables_away_again() {
    let fleet = Fleet::new();
    let host = fleet.sandbox.address();
    let store = fleet.sandbox.path(".docker").display().to_string();
    for shell in &SHELLS {
        let set = shell.evaluates("env --no-proxy alpha");
        let seen = shell.prints(&fleet.sandbox, &store, &[&set, SHOW]);
        let with_proxy = format!("{}NO_PROXY=localhost,{host}\n", wanted(host, &store));
        assert_eq!(seen, with_proxy, "{}", shell.name);
        let unset = shell.evaluates("env --no-proxy -u");
        assert_eq!(shell.prints(&fleet.sandbox, &store, &[&set, &unset, SHOW]), "", "{}", shell.name);
    }
}

#[test]
fn paths_with_blanks_and_quotes_survive() {
    let fleet = Fleet::new();
    let host = fleet.sandbox.address();
    let odd = fleet.sandbox.path("it's \"my\" $HOME `id` store!");
    symlink(fleet.sandbox.path(".docker"), &odd).unwrap();
    let store = odd.display().to_string();
    for shell in &SHELLS {
        let words = format!("env --shell {} alpha", shell.name);
        let seen = shell.prints(&fleet.sandbox, &store, &[&shell.evaluates(&words), SHOW]);
        assert_eq!(seen, wanted(host, &store) + "NO_PROXY=localhost\n", "{}", shell.name);
    }
}

/// How many generated values each shell evaluates.
const VALUES: usize = 150;

/// Other lines that people type: with quotes, and through a pipe.
const QUOTED: [Shell; 4] = [
    Shell { start: SHELLS[0].start, evaluate: ["eval \"$(", ")\""], name: "bash" },
    Shell { start: SHELLS[1].start, evaluate: ["eval \"$(", ")\""], name: "zsh" },
    Shell { start: SHELLS[2].start, evaluate: ["eval \"$(", ")\""], name: "sh" },
    Shell { start: SHELLS[3].start, evaluate: ["", " | source"], name: "fish" },
];

/// Puts files into a folder whose names match patterns, and that mean something to whoever evaluates them.
fn lay_traps(sandbox: &Sandbox, folder: &str) -> std::path::PathBuf {
    for file in ["a", "b", "\";touch ran;\"", "';touch ran;'", "$(touch ran)", "\"a;touch ran"] {
        sandbox.write(&format!("{folder}/{file}"), "");
    }
    sandbox.path(folder)
}

/// What a shell gets wrong when it evaluates `env` with generated values, among files that are traps.
fn wrong_in(shell: &Shell) -> Vec<String> {
    let fleet = Fleet::new();
    let (host, store) = (fleet.sandbox.address(), fleet.sandbox.path(".docker"));
    let folder = lay_traps(&fleet.sandbox, "traps");
    let files = || std::fs::read_dir(&folder).unwrap().count();
    let before = files();
    let line = shell.evaluates(&format!("env --no-proxy --shell {} alpha", shell.name));
    let mut wrong = Vec::new();
    for value in words(VALUES, Controls::None).iter().filter(|value| !value.is_empty()) {
        let mut command = Command::new(shell.start[0]);
        command.args(&shell.start[1..]).arg(format!("{line}\n/usr/bin/printenv -0 NO_PROXY"));
        command.current_dir(&folder).env_clear().env("HOME", fleet.sandbox.home()).env("LANG", "C.UTF-8");
        command.env("PATH", fleet.sandbox.program_path()).env("MACHINE_STORAGE_PATH", &store).env("NO_PROXY", value);
        let output = command.output().expect("the shell is installed: see tests/setup");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (seen, error) = (text(&output.stdout), text(&output.stderr));
        // Whatever else was done made a file, or failed.
        if (seen.as_str(), error.as_str(), files()) != (&format!("{value},{host}\0"), "", before) {
            wrong.push(format!("{line}: {value:?} became {seen:?}, with {} files and {error:?}", files()));
        }
    }
    wrong
}

#[test]
fn generated_values_reach_every_shell_as_they_are_and_nothing_else_happens() {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let tasks: Vec<_> = SHELLS.iter().chain(&QUOTED).map(|shell| scope.spawn(move || wrong_in(shell))).collect();
        tasks.into_iter().flat_map(|task| task.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}
