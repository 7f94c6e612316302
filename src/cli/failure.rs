//! How a command line that cannot be carried out is told: its error, and the help that goes with it.

use super::argv::Misuse;
use super::help::Called;
use crate::error::{Error, Kind};

/// A failure, and the help that is printed on standard output before its message.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) help: String,
    pub(crate) error: Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { help: String::new(), error }
    }
}

impl Failure {
    /// A command line that breaks the grammar, of the command `name` (`""`: the program).
    pub(super) fn misuse(misuse: Misuse, called: &Called, name: &str, help: impl FnOnce() -> String) -> Self {
        let error = misuse.hint.into_iter().fold(Error::usage(misuse.message), Error::hint);
        Self::of_usage(error, called, name, || format!("{}\n\n{}", misuse.headline, help()))
    }

    /// An error of the command `name`: with its help if it was called the wrong way.
    pub(super) fn of_command(error: Error, called: &Called, name: &str, help: impl FnOnce() -> String) -> Self {
        if error.kind() == Kind::Usage { Self::of_usage(error, called, name, help) } else { error.into() }
    }

    /// At a terminal the help would push the error off the screen: there it is only pointed to.
    fn of_usage(error: Error, called: &Called, name: &str, help: impl FnOnce() -> String) -> Self {
        if called.width.is_none() {
            return Self { help: help(), error };
        }
        let program = called.program();
        let line = if name.is_empty() { format!("{program} --help") } else { format!("{program} {name} --help") };
        error.hint(format!("`{line}` shows how to call it")).into()
    }
}

/// What only clap can see: a positional that is none of the values it may have, or one too many.
pub(super) fn from_clap(error: &clap::Error) -> Error {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    match (error.kind(), error.get(ContextKind::InvalidValue), error.get(ContextKind::ValidValue)) {
        (ErrorKind::InvalidValue, Some(ContextValue::String(value)), Some(ContextValue::Strings(valid))) => {
            Error::usage(format!("Error: Invalid argument \"{value}\": expected one of {}", valid.join(", ")))
        }
        (ErrorKind::UnknownArgument, ..) => Error::usage("Error: Too many arguments given"),
        _ => Error::usage(error.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}
