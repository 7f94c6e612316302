//! `restart`: restart machines.

use crate::cli::targets;
use crate::context::Context;
use crate::error::Result;
use crate::machine::many::{self, Action};

/// Restart machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Restarts the machines and waits until they are back.
///
/// # Errors
/// As [`many::on_each`].
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let names = targets::several(&cx.store, &args.names)?;
    many::on_each(cx, &names, Action::Restart).await?;
    cx.console
        .say("Restarted machines may have new IP addresses. You may need to re-run the `docker-machine env` command.");
    Ok(())
}
