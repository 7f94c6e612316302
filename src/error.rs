//! The one error type: what failed, what to type next, and the exit status that follows from it.
//!
//! Messages are the original's one-line chains (`Error creating machine: Error detecting OS: …`), because
//! programs match them; hints are lines of our own after it.

use std::fmt;
use std::path::Path;

/// `Result` with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is: decides the exit status, and lets a caller tell cases apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything that has no kind of its own.
    General,
    /// A command was called the wrong way: its help is printed before the message.
    Usage,
    /// No machine of that name.
    Missing,
    /// A machine of that name exists.
    Exists,
    /// The machine's record cannot be read.
    Damaged,
    /// The machine's computer has ended for good; only the record is left.
    Gone,
    /// The machine is not running, so there is no address to talk to.
    NotRunning,
    /// Something does not answer in time, or refuses the connection. Trying again may help.
    Unreachable,
    /// Somebody answered, and said no for good: wrong key, wrong user, sudo wants a password.
    Refused,
    /// The driver does not offer the operation.
    Unsupported,
    /// `create`: the driver's check before anything is made.
    PreCreate,
    /// The user pressed Ctrl-C, or we were asked to end.
    Interrupted,
    /// A child's or a remote command's own exit status, passed on.
    Exit(u8),
}

/// A failure as a person and a program see it.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
}

impl Error {
    /// An error with its message: lower case or the original's text, no full stop, names in quotes.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// An error of no particular kind.
    pub fn msg(message: impl Into<String>) -> Self {
        Self::new(Kind::General, message)
    }

    /// A command called the wrong way.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A file operation that failed, as the original words it: `open PATH: no such file or directory`.
    pub fn file(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::msg(format!("{verb} {}: {}", path.display(), os_text(error)))
    }

    /// Puts the failed undertaking in front: `prefix: message`.
    #[must_use]
    pub fn context(mut self, prefix: impl fmt::Display) -> Self {
        self.message = format!("{prefix}: {}", self.message);
        self
    }

    /// Adds a line that says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Without the advice that names something which is not there any more.
    #[must_use]
    pub fn without_hints_about(mut self, gone: &str) -> Self {
        self.hints.retain(|hint| !hint.contains(gone));
        self
    }

    /// The same failure as another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message without hints.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, a line each.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The process's exit status (`compat/cli.md` 1.7 of the original's contract).
    pub fn exit_status(&self) -> u8 {
        match self.kind {
            Kind::PreCreate => 3,
            Kind::Interrupted => 130,
            Kind::Exit(status) => status,
            _ => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Puts a prefix before the message of a failed result.
pub trait Context<T> {
    /// `prefix: message`.
    fn context(self, prefix: impl fmt::Display) -> Result<T>;
    /// Adds a line that says what to do next.
    fn hint(self, hint: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, prefix: impl fmt::Display) -> Result<T> {
        self.map_err(|error| error.into().context(prefix))
    }

    fn hint(self, hint: impl Into<String>) -> Result<T> {
        self.map_err(|error| error.into().hint(hint))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::msg(os_text(&error))
    }
}

/// The operating system's words without Rust's ` (os error 2)`, in lower case as other tools print them.
pub fn os_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(end)) => text[..end].to_lowercase(),
        _ => text,
    }
}
