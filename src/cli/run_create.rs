//! `create` is read in two steps: first its driver, then its words with the driver's flags.

use super::argv::{self, Flags};
use super::help::{self, Called, Order};
use super::plan::{asks_for_help, from_clap};
use super::{Failure, create_flags, tree};
use crate::commands::Command;
use crate::context::Context;
use crate::driver::{Flag, MachinePlace, registry};
use crate::env::Env;
use crate::error::Result;
use crate::store::Name;

/// The driver that a command line names.
struct Wanted {
    name: String,
    /// It was asked for, by flag or variable.
    chosen: bool,
}

/// Reads the words of a `create` and runs it, or prints its help.
pub(super) async fn run(cx: &Context, called: &Called, words: &[String]) -> Result<(), Failure> {
    let wanted = wanted_driver(words, &cx.env);
    let driver = match driver_flags(cx, &wanted.name).await {
        Ok(flags) => create_flags::without_clashes(flags),
        // Nobody asked for the default driver: its absence does not stand in the way of the shared flags' help.
        Err(_) if !wanted.chosen && help_wanted(words) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    match read(words, &driver, called, &cx.env)? {
        None => {
            cx.console.data(&help_text(&driver, called));
            Ok(())
        }
        Some(command) => {
            command.run(cx).await.map_err(|error| Failure::of_command(error, || help_text(&driver, called)))
        }
    }
}

/// The command with the values of all its flags; `None`: its help is wanted.
fn read(words: &[String], driver: &[Flag], called: &Called, env: &Env) -> Result<Option<Command>, Failure> {
    let mut tree = tree::program(driver);
    let flags = tree::flags(tree.find_subcommand("create").expect("the tree has it"));
    let parsed = argv::parse(words, &flags, Flags::Anywhere)
        .map_err(|misuse| Failure::misuse(misuse, &help_text(driver, called)))?;
    if parsed.is_on(&flags, "help") {
        return Ok(None);
    }
    let mut line = vec!["create".to_owned()];
    line.extend(parsed.for_clap(&flags, env));
    let (program, matches) = tree::parse(&mut tree, line).map_err(|error| from_clap(&error))?;
    let matches = matches.subcommand_matches("create").expect("the line names it");
    let mut command = program.command.expect("the line names it");
    if let Command::Create(args) = &mut command {
        args.values = create_flags::values(matches, driver);
        args.driver_name = args.values.string("driver");
    }
    Ok(Some(command))
}

fn wanted_driver(words: &[String], env: &Env) -> Wanted {
    let tree = tree::program(&[]);
    let flags = tree::flags(tree.find_subcommand("create").expect("the tree has it"));
    let named = argv::peek(words, &flags, "driver").or_else(|| env.var("MACHINE_DRIVER").map(str::to_owned));
    match named {
        Some(name) => Wanted { name, chosen: true },
        None => Wanted { name: create_flags::DEFAULT_DRIVER.to_owned(), chosen: false },
    }
}

/// The flags of a driver, asked before there is a machine.
async fn driver_flags(cx: &Context, name: &str) -> Result<Vec<Flag>> {
    let machine: Name = "flag-lookup".parse()?;
    let place = MachinePlace { store: cx.store.root().to_owned(), folder: cx.store.folder(&machine), name: machine };
    registry::find(cx, name, &place)?.flags().await
}

fn help_wanted(words: &[String]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| asks_for_help(word))
}

fn help_text(driver: &[Flag], called: &Called) -> String {
    let tree = tree::program(driver);
    help::command(tree.find_subcommand("create").expect("the tree has it"), Order::Sorted, called)
}
