//! What belongs where: flags' values and commands' words, as data.

use clap::ValueHint;

use super::super::flag::{FlagSpec, Takes};
use super::completions::Paths;

/// Which machines a command is for, if their states are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PowerFilter {
    Any,
    Running,
    /// Everything but running ones.
    Off,
}

/// A kind of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values<'f> {
    /// Free text, or nothing at all.
    Unknown,
    Fixed(&'static [&'static str]),
    Paths(Paths),
    Machines(PowerFilter),
    Drivers,
    Commands,
    /// What `completion` prints.
    Scripts,
    /// What the drivers offer for the flag of this name.
    OfDriver(&'f str),
    /// `key=value` of `ls --filter`.
    Filters,
    /// A local path, or `[user@]machine:path`.
    CopySide,
    /// `[user@]machine:path`.
    MountSource,
}

const SWITCH: &[&str] = &["true", "false"];

/// Values of flags, by long name; drivers know those of their own.
const FLAGS: &[(&str, Values<'static>)] = &[
    ("driver", Values::Drivers),
    ("engine-storage-driver", Values::Fixed(&["overlay2", "fuse-overlayfs", "btrfs", "zfs", "vfs", "devicemapper"])),
    ("filter", Values::Filters),
    ("shell", Values::Fixed(&["bash", "cmd", "emacs", "fish", "powershell", "tcsh", "zsh"])),
    ("swarm-strategy", Values::Fixed(&["binpack", "random", "spread"])),
];

/// What a flag's value may be.
pub(super) fn of_flag<'f>(command: Option<&str>, flag: &'f FlagSpec) -> Values<'f> {
    if flag.takes == Takes::Bool {
        return Values::Fixed(SWITCH);
    }
    match flag.hint {
        ValueHint::DirPath => return Values::Paths(Paths::Folders),
        ValueHint::FilePath => return Values::Paths(Paths::Files),
        _ => {}
    }
    if command == Some("ls") && flag.is_called("format") {
        return Values::Fixed(&["json", "jsonl", "table"]);
    }
    if command == Some("drivers") && flag.is_called("format") {
        return Values::Fixed(&["json", "table"]);
    }
    let of_driver = || flag.long.as_deref().map_or(Values::Unknown, Values::OfDriver);
    FLAGS.iter().find(|(name, _)| flag.is_called(name)).map_or_else(of_driver, |(_, values)| *values)
}

/// What the word after `index` other words of a command may be.
pub(super) fn of_word(command: &str, index: usize) -> Values<'static> {
    match (command, index) {
        ("config" | "env" | "ssh" | "version", 0) => Values::Machines(PowerFilter::Running),
        ("url", 0) | ("ip" | "kill" | "provision" | "regenerate-certs" | "stop", _) => {
            Values::Machines(PowerFilter::Running)
        }
        ("inspect" | "status", 0) | ("restart" | "rm" | "upgrade", _) => Values::Machines(PowerFilter::Any),
        ("start", _) => Values::Machines(PowerFilter::Off),
        ("scp", 0 | 1) => Values::CopySide,
        ("mount", 0) => Values::MountSource,
        ("mount", 1) | ("man", 0) => Values::Paths(Paths::Folders),
        ("completion", 0) => Values::Scripts,
        ("help", 0) => Values::Commands,
        _ => Values::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{flag, tree};
    use super::*;
    use crate::context::Context;
    use crate::machine;

    /// A new command or renamed flag must not be forgotten here.
    #[tokio::test]
    async fn the_tables_and_the_tree_agree() {
        let flags = machine::flags_of_driver(&Context::for_test(), "generic").await.unwrap();
        let tree = tree::program(&flags);
        let all: Vec<FlagSpec> = tree.get_subcommands().flat_map(flag::of).collect();
        for (name, _) in FLAGS {
            assert!(all.iter().any(|flag| flag.is_called(name)), "no flag --{name}");
        }
        for command in tree.get_subcommands() {
            let free = ["active", "create", "drivers", "gc", "ls", "__complete"].contains(&command.get_name());
            assert_eq!(of_word(command.get_name(), 0) == Values::Unknown, free, "{}", command.get_name());
        }
    }

    #[test]
    fn paths_are_marked_in_the_tree() {
        let flags = flag::of(&tree::program(&[]));
        let of = |name: &str| of_flag(None, flags.iter().find(|flag| flag.is_called(name)).unwrap());
        assert_eq!(of("storage-path"), Values::Paths(Paths::Folders));
        assert_eq!(of("tls-ca-key"), Values::Paths(Paths::Files));
        assert_eq!(of("debug"), Values::Fixed(SWITCH));
        assert_eq!(of("github-api-token"), Values::OfDriver("github-api-token"));
    }
}
