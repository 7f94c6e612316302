//! The tree of commands: the single source of every flag's name, short name, help, variable and default.
//!
//! clap builds it from the commands' own structs; Go's grammar ([`super::argv`]), the help texts and the
//! completions all read it from here.

use clap::{Arg, ArgAction, CommandFactory, FromArgMatches};

use super::create_flags;
use super::globals::GlobalArgs;
use crate::commands::Command;
use crate::driver::Flag;

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

/// The tree; `extra` are the chosen driver's flags, which join those of `create`.
pub(crate) fn program(extra: &[Flag]) -> clap::Command {
    let help = || Arg::new("help").long("help").short('h').action(ArgAction::SetTrue).help("Show this help");
    Program::command().mut_subcommands(|command| match command.get_name() {
        "create" => command.args(create_flags::arguments(extra)).arg(help()),
        _ => command.arg(help()),
    })
}

/// Typed values from words that the grammar has put into clap's form.
///
/// # Errors
/// clap's, for what the grammar does not know: a word that is none of a positional's values.
pub(crate) fn parse(tree: &mut clap::Command, words: Vec<String>) -> Result<Program, clap::Error> {
    Program::from_arg_matches(
        &tree.try_get_matches_from_mut(std::iter::once("docker-machine".to_owned()).chain(words))?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flag::{self, Takes};
    use crate::driver::FlagKind;

    #[test]
    fn the_tree_is_sound() {
        program(&[Flag::new("x-list", FlagKind::List(vec!["a".into()]), "A,B", "text")]).debug_assert();
    }

    #[test]
    fn commands_stand_in_the_original_order_and_ours_after_them() {
        let tree = program(&[]);
        let names: Vec<&str> = tree.get_subcommands().map(clap::Command::get_name).collect();
        let wanted = "active config create env inspect ip kill ls provision regenerate-certs restart rm ssh scp mount \
                      start status stop upgrade url version help completion gc drivers man __complete";
        assert_eq!(names.join(" "), wanted);
    }

    #[test]
    fn a_flag_knows_what_it_takes() {
        let tree = program(&[]);
        let takes = |command: &str, flag: &str| {
            let specs = flag::of(tree.find_subcommand(command).unwrap());
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
