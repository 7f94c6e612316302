//! `version`: print the version of this program, or of a machine's Docker Engine.

use crate::commands::targets;
use crate::context::Context;
use crate::docker::TrustPool;
use crate::error::{Context as _, Result};
use crate::machine::{Host, query};
use crate::version::{BUILD, VERSION};

/// Print the version of this program, or of a machine's Docker Engine
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machine; without one this program's own version.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Asks the machine's engine.
///
/// # Errors
/// Several names, no such machine, or its engine does not answer.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if args.names.is_empty() {
        cx.console.line(format!("docker-machine version {VERSION}, build {BUILD}"));
        return Ok(());
    }
    targets::at_most_one(&args.names)?;
    let host = Host::load(cx, &targets::one(&cx.store, &args.names)?)?;
    let url = host.driver.url(&cx.for_driver()).await.context("Unable to query docker version")?;
    let files = query::certificates(cx, &host.name, &host.record);
    cx.console.line(query::engine_version(&TrustPool::default(), &url, &files).await?);
    Ok(())
}
