//! `provision`: set Docker up again on existing machines.

use crate::cli::targets;
use crate::context::Context;
use crate::error::Result;
use crate::machine::many::{self, Action};

/// Set Docker up again on existing machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Brings Docker on the machines to the wanted state; what is right already is left alone.
///
/// # Errors
/// As [`many::on_each`].
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let names = targets::several(&cx.store, &args.names)?;
    many::on_each(cx, &names, Action::Provision).await
}
