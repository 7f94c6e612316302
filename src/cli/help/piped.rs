//! The original's layout, which completions and wrappers cut apart: columns padded with tabs, two spaces before a
//! command, three before a command's flag.

use std::fmt::Write;

use super::{Called, Order, about_of, description};
use crate::cli::flag::{self, FlagSpec, Takes};
use crate::version::{BUILD, VERSION};

/// The program's help.
pub(super) fn app(tree: &clap::Command, called: &Called) -> String {
    let program = called.program();
    let about = tree.get_about().map(ToString::to_string).unwrap_or_default();
    let mut flags = flag::of(tree);
    for flag in flags.iter_mut().filter(|flag| flag.is_called("storage-path")) {
        flag.default.clone_from(&called.default_root);
    }
    let options = columns("  ", flags.iter().map(|flag| (label(flag), text(flag))));
    let listed = tree.get_subcommands().filter(|command| !command.is_hide_set());
    let commands = columns("  ", listed.map(|command| (command.get_name().to_owned(), about_of(command))));
    format!(
        "Usage: {program} [OPTIONS] COMMAND [arg...]\n\n{about}\n\nVersion: {VERSION}, build {BUILD}\n\n\
         Author:\n  The docker-machine contributors\n\n\
         Options:\n{options}  \nCommands:\n{commands}  \n\
         Run '{program} COMMAND --help' for more information on a command.\n"
    )
}

/// A command's help.
pub(super) fn command(command: &clap::Command, order: Order, called: &Called) -> String {
    let (name, about) = (command.get_name(), about_of(command));
    let flags: Vec<FlagSpec> = flag::of(command).into_iter().filter(|flag| !flag.is_called("help")).collect();
    let options = if flags.is_empty() { "" } else { "[OPTIONS] " };
    let mut help = format!("Usage: docker-machine {name} {options}[arg...]\n\n{about}\n");
    if let Some(description) = description(command, called) {
        _ = write!(help, "\nDescription:\n   {description}\n");
    }
    if !flags.is_empty() {
        let mut rows: Vec<(String, String)> = flags.iter().map(|flag| (label(flag), text(flag))).collect();
        if order == Order::Sorted {
            rows.sort();
        }
        help += "\nOptions:\n   \n";
        help += &columns("   ", rows.into_iter());
    }
    help
}

/// `--name, -n "default"`.
fn label(flag: &FlagSpec) -> String {
    let long = flag.long.as_ref().map(|long| format!("--{long}"));
    let short = flag.short.map(|short| format!("-{short}"));
    let names = [long, short].into_iter().flatten().collect::<Vec<_>>().join(", ");
    match flag.takes {
        Takes::Bool => names,
        Takes::Text if flag.default.is_empty() => format!("{names} "),
        Takes::Text | Takes::Int => format!("{names} \"{}\"", flag.default),
        Takes::List => format!("{names} [{0} option {0} option]", flag.dashed()),
    }
}

fn text(flag: &FlagSpec) -> String {
    if flag.variables.is_empty() {
        return flag.help.clone();
    }
    format!("{} [${}]", flag.help, flag.variables.join(", $"))
}

/// Two columns with tab stops of 8, at least one blank's width between them, as Go's `tabwriter` fills them.
fn columns(indent: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    const STOP: usize = 8;
    let width = |left: &str| indent.len() + left.chars().count();
    let rows: Vec<(String, String)> = rows.collect();
    let column = rows.iter().map(|(left, _)| width(left) + 1).max().unwrap_or_default().next_multiple_of(STOP);
    let mut text = String::new();
    for (left, right) in &rows {
        let tabs = "\t".repeat((column - width(left)).div_ceil(STOP));
        _ = writeln!(text, "{indent}{left}{tabs}{right}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tree;

    fn called(argv0: &str) -> Called {
        Called { argv0: argv0.into(), default_root: "/home/u/.docker".into(), width: None }
    }

    #[test]
    fn the_program_is_called_by_its_base_name() {
        assert_eq!(called("/usr/bin/dm").program(), "dm");
        assert_eq!(called("docker-machine").program(), "docker-machine");
        assert_eq!(called("").program(), "docker-machine");
    }

    #[test]
    fn columns_are_filled_with_tabs_to_the_widest_label() {
        let rows = [("--force, -f", "a"), ("-y", "b")].map(|(left, right)| (left.to_owned(), right.to_owned()));
        assert_eq!(columns("   ", rows.into_iter()), "   --force, -f\ta\n   -y\t\tb\n");
        let full = [("1234567", "a"), ("1", "b")].map(|(left, right)| (left.to_owned(), right.to_owned()));
        assert_eq!(columns(" ", full.into_iter()), " 1234567\ta\n 1\t\tb\n");
    }

    #[test]
    fn labels_show_short_names_and_defaults() {
        let tree = tree::program(&[]);
        let labels =
            |name: &str| -> Vec<String> { flag::of(tree.find_subcommand(name).unwrap()).iter().map(label).collect() };
        assert_eq!(
            labels("ls"),
            [
                "--quiet, -q",
                "--filter [--filter option --filter option]",
                "--timeout, -t \"10\"",
                "--format, -f ",
                "--help, -h"
            ]
        );
        assert_eq!(labels("create")[0], "--driver, -d \"virtualbox\"");
        assert_eq!(labels("rm")[1], "-y");
    }

    #[test]
    fn a_flag_with_two_variables_shows_both() {
        let flag = crate::driver::Flag::new("x", crate::driver::FlagKind::Bool, "A,B", "Text");
        let tree = tree::program(&[flag]);
        let help = command(tree.find_subcommand("create").unwrap(), Order::Sorted, &called("dm"));
        assert!(help.contains("\tText [$A, $B]\n"), "{help}");
    }

    #[test]
    fn every_line_of_a_command_s_flags_starts_with_three_spaces() {
        let tree = tree::program(&[]);
        for sub in tree.get_subcommands() {
            let help = command(sub, Order::Declared, &called("dm"));
            let Some((_, options)) = help.split_once("Options:\n   \n") else { continue };
            assert!(options.lines().all(|line| line.starts_with("   -") && line.contains('\t')), "{help}");
        }
    }
}
