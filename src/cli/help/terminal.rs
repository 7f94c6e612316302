//! Help for people: wrapped at the terminal's width, flags in groups. clap lays it out.

use clap::{Arg, Command};

use super::{Called, description};
use crate::cli::flag::Variables;

/// Below this, columns are too narrow to be read: the terminal may wrap instead.
const NARROWEST: usize = 40;

/// The program's help.
pub(super) fn app(tree: &Command, called: &Called, width: usize) -> String {
    let program = called.program();
    let root = |arg: Arg| {
        if arg.get_long() == Some("storage-path") { arg.default_value(called.default_root.clone()) } else { arg }
    };
    let tree = tree
        .clone()
        .override_usage(format!("{program} [OPTIONS] COMMAND [arg...]"))
        .mut_args(root)
        .help_template("{about}\n\nUsage: {usage}\n\nCommands:\n{subcommands}\n\nOptions:\n{options}{after-help}")
        .after_help(format!("Run '{program} COMMAND --help' for more information on a command."));
    render(tree, width)
}

/// A command's help.
pub(super) fn command(command: &Command, called: &Called, width: usize) -> String {
    let name = command.get_name();
    let shown = command.clone().bin_name(format!("docker-machine {name}"));
    // What the original says of the arguments stands in their list here.
    let shown = match description(command, called).filter(|text| !text.starts_with("Argument")) {
        Some(text) => shown.before_help(text),
        None => shown,
    };
    // `ssh` hands flags on to the other side and has none of its own.
    let own = command.get_opts().any(|arg| !arg.is_hide_set());
    let template = if own {
        "{about}\n\nUsage: {usage}\n\n{before-help}{all-args}"
    } else {
        "{about}\n\nUsage: {usage}\n\n{before-help}{positionals}"
    };
    render(shown.help_template(template), width)
}

fn render(command: Command, width: usize) -> String {
    let text = command
        .disable_help_flag(true)
        .term_width(width.max(NARROWEST))
        .mut_args(described_argument)
        .render_help()
        .to_string();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// An argument with the variables that stand in for it, a name for its value, and no default that says nothing.
pub(crate) fn described_argument(arg: Arg) -> Arg {
    // An empty text and a 0 stand for "not given": what happens then is in the flag's own words.
    let says_nothing = arg.get_default_values().first().is_some_and(|value| value.is_empty() || value == "0");
    let arg = if says_nothing { arg.hide_default_value(true) } else { arg };
    let unnamed = arg.get_action().takes_values() && arg.get_value_names().is_none();
    let arg = if unnamed { arg.value_name("VALUE") } else { arg };
    let variables = arg.get::<Variables>().map(|variables| variables.0.join(", $")).unwrap_or_default();
    if variables.is_empty() {
        return arg;
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [${variables}]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{flag, tree};
    use crate::driver::{Flag, FlagKind};

    fn create_at(width: usize) -> String {
        let flags = [
            Flag::new("cloud-size", FlagKind::Int(16), "CLOUD_SIZE", "Size of the disk in GiB").common(),
            Flag::new("cloud-rarely-needed-option-of-the-network", FlagKind::List(vec![]), "A,B", &"word ".repeat(40)),
            Flag::new("cloud-hops", FlagKind::Int(0), "", "Hops (default: 2)"),
        ];
        let called = Called { argv0: "/bin/dm".into(), default_root: "/root".into(), width: Some(width) };
        let tree = tree::program(&flags);
        command(tree.find_subcommand("create").unwrap(), &called, width)
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_no_word_is_lost() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let wide = words(&create_at(1000));
        for width in [60, 80, 110, 200] {
            let help = create_at(width);
            assert!(help.lines().all(|line| line.chars().count() <= width), "{width}\n{help}");
            assert_eq!(words(&help), wide, "{width}");
        }
    }

    #[test]
    fn a_driver_s_common_flags_stand_before_its_others_and_both_before_the_engine_s() {
        let help = create_at(100);
        let places: Vec<usize> = [
            "\nOptions:",
            "-d, --driver",
            "\nCommon driver options:",
            "--cloud-size",
            "\nMore driver options:",
            "--cloud-hops",
            "\nEngine options:",
            "--engine-opt",
            "\nSwarm options:",
        ]
        .iter()
        .map(|text| help.find(text).unwrap_or_else(|| panic!("{text} in {help}")))
        .collect();
        assert!(places.is_sorted(), "{help}");
        assert!(help.contains("[$CLOUD_SIZE] [default: 16]") && !help.contains("[default: 0]"), "{help}");
    }

    #[test]
    fn every_flag_of_every_command_is_shown_once() {
        let called = Called { argv0: "dm".into(), default_root: "/root".into(), width: Some(80) };
        let tree = tree::program(&[]);
        for sub in tree.get_subcommands().filter(|sub| sub.get_name() != "ssh") {
            let help = command(sub, &called, 80);
            let (_, help) = help.split_once("\nOptions:\n").expect("every command has --help");
            for long in flag::of(sub).iter().filter_map(|flag| flag.long.clone()) {
                let shown = help.split_whitespace().filter(|word| *word == format!("--{long}")).count();
                assert_eq!(shown, 1, "--{long} in {help}");
            }
        }
        assert!(app(&tree, &called, 80).contains("[default: /root]"));
    }
}
