//! How a program ended, and sentences to say about it in a test.

use std::process::Command;

/// What a program printed and how it ended.
#[derive(Debug)]
pub struct Run {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit status; -1 when a signal ended it.
    pub status: i32,
}

impl Run {
    /// Runs a program to its end.
    #[must_use = "say what is expected of it: .succeeds() or .fails(status)"]
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { stdout: text(&output.stdout), stderr: text(&output.stderr), status: output.status.code().unwrap_or(-1) }
    }

    /// It must have ended with status 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.status, 0, "{self:#?}");
        self
    }

    /// It must have ended with this status.
    #[track_caller]
    pub fn fails(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// Standard output must contain the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} on stdout: {self:#?}");
        self
    }

    /// Standard error must contain the text.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} on stderr: {self:#?}");
        self
    }

    /// Standard error must be empty.
    #[track_caller]
    pub fn quietly(self) -> Self {
        assert_eq!(self.stderr, "", "{self:#?}");
        self
    }
}
