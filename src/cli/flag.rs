//! A flag as Go's grammar, the help texts and the completions see it, read from clap's arguments.

use clap::builder::{ArgExt, ValueParser};
use clap::{Arg, ArgAction, ValueHint};

use crate::console::visible_line;
use crate::driver::{Flag, FlagKind};

/// The variables that stand in for a flag, first one first. Not clap's `env`: we read [`crate::env::Env`].
#[derive(Clone, Debug)]
pub(crate) struct Variables(pub(crate) Vec<String>);

impl ArgExt for Variables {}

impl Variables {
    /// From the list form of drivers' flags: `OS_TENANT,OS_PROJECT`.
    pub(crate) fn parse(names: &str) -> Self {
        Self(names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
    }
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing, or `=true`, `=false`.
    Bool,
    /// A number.
    Int,
    /// A text.
    Text,
    /// A text each time it is given.
    List,
}

/// A flag of the tree, as the grammar and the help need it.
#[derive(Clone, Debug)]
pub(crate) struct FlagSpec {
    pub(crate) long: Option<String>,
    pub(crate) short: Option<char>,
    pub(crate) takes: Takes,
    pub(crate) variables: Vec<String>,
    pub(crate) default: String,
    pub(crate) help: String,
    /// What TAB offers for its value.
    pub(crate) hint: ValueHint,
}

impl FlagSpec {
    /// Whether `name`, without dashes, means this flag.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.long.as_deref() == Some(name) || self.is_short(name)
    }

    /// Whether `name` is its short form.
    pub(crate) fn is_short(&self, name: &str) -> bool {
        let mut letters = name.chars();
        self.short.is_some() && letters.next() == self.short && letters.next().is_none()
    }

    /// Its longest form with dashes, as clap takes it.
    pub(crate) fn dashed(&self) -> String {
        match (&self.long, self.short) {
            (Some(long), _) => format!("--{long}"),
            (None, short) => format!("-{}", short.unwrap_or_default()),
        }
    }

    fn of(arg: &Arg) -> Self {
        let number: ValueParser = clap::value_parser!(i64).into();
        let takes = match arg.get_action() {
            ArgAction::SetTrue => Takes::Bool,
            ArgAction::Append => Takes::List,
            _ if arg.get_value_parser().type_id() == number.type_id() => Takes::Int,
            _ => Takes::Text,
        };
        Self {
            long: arg.get_long().map(str::to_owned),
            short: arg.get_short(),
            takes,
            variables: arg.get::<Variables>().map(|variables| variables.0.clone()).unwrap_or_default(),
            default: arg
                .get_default_values()
                .first()
                // Help shows it, and a plugin may have chosen it.
                .map(|text| visible_line(&text.to_string_lossy()).into_owned())
                .unwrap_or_default(),
            help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            hint: arg.get_value_hint(),
        }
    }
}

/// A command's flags in the order of help. `--help` is among them for the grammar; help leaves it out.
pub(crate) fn of(command: &clap::Command) -> Vec<FlagSpec> {
    command.get_arguments().filter(|arg| !arg.is_positional()).map(FlagSpec::of).collect()
}

/// A driver's flag as an argument of `create`.
pub(crate) fn argument(flag: &Flag) -> Arg {
    let arg = Arg::new(flag.name.clone()).long(flag.name.clone()).help(flag.usage.clone());
    let arg = match &flag.kind {
        FlagKind::String(default) => arg.action(ArgAction::Set).default_value(default.clone()),
        FlagKind::Int(default) => {
            arg.action(ArgAction::Set).value_parser(clap::value_parser!(i64)).default_value(default.to_string())
        }
        FlagKind::Bool => arg.action(ArgAction::SetTrue),
        FlagKind::List(default) => arg.action(ArgAction::Append).default_values(default.clone()),
    };
    match &flag.env {
        Some(names) => arg.add(Variables::parse(names)),
        None => arg,
    }
}
