//! `kill`: switch machines off at once, without a shutdown.

use crate::cli::targets;
use crate::context::Context;
use crate::error::Result;
use crate::machine::many::{self, Action};

/// Switch machines off at once, without a shutdown
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Switches the machines off.
///
/// # Errors
/// As [`many::on_each`].
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let names = targets::several(&cx.store, &args.names)?;
    many::on_each(cx, &names, Action::Kill).await
}
