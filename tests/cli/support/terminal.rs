//! A terminal of its own with a real shell in it, and what a person would see there. The terminal is tmux's.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use docker_machine::env::Env;
use snapbox::IntoData;

use super::Sandbox;

/// How long a screen may take to become what it should be; other tests run at the same time.
const PATIENCE: Duration = Duration::from_secs(90);

/// A terminal of 80 columns and 24 lines; it is closed when dropped.
pub struct Terminal<'s> {
    sandbox: &'s Sandbox,
    socket: PathBuf,
}

impl<'s> Terminal<'s> {
    /// Starts a shell in the sandbox's home folder. Its environment has only `HOME`, `PATH` with the program in it,
    /// and what a terminal needs.
    pub fn open(sandbox: &'s Sandbox, shell: &str) -> Self {
        // The server of an earlier terminal of this sandbox may still be going away.
        static OPENED: AtomicU32 = AtomicU32::new(0);
        let socket = sandbox.path(&format!("tmux-{}", OPENED.fetch_add(1, Ordering::Relaxed)));
        let terminal = Self { sandbox, socket };
        let command = format!(
            "exec env -i HOME='{}' PATH='{}' LANG=C.UTF-8 TERM=screen {shell}",
            sandbox.home().display(),
            sandbox.program_path()
        );
        terminal.tmux(&["new-session", "-d", "-x", "80", "-y", "24", &command]);
        terminal
    }

    /// Types; `\r` is the Enter key, `\t` is TAB.
    pub fn types(&self, keys: &str) -> &Self {
        self.tmux(&["send-keys", "-l", keys]);
        self
    }

    /// Waits until the screen shows this, and fails with the difference if it never does. Home folder and address are
    /// anonymous, lines are without blanks at their end. `SNAPSHOTS=overwrite cargo test` rewrites the text.
    #[track_caller]
    pub fn shows(&self, expected: impl IntoData) -> &Self {
        let expected = expected.into_data();
        // When texts are rewritten, whatever is there after some time is right.
        let rewriting = Env::from_process().var("SNAPSHOTS").is_some();
        let patience = if rewriting { Duration::from_secs(4) } else { PATIENCE };
        let wanted = expected.render().expect("it is text");
        let start = Instant::now();
        let mut screen = self.screen();
        while screen.trim_end() != wanted.trim_end() && start.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(50));
            screen = self.screen();
        }
        if screen.trim_end() != wanted.trim_end() {
            // A backslash is no path here.
            snapbox::Assert::new().action_env("SNAPSHOTS").normalize_paths(false).eq(screen, expected);
        }
        self
    }

    /// Types a line and Enter, which follows when the line is to be seen: whoever waits for a prompt then must not
    /// find the one before the line.
    #[track_caller]
    pub fn enters(&self, line: &str) -> &Self {
        let prompt = self.last_line();
        self.types(line).until(|last| last != prompt, "no line typed").types("\r")
    }

    /// Waits until the last line on the screen is this one.
    #[track_caller]
    pub fn awaits(&self, last: &str) -> &Self {
        self.until(|seen| seen == last.trim_end(), last)
    }

    /// Waits until the last line on the screen ends so, whatever the shell's prompt.
    #[track_caller]
    pub fn awaits_end(&self, end: &str) -> &Self {
        self.until(|seen| !seen.is_empty() && seen.ends_with(end), end)
    }

    #[track_caller]
    fn until(&self, is_right: impl Fn(&str) -> bool, what: &str) -> &Self {
        let start = Instant::now();
        while !is_right(&self.last_line()) {
            assert!(start.elapsed() < PATIENCE, "{what:?} is not at the end of:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(50));
        }
        self
    }

    fn last_line(&self) -> String {
        self.screen().lines().last().unwrap_or_default().to_owned()
    }

    fn screen(&self) -> String {
        let screen = self.tmux(&["capture-pane", "-p"]);
        let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
        let text = lines.join("\n").trim_end().to_owned() + "\n";
        self.sandbox.anonymous(&text)
    }

    #[track_caller]
    fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(&self.socket).args(words);
        command.current_dir(self.sandbox.home()).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        let output = command.output().expect("tmux is installed: see tests/setup");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "tmux {words:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        _ = command.arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}
