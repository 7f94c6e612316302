//! `regenerate-certs`: make new TLS certificates for machines.

use crate::context::Context;
use crate::error::{Error, Result};

/// Make new TLS certificates for machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Do not ask first
    #[arg(long, short)]
    pub force: bool,
    /// Renew the certificate authority and the client certificate too
    #[arg(long)]
    pub client_certs: bool,
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// The command fails.
pub async fn run(_cx: &Context, _args: Args) -> Result<()> {
    std::future::ready(Err(Error::msg("not built yet"))).await
}
