//! `create` is read in two steps: first its driver, then its words with the driver's flags.

use super::argv::{self, Flags, asks_for_help};
use super::failure::{Failure, from_clap};
use super::help::{self, Called, Order};
use super::{create_flags, driver_choice, flag, tree};
use crate::commands::Command;
use crate::context::Context;
use crate::driver::{Flag, FlagValue, Source};
use crate::env::Env;
use crate::machine;

/// Reads the words of a `create` and runs it, or prints its help.
pub(super) async fn run(cx: &Context, called: &Called, words: &[String]) -> Result<(), Failure> {
    let choice = driver_choice::choice(words, &cx.env);
    let driver = match machine::flags_of_driver(cx, &choice.name).await {
        Ok(flags) => create_flags::without_clashes(flags),
        // Nobody asked for the default driver: its absence does not stand in the way of the shared flags' help.
        Err(_) if choice.source == Source::Default && help_wanted(words) => Vec::new(),
        Err(error) => return Err(without_value(words, called).unwrap_or_else(|| error.into())),
    };
    match read(words, &choice.name, &driver, called, &cx.env)? {
        None => {
            cx.console.data(&help_text(&driver, called));
            Ok(())
        }
        Some(command) => command
            .run(cx)
            .await
            .map_err(|error| Failure::of_command(error, called, "create", || help_text(&driver, called))),
    }
}

/// The command with the values of all its flags; `None`: its help is wanted.
fn read(
    words: &[String],
    driver_name: &str,
    driver: &[Flag],
    called: &Called,
    env: &Env,
) -> Result<Option<Command>, Failure> {
    let mut tree = tree::program(driver);
    let flags = flag::of(tree.find_subcommand("create").expect("the tree has it"));
    let parsed = argv::parse(words, &flags, Flags::Anywhere)
        .map_err(|misuse| Failure::misuse(misuse, called, "create", || help_text(driver, called)))?;
    if parsed.is_on(&flags, "help") {
        return Ok(None);
    }
    let mut line = vec!["create".to_owned()];
    line.extend(parsed.for_clap(&flags, env));
    let program = tree::parse(&mut tree, line).map_err(|error| from_clap(&error))?;
    let mut command = program.command.expect("the line names it");
    if let Command::Create(args) = &mut command {
        args.values = create_flags::values(&parsed, &flags, driver, env);
        if args.values.string("driver") != driver_name {
            // `--driver ""` names none.
            args.values.give("driver", FlagValue::String(driver_name.to_owned()));
        }
        args.driver_name = driver_name.to_owned();
    }
    Ok(Some(command))
}

/// `create --driver` with nothing after it names no driver; that is what is wrong, not the default driver.
fn without_value(words: &[String], called: &Called) -> Option<Failure> {
    let tree = tree::program(&[]);
    let flags = flag::of(tree.find_subcommand("create").expect("the tree has it"));
    let misuse = argv::parse(words, &flags, Flags::Anywhere).err()?;
    misuse.lacks_value.then(|| Failure::misuse(misuse, called, "create", || help_text(&[], called)))
}

fn help_wanted(words: &[String]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| asks_for_help(word))
}

fn help_text(driver: &[Flag], called: &Called) -> String {
    let tree = tree::program(driver);
    help::command(tree.find_subcommand("create").expect("the tree has it"), Order::Sorted, called)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::FlagKind;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(|word| word.replace("''", "")).collect()
    }

    fn read_with(line: &str) -> Result<Option<Command>, Failure> {
        let flags = [Flag::new("a-size", FlagKind::Int(1), "", "")];
        let called = Called { argv0: "dm".into(), default_root: String::new(), width: None };
        read(&words(line), "a", &flags, &called, &Env::default())
    }

    #[test]
    fn create_is_handed_the_driver_the_names_and_every_value() {
        let Ok(Some(Command::Create(args))) = read_with("-d a n --a-size 0x10 m") else { panic!("create") };
        assert_eq!((args.driver_name.as_str(), args.names.join(" ").as_str()), ("a", "n m"));
        assert_eq!((args.values.int("a-size"), args.values.string("driver").as_str()), (16, "a"));
    }

    #[tokio::test]
    async fn a_driver_flag_without_a_driver_is_what_is_wrong() {
        let called = Called { argv0: "dm".to_owned(), ..Called::by(&Env::default()) };
        for (line, message) in
            [("web -d", "flag needs an argument: -d"), ("--driver", "flag needs an argument: -driver")]
        {
            let failure = run(&Context::for_test(), &called, &words(line)).await.expect_err("no driver");
            assert_eq!(failure.error.message(), message);
        }
        let failure = run(&Context::for_test(), &called, &words("web")).await.expect_err("no such driver");
        assert!(failure.error.message().starts_with("Driver \"virtualbox\" not found"));
    }

    #[test]
    fn misuse_of_create_shows_the_driver_s_flags_too() {
        let failure = read_with("-d a --nope n").unwrap_err();
        assert!(failure.help.starts_with("Incorrect Usage.\n\nUsage: docker-machine create "), "{failure:?}");
        assert!(failure.help.contains("\n   --a-size \"1\""), "{failure:?}");
        assert!(matches!(read_with("-d a -h"), Ok(None)));
    }
}
