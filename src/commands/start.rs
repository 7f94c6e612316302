//! `start`: start machines.

use crate::cli::targets;
use crate::context::Context;
use crate::error::Result;
use crate::machine::many::{self, Action};

/// Start machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Starts the machines; one that runs already is an error.
///
/// # Errors
/// As [`many::on_each`].
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let names = targets::several(&cx.store, &args.names)?;
    many::on_each(cx, &names, Action::Start).await?;
    cx.console
        .say("Started machines may have new IP addresses. You may need to re-run the `docker-machine env` command.");
    Ok(())
}
