//! The help texts: laid out for people at a terminal, and as programs expect them everywhere else.

mod piped;
mod terminal;

use super::globals;
use crate::env::Env;
use crate::version::{BUILD, VERSION};

pub(super) use terminal::described_argument;

/// How the program was called, for texts that repeat it.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    /// `argv[0]` as typed.
    pub(crate) argv0: String,
    /// The store's root if no flag and no variable names one.
    pub(crate) default_root: String,
    /// The width of the terminal that help is printed on, in columns; `None`: no terminal.
    pub(crate) width: Option<usize>,
}

impl Called {
    /// As the process was.
    pub(crate) fn by(env: &Env) -> Self {
        Self { argv0: env.program().to_owned(), default_root: globals::default_root(env), width: env.stdout_width }
    }

    /// The program's base name.
    pub(crate) fn program(&self) -> &str {
        self.argv0.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("docker-machine")
    }
}

/// In which order a command's flags are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they were declared.
    Declared,
    /// By label: `create --help`, where the driver's flags join the shared ones.
    Sorted,
}

/// The line of `--version`.
pub(crate) fn version(called: &Called) -> String {
    format!("{} version {VERSION}, build {BUILD}\n", called.program())
}

/// The program's help.
pub(crate) fn app(tree: &clap::Command, called: &Called) -> String {
    match called.width {
        Some(width) => terminal::app(tree, called, width),
        None => piped::app(tree, called),
    }
}

/// A command's help.
pub(crate) fn command(command: &clap::Command, order: Order, called: &Called) -> String {
    match called.width {
        Some(width) => terminal::command(command, called, width),
        None => piped::command(command, order, called),
    }
}

fn about_of(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// What the doc comment says after its first paragraph; `ARGV0` in it is the program as it was called.
fn description(command: &clap::Command, called: &Called) -> Option<String> {
    let long = command.get_long_about()?.to_string();
    let (_, description) = long.split_once("\n\n")?;
    Some(description.trim().replace("ARGV0", &called.argv0))
}
