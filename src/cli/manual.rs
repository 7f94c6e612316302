//! The manual pages, from the same tree as the help.

use clap::Command;
use clap_mangen::Man;

use super::flag;
use super::help::described_argument;
use super::{create_flags, tree};
use crate::commands::man::Page;
use crate::context::Context;
use crate::driver::registry;
use crate::error::Result;
use crate::machine;
use crate::version::VERSION;

/// All pages: the program's first, then one for each command that help lists. `create` has the flags of every
/// built-in driver.
///
/// # Errors
/// A driver does not tell its flags.
pub(crate) async fn pages(cx: &Context) -> Result<Vec<Page>> {
    let mut drivers = Vec::new();
    for name in registry::known() {
        let flags = create_flags::without_clashes(machine::flags_of_driver(cx, name).await?);
        let heading = format!("Options of driver {name}");
        drivers.extend(flags.iter().map(|flag| flag::argument(flag).help_heading(heading.clone())));
    }
    let mut tree = tree::program(&[])
        .version(VERSION)
        .mut_args(described_argument)
        .mut_subcommand("create", |create| create.args(drivers))
        .mut_subcommands(|command| described(command).mut_args(described_argument))
        .mut_subcommand("create", |create| create.override_usage("docker-machine create [OPTIONS] NAME"))
        .override_usage("docker-machine [OPTIONS] COMMAND [arg...]")
        .subcommand_help_heading("COMMANDS");
    tree.build();
    let commands = tree.get_subcommands().filter(|command| !command.is_hide_set());
    std::iter::once(&tree).chain(commands).map(page).collect()
}

fn page(command: &Command) -> Result<Page> {
    let man = Man::new(command.clone()).source(format!("docker-machine {VERSION}"));
    let mut text = Vec::new();
    man.render(&mut text)?;
    Ok(Page { file: man.get_filename(), text: String::from_utf8_lossy(&text).into_owned() })
}

/// The help of a command speaks of how it was called; a page cannot know that.
fn described(command: Command) -> Command {
    match command.get_long_about().map(|text| text.to_string().replace("ARGV0", "docker-machine")) {
        Some(text) => command.long_about(text),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_is_a_page_for_every_command_that_help_lists() {
        let pages = pages(&Context::for_test()).await.unwrap();
        let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        assert_eq!(files[..3], ["docker-machine.1", "docker-machine-active.1", "docker-machine-config.1"]);
        assert!(!files.contains(&"docker-machine-__complete.1"));
        let create = &pages.iter().find(|page| page.file == "docker-machine-create.1").unwrap().text;
        for text in ["OPTIONS OF DRIVER GENERIC", "\\-\\-generic\\-ip\\-address", "[$MACHINE_DRIVER]"] {
            assert!(create.contains(text), "{text} in {create}");
        }
        assert!(!create.contains("ARGV0"), "{create}");
    }
}
