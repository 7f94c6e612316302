//! `completion`: the script that teaches a shell this program's commands and flags.

use clap_complete::Shell;

use crate::error::{Error, Result};

/// Print the completion script for a shell
///
/// Argument is bash, zsh, fish, powershell or elvish.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The shell.
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Option<Shell>,
}

/// The script for the shell, made from the program's own tree of commands.
///
/// # Errors
/// No shell was named.
pub fn script(args: &Args, mut tree: clap::Command) -> Result<String> {
    let shell = args.shell.ok_or_else(|| Error::usage("Error: Expected the name of a shell as an argument"))?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut tree, "docker-machine", &mut script);
    Ok(String::from_utf8_lossy(&script).into_owned())
}
