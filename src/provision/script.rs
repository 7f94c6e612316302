//! A shell script for the host: values as quoted variables, fixed text after them, run as root over one channel.
//!
//! The script arrives on the standard input of `sh -s`, so the login shell does not matter and no value is ever
//! in a process list. It answers in lines that begin with `@`; everything else it prints is noise.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::console::Console;
use crate::error::{Error, Kind, Result};
use crate::ssh::{Exec, Output, Remote};
use crate::store::Name;

/// Becomes root without a question, whatever the login shell is.
const LAUNCHER: &str = "sh -c 'if [ \"$(id -u)\" = 0 ]; then exec sh -s; \
    elif command -v sudo >/dev/null; then exec sudo -n sh -s; \
    elif command -v doas >/dev/null; then exec doas -n sh -s; \
    fi; echo no-way-to-root >&2; exit 1'";

pub(super) const PRELUDE: &str = include_str!("scripts/prelude.sh");

/// One script runs at a time, so that a second try waits for what the first one, cut off, left running.
/// Standard input is taken away from the commands: the script itself is on it. A script that arrives half is a
/// syntax error and does nothing.
const MAIN: &str = r#"}
exec 9>/run/docker-machine.lock
if have flock; then
    status=0
    timeout "${PATIENCE:-1500}" flock 9 || status=$?
    case $status in 124 | 143)
        if [ -n "${PATIENCE-}" ]; then echo @busy && exit 0; fi
        fail 'another docker-machine is still working on this host'
        ;;
    esac
fi
rm -rf "$work"
main </dev/null 9>&-
"#;

/// What the scripts that install an engine call this step.
const INSTALLATION: &str = "error installing docker";

/// Covers a first boot of 10 minutes and an installation of 15.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A script under construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    variables: BTreeMap<&'static str, String>,
    parts: Vec<&'static str>,
}

impl Script {
    /// Adds fixed text, unless it is in already.
    pub(super) fn part(mut self, text: &'static str) -> Self {
        if !self.parts.contains(&text) {
            self.parts.push(text);
        }
        self
    }

    /// Gives a variable its value.
    pub(super) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    /// Whether there is nothing to run.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The text that `sh -s` reads.
    pub(super) fn render(&self) -> String {
        let variables: String =
            self.variables.iter().map(|(name, value)| format!("{name}={}\n", quote(value))).collect();
        format!("{PRELUDE}{variables}main() {{\n{}{MAIN}", self.parts.concat())
    }

    /// As [`Script::run`], but says so if an earlier script, whose connection was cut off, is still at work there.
    pub(super) async fn run_when_free(self, remote: &dyn Remote, console: &Console, name: &Name) -> Result<Reply> {
        let reply = self.clone().set("PATIENCE", "1").run(remote, name).await?;
        if !reply.busy {
            return Ok(reply);
        }
        console.say("Waiting for an earlier docker-machine that is still at work on the host...");
        self.run(remote, name).await
    }

    /// Runs it as root on the host.
    pub(super) async fn run(&self, remote: &dyn Remote, name: &Name) -> Result<Reply> {
        let exec = Exec::new(LAUNCHER).with_stdin(self.render()).within(LIMIT).named("setting up the host");
        let output = remote.exec(&exec).await?;
        let reply = Reply::parse(&output.text());
        match (reply.ready, output.ok()) {
            (false, _) => Err(not_root(name, &output)),
            (true, true) => Ok(reply),
            (true, false) => Err(reply.failure(&output)),
        }
    }
}

/// One word for a POSIX shell, whatever it contains.
pub(super) fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\0', "").replace('\'', r"'\''"))
}

/// What a script answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    ready: bool,
    /// `@busy`: another script is at work there, and this one has not begun.
    busy: bool,
    step: String,
    /// `@fact NAME VALUE`.
    pub(super) facts: BTreeMap<String, String>,
    /// `@file NAME PATH`, then its lines with a blank in front.
    pub(super) files: BTreeMap<String, File>,
    /// `@note TEXT`: for the user.
    pub(super) notes: Vec<String>,
    /// `@changed PATH`.
    pub(super) changed: Vec<String>,
    /// `@restarted`.
    pub(super) restarted: bool,
}

/// A text file of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    /// Where it is.
    pub(super) path: String,
    /// What is in it.
    pub(super) text: String,
}

impl Reply {
    pub(crate) fn parse(stdout: &str) -> Self {
        let mut reply = Self::default();
        let mut file: Option<String> = None;
        for line in stdout.lines() {
            if let (Some(text), Some(open)) = (line.strip_prefix(' '), &file) {
                let text = format!("{text}\n");
                reply.files.entry(open.clone()).or_default().text.push_str(&text);
                continue;
            }
            let Some(line) = line.strip_prefix('@') else { continue };
            file = None;
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
            match verb {
                "ready" => reply.ready = true,
                "busy" => reply.busy = true,
                "step" => reply.step = rest.to_owned(),
                "fact" => _ = reply.facts.insert(name.to_owned(), value.trim().to_owned()),
                "note" => reply.notes.push(rest.to_owned()),
                "changed" => reply.changed.push(rest.to_owned()),
                "restarted" => reply.restarted = true,
                "file" => {
                    reply.files.insert(name.to_owned(), File { path: value.to_owned(), text: String::new() });
                    file = Some(name.to_owned());
                }
                _ => {}
            }
        }
        reply
    }

    /// The step that failed, and the last lines of what it said.
    fn failure(&self, output: &Output) -> Error {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let tail = lines[lines.len().saturating_sub(31)..].join("\n");
        let text = if tail.is_empty() { format!("exit status {}", output.status) } else { tail };
        let step = if self.step.is_empty() { "error preparing the host" } else { &self.step };
        let separator = if text.contains('\n') { "\n" } else { " " };
        let error = Error::msg(format!("{step}:{separator}{text}"));
        let error = super::diagnose::advice(&text).into_iter().fold(error, Error::hint);
        error.caused_by(StepFailed { step: step.to_owned(), status: output.status })
    }
}

/// The step of a script that failed on the host.
#[derive(Debug, thiserror::Error)]
#[error("the host's script ended with status {status} in the step \"{step}\"")]
pub(super) struct StepFailed {
    step: String,
    status: u32,
}

impl StepFailed {
    /// Whether it is the step that installs the engine.
    pub(super) fn is_installation(&self) -> bool {
        self.step == INSTALLATION
    }
}

/// The script did not even begin: no way to become root.
fn not_root(name: &Name, output: &Output) -> Error {
    let said = output.tail(5);
    let has = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    let refused = |message: String| Error::new(Kind::Refused, message);
    if has(&["no-way-to-root"]) {
        return refused(format!("the login user of \"{name}\" is not root, and there is no sudo on the host"))
            .hint("log in as root, or install sudo there and allow it without a password");
    }
    if has(&["password is required", "authentication is required", "Authentication required", "a password"]) {
        return refused(format!("sudo on \"{name}\" needs a password; nobody is there to type it"))
            .hint("on the host, allow it without: echo 'USER ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/USER");
    }
    if has(&["must have a tty"]) {
        return refused(format!("sudo on \"{name}\" wants a terminal"))
            .hint("remove `requiretty` from /etc/sudoers on the host");
    }
    if has(&["not in the sudoers", "may not run", "not allowed", "Operation not permitted"]) {
        return refused(format!("sudo on \"{name}\" refuses the login user: {said}"));
    }
    refused(format!("cannot run a shell as root on \"{name}\" (exit status {}): {said}", output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(status: u32, stdout: &str, stderr: &str) -> Output {
        Output { status, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn awkward_values_survive_the_shell() {
        for value in ["", "a b", "it's", "$HOME `id` \"x\"", "two\nlines\n", "back\\slash", "%", "é"] {
            let script = format!("v={}; printf '%s' \"$v\"", quote(value));
            let ran = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
            assert_eq!(String::from_utf8(ran.stdout).expect("text"), value);
        }
    }

    #[test]
    fn a_file_is_written_whole_with_its_mode_and_only_when_it_differs() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (file, pending) = (folder.path().join("new/key.pem"), folder.path().join("pending"));
        let text = "-----BEGIN-----\n it's $HOME\n";
        let script = format!(
            "{PRELUDE}pending={}\nput_for_engine {} 0600 {}\n",
            quote(&pending.display().to_string()),
            quote(&file.display().to_string()),
            quote(text)
        );
        let run = || {
            let ran = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
            assert!(ran.status.success(), "{ran:?}");
            Reply::parse(&String::from_utf8(ran.stdout).expect("text")).changed.len()
        };
        assert_eq!(run(), 1);
        assert!(pending.exists(), "the engine is to be restarted");
        std::fs::remove_file(&pending).expect("a marker");
        assert_eq!((run(), pending.exists()), (0, false));
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), text);
        assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path().join("new")).expect("a folder").count(), 1, "no scratch file");

        let real = folder.path().join("real.pem");
        std::fs::rename(&file, &real).expect("another place");
        std::os::unix::fs::symlink(&real, &file).expect("a link to it");
        std::fs::write(&real, "old").expect("another text");
        assert_eq!(run(), 1);
        assert!(std::fs::symlink_metadata(&file).expect("a link").is_symlink(), "a link stays a link");
        assert_eq!(std::fs::read_to_string(&real).expect("a file"), text);
    }

    /// Every shell that a host may have, and that this machine has.
    fn shells() -> Vec<Vec<&'static str>> {
        let all = [vec!["sh"], vec!["bash", "--posix"], vec!["busybox", "sh"]];
        let is_there = |shell: &Vec<&str>| {
            std::process::Command::new(shell[0]).args(&shell[1..]).args(["-c", ":"]).output().is_ok()
        };
        all.into_iter().filter(is_there).collect()
    }

    #[test]
    fn what_is_written_is_on_the_disk_before_it_counts() {
        for shell in shells() {
            let folder = tempfile::tempdir().expect("a folder");
            let (etc, log) = (folder.path().join("etc"), folder.path().join("log"));
            std::fs::create_dir_all(&etc).expect("a folder");
            std::fs::write(etc.join("key"), "old").expect("a file");
            // Tells what it is called with, and what counts at that moment.
            let watch =
                r#"sync() { echo "${1##*/} $(cat "$ETC/key") $(stat -c %a "$1")" >>"$LOG"; command sync "$@"; }"#;
            let puts = r#"put "$ETC/key" 0640 new; keep "$ETC/key" "$ETC/copy""#;
            let ran = std::process::Command::new(shell[0])
                .args(&shell[1..])
                .args(["-c", &format!("{PRELUDE}{watch}\n{puts}\n")])
                .envs([("ETC", &etc), ("LOG", &log)])
                .output()
                .expect("a shell");
            assert!(ran.status.success() && ran.stderr.is_empty(), "{shell:?} {ran:?}");
            assert_eq!(
                std::fs::read_to_string(&log).expect("sync was called"),
                ".key.docker-machine old 640\netc new 755\n.copy.docker-machine new 640\netc new 755\n",
                "{shell:?}"
            );
        }
    }

    #[test]
    fn a_full_disk_is_named_and_leaves_the_old_file() {
        for shell in shells() {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("file");
            std::fs::write(&file, "old").expect("a file");
            // /dev/full is full; the waiting file leads there.
            let script = format!(
                "{PRELUDE}rm() {{ :; }}\nln -s /dev/full {folder}/.file.docker-machine\nput {file} 0644 new\n",
                folder = quote(&folder.path().display().to_string()),
                file = quote(&file.display().to_string()),
            );
            let ran = std::process::Command::new(shell[0]).args(&shell[1..]).args(["-c", &script]).output();
            let ran = ran.expect("a shell");
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert_eq!(ran.status.code(), Some(1), "{shell:?} {said}");
            assert!(said.contains("No space left on device"), "{shell:?} {said}");
            assert!(said.ends_with(&format!("cannot write {}\n", file.display())), "{shell:?} {said}");
            assert_eq!(std::fs::read_to_string(&file).expect("a file"), "old");
        }
    }

    /// A host where an earlier script works until it has been asked once.
    #[derive(Default)]
    struct Busy(std::sync::Mutex<Vec<String>>);

    #[async_trait::async_trait]
    impl Remote for Busy {
        async fn exec(&self, exec: &Exec) -> Result<Output> {
            let mut asked = self.0.lock().expect("no panic");
            asked.push(String::from_utf8_lossy(&exec.stdin).into_owned());
            Ok(output(0, if asked.len() == 1 { "@ready\n@busy\n" } else { "@ready\n@fact a b\n" }, ""))
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_an_earlier_script_is_told_so() {
        let (host, console, name) = (Busy::default(), Console::captured(&[]), "web".parse().expect("a name"));
        let reply =
            Script::default().part("fact a b\n").run_when_free(&host, &console, &name).await.expect("an answer");
        assert_eq!(reply.facts["a"], "b");
        assert!(console.captured_text().0.starts_with("Waiting for an earlier docker-machine"));
        let asked = host.0.lock().expect("no panic");
        assert_eq!(asked.iter().map(|script| script.contains("PATIENCE='1'")).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_package_source_that_does_not_answer_is_named_when_a_package_is_missing() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let apt = folder.path().join("apt-get");
        let install = |update: &str, status: u32| {
            std::fs::write(
                &apt,
                format!(
                    "#!/bin/sh\n[ $1 = install ] || {{ echo '{update}'; exit 0; }}\necho 'E: no curl'; exit {status}\n"
                ),
            )
            .expect("a script");
            std::fs::set_permissions(&apt, std::fs::Permissions::from_mode(0o755)).expect("a mode");
            let work = quote(&folder.path().join("work").display().to_string());
            let packages = super::super::plan::PACKAGES;
            let script = format!("{PRELUDE}work={work}\n{packages}\npackages_install curl\necho installed\n");
            let path = format!("{}:/usr/bin:/bin", folder.path().display());
            let ran =
                std::process::Command::new("sh").args(["-c", &script]).env("PATH", path).output().expect("a shell");
            (String::from_utf8(ran.stdout).expect("text"), String::from_utf8(ran.stderr).expect("text"))
        };
        assert_eq!(install("Hit: http://mirror", 0), ("@ready\ninstalled\n".to_owned(), String::new()));
        let (said, why) = install("W: Failed to fetch http://mirror", 100);
        assert_eq!(said, "@ready\n");
        assert!(why.contains("E: no curl\nW: Failed to fetch http://mirror\n"), "{why}");
    }

    #[test]
    fn files_and_facts_are_told_from_noise() {
        let reply =
            Reply::parse("motd\n@ready\n@fact init systemd\n@file x /etc/x\n a\n  b\n @fact c d\n\n@note n m\n");
        assert!(reply.ready);
        assert_eq!(reply.facts["init"], "systemd");
        assert_eq!(reply.facts.len(), 1);
        assert_eq!(reply.files["x"], File { path: "/etc/x".into(), text: "a\n b\n@fact c d\n".into() });
        assert_eq!(reply.notes, ["n m"]);
    }

    #[test]
    fn a_failed_step_is_named_with_the_last_lines_it_said() {
        let reply = Reply::parse("@ready\n@step error installing docker\n");
        let error = reply.failure(&output(1, "", "E: one\nE: two\n"));
        assert_eq!(error.message(), "error installing docker:\nE: one\nE: two");
        let error = reply.failure(&output(7, "", ""));
        assert_eq!(error.message(), "error installing docker: exit status 7");
    }

    #[test]
    fn every_way_of_not_becoming_root_has_its_reason() {
        let name: Name = "web".parse().expect("a name");
        for (said, part) in [
            ("sudo: a password is required", "needs a password"),
            ("sudo-rs: interactive authentication is required", "needs a password"),
            ("no-way-to-root", "no sudo"),
            ("sudo: sorry, you must have a tty to run sudo", "terminal"),
            ("bob is not in the sudoers file.", "refuses"),
            ("Please login as the user \"ubuntu\" rather than the user \"root\".", "Please login as"),
        ] {
            let error = not_root(&name, &output(1, "", said));
            assert_eq!(error.kind(), Kind::Refused);
            assert!(error.message().contains(part), "{said}: {error}");
        }
    }
}
