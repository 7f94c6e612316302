//! The one error type: what failed, why, what to type next, and the exit status that follows from it.
//!
//! Messages are the original's one-line chains (`Error creating machine: Error detecting OS: …`), because
//! programs match them; hints are lines of our own after it. No code of ours reads them to tell cases apart: for that
//! there are the [`Kind`] and the typed [`Error::cause`]. `--debug` shows all causes.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    source: Option<Arc<dyn StdError + Send + Sync>>,
    hints: Vec<Hint>,
    is_told: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hint {
    text: String,
    /// What it is about, if there are times when it is worth nothing.
    about: Option<Subject>,
}

/// See [`Hint::about`].
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    /// A file or folder: worth nothing without it.
    File(PathBuf),
    /// `--force`: worth nothing to who has typed it.
    Force,
}

impl Error {
    /// An error with its message: lower case or the original's text, no full stop, names in quotes.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, hints: Vec::new(), is_told: false }
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
        Self::msg(format!("{verb} {}: {}", path.display(), os_text(error))).caused_by(Cause::of(error))
    }

    /// Puts the failed undertaking in front: `prefix: message`.
    #[must_use]
    pub fn context(self, prefix: impl fmt::Display) -> Self {
        let message = format!("{prefix}: {}", self.message);
        self.with_message(message)
    }

    /// The same failure in other words.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Adds what it was caused by, which the message usually says in words of its own.
    #[must_use]
    pub fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Adds a line that says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(Hint { text: hint.into(), about: None });
        self
    }

    /// Adds a line that says what to do with a file.
    #[must_use]
    pub fn hint_about(mut self, file: &Path, hint: impl Into<String>) -> Self {
        self.hints.push(Hint { text: hint.into(), about: Some(Subject::File(file.to_owned())) });
        self
    }

    /// Adds a line that advises `--force`.
    #[must_use]
    pub fn hint_to_force(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(Hint { text: hint.into(), about: Some(Subject::Force) });
        self
    }

    /// Without the advice of [`Error::hint_to_force`].
    #[must_use]
    pub fn without_hints_to_force(mut self) -> Self {
        self.hints.retain(|hint| hint.about != Some(Subject::Force));
        self
    }

    /// Without the advice about files that went with a folder.
    #[must_use]
    pub fn without_hints_about(mut self, gone: &Path) -> Self {
        self.hints.retain(|hint| !matches!(&hint.about, Some(Subject::File(file)) if file.starts_with(gone)));
        self
    }

    /// The same failure as another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Everything about it has been shown already, or there is nobody to show it to: only its exit status is left.
    #[must_use]
    pub fn told(mut self) -> Self {
        self.is_told = true;
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
    pub fn hints(&self) -> Vec<&str> {
        self.hints.iter().map(|hint| hint.text.as_str()).collect()
    }

    /// See [`Error::told`].
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    /// What it was caused by, if that is a `T` or was caused by one.
    pub fn cause<T: StdError + 'static>(&self) -> Option<&T> {
        self.causes().find_map(|cause| cause.downcast_ref())
    }

    /// What it was caused by, then what that was caused by.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let mut next = StdError::source(self);
        std::iter::from_fn(move || {
            let cause = next?;
            next = cause.source();
            Some(cause)
        })
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

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// What another library's error said, and what it was caused by: for people only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    text: String,
    source: Option<Box<Self>>,
}

impl Cause {
    /// The texts of an error and of all its causes.
    pub fn of(error: &(dyn StdError + 'static)) -> Self {
        Self { text: error.to_string(), source: error.source().map(|source| Box::new(Self::of(source))) }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

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
        Self::msg(os_text(&error)).caused_by(error)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_found_behind_prefixes_and_other_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("the call failed")]
        struct Call(#[source] std::io::Error);

        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = Error::msg("no answer").caused_by(Call(refused)).context("Error creating machine");
        assert_eq!(error.message(), "Error creating machine: no answer");
        assert!(error.cause::<Call>().is_some() && error.cause::<Cause>().is_none());
        assert_eq!(error.cause::<std::io::Error>().unwrap().kind(), std::io::ErrorKind::ConnectionRefused);
        let texts: Vec<String> = error.causes().map(ToString::to_string).collect();
        assert_eq!(texts, ["the call failed", "connection refused"]);
        let copied = Cause::of(error.cause::<Call>().unwrap());
        assert_eq!(copied.source().unwrap().to_string(), "connection refused");
    }

    #[test]
    fn advice_goes_with_what_it_is_about() {
        let error = Error::msg("no").hint("wait").hint_about(Path::new("/m/web/known_hosts"), "delete it");
        assert_eq!(error.clone().without_hints_about(Path::new("/m/web2")).hints(), ["wait", "delete it"]);
        let error = error.hint_to_force("rm -f web");
        assert_eq!(error.clone().without_hints_about(Path::new("/m/web")).hints(), ["wait", "rm -f web"]);
        assert_eq!(error.without_hints_to_force().hints(), ["wait", "delete it"]);
    }
}
