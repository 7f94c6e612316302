//! `__complete`: what the completion scripts call.

/// Answer what could stand at the cursor of a command line; the completion scripts call it
///
/// Arguments are: bash LINE BREAKS, where LINE is the command line up to the cursor and BREAKS is `COMP_WORDBREAKS`; or
/// fish, zsh or powershell, INDEX and the words up to the cursor, where the one with that number (from 0, the program)
/// is under it. The first line of the answer is `words`, `files` or `dirs`: the latter two are for the shell to
/// complete. Each line after it is a candidate: for bash the rest of the word, quoted; for the others the word, a tab
/// and what it means.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The shell and its question.
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}
