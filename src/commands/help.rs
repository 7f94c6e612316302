//! `help`: the list of commands, or the help of one.

/// Show the list of commands, or the help of one command
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The command.
    #[arg(value_name = "COMMAND")]
    pub topics: Vec<String>,
}
