//! The tree of commands: the single source of every flag's name, short name, help, variable and default.
//!
//! clap builds it from the commands' own structs; Go's grammar ([`super::argv`]), the help texts and the
//! completions all read it from here.

use clap::builder::{ArgExt, ValueParser};
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, ValueHint};

use super::globals::GlobalArgs;
use crate::commands::Command;
use crate::driver::{Flag, FlagKind};

/// Create and manage machines running Docker
#[derive(clap::Parser, Debug)]
#[command(
    name = "docker-machine",
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true
)]
pub(crate) struct Program {
    #[command(flatten)]
    pub(crate) globals: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

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
                .map(|text| text.to_string_lossy().into_owned())
                .unwrap_or_default(),
            help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            hint: arg.get_value_hint(),
        }
    }
}

/// The tree; `extra` are the chosen driver's flags, which join those of `create`.
pub(crate) fn program(extra: &[Flag]) -> clap::Command {
    let help = || Arg::new("help").long("help").short('h').action(ArgAction::SetTrue).help("Show this help");
    Program::command().mut_subcommands(|command| match command.get_name() {
        "create" => command.args(super::create_flags::shared_arguments()).args(extra.iter().map(argument)).arg(help()),
        _ => command.arg(help()),
    })
}

/// A command's flags in the order of help. `--help` is among them for the grammar; help leaves it out.
pub(crate) fn flags(command: &clap::Command) -> Vec<FlagSpec> {
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

/// Typed values from words that the grammar has put into clap's form.
///
/// # Errors
/// clap's, for what the grammar does not know: a word that is none of a positional's values.
pub(crate) fn parse(tree: &mut clap::Command, words: Vec<String>) -> Result<(Program, clap::ArgMatches), clap::Error> {
    let matches = tree.try_get_matches_from_mut(std::iter::once("docker-machine".to_owned()).chain(words))?;
    Ok((Program::from_arg_matches(&matches)?, matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        program(&[Flag::new("x-list", FlagKind::List(vec!["a".into()]), "A,B", "text")]).debug_assert();
    }

    #[test]
    fn commands_stand_in_the_original_order_and_ours_after_them() {
        let tree = program(&[]);
        let names: Vec<&str> = tree.get_subcommands().map(clap::Command::get_name).collect();
        let wanted = "active config create env inspect ip kill ls provision regenerate-certs restart rm ssh scp mount \
                      start status stop upgrade url version help completion gc man __complete";
        assert_eq!(names.join(" "), wanted);
    }

    #[test]
    fn a_flag_knows_what_it_takes() {
        let tree = program(&[]);
        let takes = |command: &str, flag: &str| {
            let specs = flags(tree.find_subcommand(command).unwrap());
            specs.iter().find(|spec| spec.is_called(flag)).unwrap().takes
        };
        assert_eq!(takes("ls", "quiet"), Takes::Bool);
        assert_eq!(takes("ls", "t"), Takes::Int);
        assert_eq!(takes("ls", "filter"), Takes::List);
        assert_eq!(takes("ls", "f"), Takes::Text);
        assert_eq!(takes("create", "engine-opt"), Takes::List);
        assert_eq!(takes("rm", "y"), Takes::Bool);
    }
}
