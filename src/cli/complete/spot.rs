//! Where the cursor is in a command line, by the grammar of [`super::super::argv`]; unlike that, it forgives.

use super::super::argv::{Flags, split};
use super::super::flag::{self, FlagSpec, Takes};

/// What is being typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The name of a flag.
    FlagName,
    /// The value of `flags[flag]`; `joined` stands before it in the same word: `--flag=`.
    Value { flag: usize, joined: String },
    /// The command.
    Command,
    /// A word of a command that is no flag.
    Word,
}

/// The cursor's place.
#[derive(Debug)]
pub(super) struct Spot {
    /// The command, if there is one before the cursor.
    pub(super) command: Option<String>,
    pub(super) what: What,
    /// The flags that may be given here.
    pub(super) flags: Vec<FlagSpec>,
    /// Which of them were given already.
    pub(super) used: Vec<bool>,
    /// The command's words that are no flags.
    pub(super) positionals: Vec<String>,
    /// The folder of `--storage-path`.
    pub(super) storage_path: Option<String>,
}

impl Spot {
    /// Reads the words before the cursor, and the part of the word under it that is before it. `wrapped`: the shell
    /// has the command `use`, which takes what `env` takes.
    pub(super) fn find(tree: &clap::Command, words: &[String], current: &str, wrapped: bool) -> Self {
        let flags = flag::of(tree);
        let globals = Walk::along(words, &flags, Flags::Leading);
        let storage_path = globals.value(&flags, "storage-path");
        let Some((word, rest)) = globals.positionals.split_first() else {
            return globals.end(None, flags, current, storage_path);
        };
        let is_use = wrapped && word == "use";
        let Some(command) = tree.find_subcommand(if is_use { "env" } else { word }) else {
            // An unknown command: nothing can be said about what follows.
            let nowhere = Walk { closed: true, ..Walk::default() };
            return nowhere.end(Some(word.clone()), Vec::new(), current, storage_path);
        };
        let mut flags = flag::of(command);
        // The wrapper knows its shell.
        flags.retain(|flag| !(is_use && flag.is_called("shell")));
        // Everything after a machine's name belongs to the remote command.
        let place = if command.get_name() == "ssh" { Flags::Leading } else { Flags::Anywhere };
        let walk = Walk::along(rest, &flags, place);
        walk.end(Some(command.get_name().to_owned()), flags, current, storage_path)
    }
}

/// The way through the words up to the cursor.
#[derive(Debug, Default)]
struct Walk {
    /// Per flag, the values given.
    values: Vec<Vec<String>>,
    positionals: Vec<String>,
    /// The flag whose value comes next.
    pending: Option<usize>,
    /// No flag may follow.
    closed: bool,
}

impl Walk {
    fn along(words: &[String], flags: &[FlagSpec], place: Flags) -> Self {
        let mut walk = Self { values: vec![Vec::new(); flags.len()], ..Self::default() };
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match split(word) {
                Ok(Some((name, value))) => {
                    let Some(index) = flags.iter().position(|flag| flag.is_called(name)) else { continue };
                    let value = match value {
                        None if flags[index].takes != Takes::Bool => rest.next().map(String::as_str),
                        value => Some(value.unwrap_or("true")),
                    };
                    walk.pending = if value.is_none() { Some(index) } else { None };
                    walk.values[index].extend(value.map(str::to_owned));
                }
                Ok(None) if word == "--" => walk.closed = true,
                Ok(None) => {
                    walk.positionals.push(word.clone());
                    walk.closed = place == Flags::Leading;
                }
                Err(_) => {}
            }
            if walk.closed {
                break;
            }
        }
        walk.positionals.extend(rest.cloned());
        walk
    }

    fn value(&self, flags: &[FlagSpec], name: &str) -> Option<String> {
        let (_, values) = flags.iter().zip(&self.values).find(|(flag, _)| flag.is_called(name))?;
        values.last().cloned()
    }

    fn end(self, command: Option<String>, flags: Vec<FlagSpec>, current: &str, storage_path: Option<String>) -> Spot {
        let what = self.what(command.is_none(), &flags, current);
        let used = self.values.iter().map(|values| !values.is_empty()).collect();
        Spot { command, what, flags, used, positionals: self.positionals, storage_path }
    }

    fn what(&self, before_command: bool, flags: &[FlagSpec], current: &str) -> What {
        if let Some(flag) = self.pending {
            return What::Value { flag, joined: String::new() };
        }
        if !self.closed && current.starts_with('-') {
            let Ok(Some((name, Some(value)))) = split(current) else { return What::FlagName };
            let joined = current[..current.len() - value.len()].to_owned();
            let flag = flags.iter().position(|flag| flag.is_called(name));
            return flag.map_or(What::FlagName, |flag| What::Value { flag, joined });
        }
        if before_command { What::Command } else { What::Word }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tree;

    /// The spot at the end of a line; a trailing blank begins a new word.
    fn spot(line: &str) -> Spot {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let current = words.pop().unwrap();
        Spot::find(&tree::program(&[]), &words, &current, true)
    }

    /// `COMMAND FLAG= WORDS`: what is being typed, in a form that can be read.
    fn shown(line: &str) -> String {
        let spot = spot(line);
        let command = spot.command.as_deref().unwrap_or("-");
        match &spot.what {
            What::FlagName => format!("{command} flag"),
            What::Value { flag, joined } => format!("{command} {}{joined}", spot.flags[*flag].dashed()),
            What::Command => "command".to_owned(),
            What::Word => format!("{command} word after [{}]", spot.positionals.join(" ")),
        }
    }

    #[test]
    fn the_cursor_is_found_by_the_grammar() {
        for (line, wanted) in [
            ("", "command"),
            ("l", "command"),
            ("-D ", "command"),
            ("-", "- flag"),
            ("--sto", "- flag"),
            ("-s ", "- --storage-path"),
            ("--storage-path=/a", "- --storage-path--storage-path="),
            ("-s /a ls ", "ls word after []"),
            ("rm a -f ", "rm word after [a]"),
            ("rm a -", "rm flag"),
            ("rm a -- -", "rm word after [a]"),
            ("ls --filter ", "ls --filter"),
            ("ls -filter=st", "ls --filter-filter="),
            ("create -d ", "create --driver"),
            ("create -d none --tls-san x ", "create word after []"),
            ("ssh ", "ssh word after []"),
            ("ssh --h", "ssh flag"),
            ("ssh web -", "ssh word after [web]"),
            ("use ", "env word after []"),
            ("bogus ", "bogus word after []"),
            ("bogus -", "bogus word after []"),
        ] {
            assert_eq!(shown(line), wanted, "{line}");
        }
    }

    #[test]
    fn flags_that_were_given_and_the_store_are_noticed() {
        let spot = spot("-s x --storage-path=/a ls -q ");
        assert_eq!(spot.storage_path.as_deref(), Some("/a"));
        let used: Vec<String> =
            spot.flags.iter().zip(&spot.used).filter(|(_, used)| **used).map(|(flag, _)| flag.dashed()).collect();
        assert_eq!(used, ["--quiet"]);
    }
}
