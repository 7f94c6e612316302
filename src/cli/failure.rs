//! How a command line that cannot be carried out is told: its error, and the help that goes with it.

use super::argv::Misuse;
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
    pub(super) fn misuse(misuse: Misuse, help: &str) -> Self {
        let error = Error::usage(misuse.message);
        let error = misuse.hint.into_iter().fold(error, Error::hint);
        Self { help: format!("{}\n\n{help}", misuse.headline), error }
    }

    /// A command's own error: with its help if it was called the wrong way.
    pub(super) fn of_command(error: Error, help: impl FnOnce() -> String) -> Self {
        let help = if error.kind() == Kind::Usage { help() } else { String::new() };
        Self { help, error }
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
