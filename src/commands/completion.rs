//! `completion`: the files that teach a shell this program's commands, a prompt, and the command `use`.

use crate::error::{Error, Result};

/// Print the completion script for a shell
///
/// Argument is bash, zsh, fish or powershell; or, for bash and zsh, prompt (`__docker_machine_ps1`) or wrapper (`docker-machine use`).
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The shell.
    #[arg(value_name = "SHELL", value_parser = SCRIPTS.map(|(name, _)| name))]
    pub name: Option<String>,
}

/// The files, by what they are for.
pub(crate) const SCRIPTS: [(&str, &str); 6] = [
    ("bash", include_str!("../../completions/docker-machine.bash")),
    ("fish", include_str!("../../completions/docker-machine.fish")),
    ("powershell", include_str!("../../completions/docker-machine.ps1")),
    ("prompt", include_str!("../../completions/docker-machine-prompt.bash")),
    ("wrapper", include_str!("../../completions/docker-machine-wrapper.bash")),
    ("zsh", include_str!("../../completions/_docker-machine")),
];

/// The file that was asked for.
///
/// # Errors
/// None was.
pub fn script(args: &Args) -> Result<String> {
    let wanted = args.name.as_deref();
    let found = SCRIPTS.iter().find(|(name, _)| Some(*name) == wanted).map(|(_, script)| (*script).to_owned());
    found.ok_or_else(|| Error::usage("Error: Expected the name of a shell as an argument"))
}
