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
    let script = String::from_utf8_lossy(&script).into_owned();
    // clap_complete's bash script spells a program name with a dash in two ways, and so finds no command's flags.
    Ok(script.replace("docker__subcmd__machine", "docker__machine"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bash_script_has_a_case_for_each_command_it_recognises() {
        let tree = clap::Command::new("docker-machine").subcommand(clap::Command::new("regenerate-certs"));
        let script = script(&Args { shell: Some(Shell::Bash) }, tree).unwrap();
        let named = script.lines().find_map(|line| line.trim().strip_prefix("cmd=\"docker__machine__")).unwrap();
        let case = format!("docker__machine__{})", named.trim_end_matches('"'));
        assert!(script.lines().any(|line| line.trim() == case), "{script}");
    }

    #[test]
    fn a_shell_must_be_named() {
        let error = script(&Args { shell: None }, clap::Command::new("docker-machine")).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Usage);
    }
}
