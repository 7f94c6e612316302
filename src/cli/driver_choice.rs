//! Which driver a `create` is for.

use super::{argv, create_flags, flag, tree};
use crate::driver::Source;
use crate::env::Env;

/// The driver that a command line names.
pub(super) struct DriverChoice {
    pub(super) name: String,
    /// Who chose it.
    pub(super) source: Source,
}

/// The driver that the words of a `create`, or the environment, choose.
pub(super) fn choice(words: &[String], env: &Env) -> DriverChoice {
    let tree = tree::program(&[]);
    let flags = flag::of(tree.find_subcommand("create").expect("the tree has it"));
    let typed = argv::peek(words, &flags, "driver").filter(|name| !name.is_empty());
    match (typed, env.var("MACHINE_DRIVER")) {
        (Some(name), _) => DriverChoice { name, source: Source::Flag },
        (None, Some(name)) => DriverChoice { name: name.to_owned(), source: Source::Variable },
        (None, None) => DriverChoice { name: create_flags::DEFAULT_DRIVER.to_owned(), source: Source::Default },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(|word| word.replace("''", "")).collect()
    }

    fn wanted(line: &str, variable: &str) -> (String, Source) {
        let vars = [("MACHINE_DRIVER".to_owned(), variable.to_owned())].into();
        let DriverChoice { name, source } = choice(&words(line), &Env { vars, ..Env::default() });
        (name, source)
    }

    #[test]
    fn the_driver_is_found_before_its_flags_are_known() {
        let cases = [
            ("-d a n", "", "a", Source::Flag),
            ("n --driver=a", "", "a", Source::Flag),
            ("-driver a n", "", "a", Source::Flag),
            ("--a-flag x -d a -d b n", "", "b", Source::Flag),
            ("--engine-opt -d n", "", "virtualbox", Source::Default),
            ("n -- -d a", "", "virtualbox", Source::Default),
            ("n", "c", "c", Source::Variable),
            ("-d a n", "c", "a", Source::Flag),
            ("-d '' n", "c", "c", Source::Variable),
        ];
        for (line, variable, name, source) in cases {
            assert_eq!(wanted(line, variable), (name.to_owned(), source), "{line}");
        }
    }
}
