//! A program that a test ends in the middle, at a line that it prints or at another moment.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::run::Run;

/// A program under way.
pub struct Midway {
    pub child: Child,
    stdout: BufReader<ChildStdout>,
    printed: String,
}

impl Midway {
    /// Starts a program and waits until it prints a line with this text. It must have more to do then than anybody needs
    /// to end it.
    #[track_caller]
    pub fn at(line: &str, command: &mut Command) -> Self {
        Self::when(line, command, |midway| midway.reads(line))
    }

    /// Starts a program and waits for a moment, which does not come if the program ends before.
    #[track_caller]
    pub fn when(moment: &str, command: &mut Command, comes: impl FnOnce(&mut Self) -> bool) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut midway = Self { child, stdout, printed: String::new() };
        assert!(comes(&mut midway), "it ends before {moment:?}: {:#?}", midway.end());
        midway
    }

    /// Waits until it prints a line with this text.
    #[track_caller]
    pub fn says(&mut self, line: &str) {
        assert!(self.reads(line), "it ends without {line:?}: {:#?}", self.end());
    }

    /// Reads until the last line has this text; false: it ends without.
    fn reads(&mut self, line: &str) -> bool {
        while !self.printed.lines().next_back().is_some_and(|last| last.contains(line)) {
            if self.stdout.read_line(&mut self.printed).expect("text") == 0 {
                return false;
            }
        }
        true
    }

    /// Kills it: nothing of it runs any more.
    #[track_caller]
    pub fn kill(mut self) {
        self.child.kill().expect("it has not been waited for");
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(9), "it had ended before: {status}, {:?}", self.printed);
    }

    /// Sends it a signal that it can answer.
    #[track_caller]
    pub fn send(&mut self, signal: &str) {
        assert_eq!(self.child.try_wait().expect("its state"), None, "it had ended before: {:?}", self.printed);
        Run::of(Command::new("kill").args([signal, &self.child.id().to_string()])).succeeds();
    }

    /// Sends it a signal that it can answer, and waits for its end.
    #[track_caller]
    #[must_use]
    pub fn signal(mut self, name: &str) -> Run {
        self.send(name);
        self.end()
    }

    /// Waits for its end.
    #[must_use]
    pub fn end(&mut self) -> Run {
        let mut stderr = String::new();
        self.stdout.read_to_string(&mut self.printed).expect("text");
        self.child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("text");
        let status = self.child.wait().expect("it ends").code().unwrap_or(-1);
        Run { stdout: self.printed.clone(), stderr, status }
    }
}
