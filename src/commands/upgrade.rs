//! `upgrade`: bring machines to the newest Docker.

use crate::cli::targets;
use crate::context::Context;
use crate::error::Result;
use crate::machine::many::{self, Action};

/// Bring machines to the newest Docker
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Upgrades the engines, several at the same time.
///
/// # Errors
/// As [`many::on_each`].
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let names = targets::several(&cx.store, &args.names)?;
    many::on_each(cx, &names, Action::Upgrade).await
}
