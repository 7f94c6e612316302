//! The check that `env`, `config` and `create` make before they name an engine.

use std::time::Duration;

use super::{Endpoint, Engine, TlsFiles, load_trust};
use crate::error::{Error, Result};
use crate::store::AuthOptions;

/// The original's limit for the handshake; ours includes the request after it.
const LIMIT: Duration = Duration::from_secs(20);

/// Checks the engine at `url` with the certificates that a record names. See [`check_files`].
///
/// # Errors
/// See [`check_files`].
pub async fn check_connection(url: &str, auth: &AuthOptions) -> Result<()> {
    check_files(url, &TlsFiles::of(auth)).await
}

/// Checks that the engine at `url` has a certificate of the CA for that address, and takes the client's.
///
/// Under TLS 1.3 the client's handshake ends before the engine has judged the client certificate, so one
/// `GET /_ping` follows it.
///
/// # Errors
/// The original's three lines and an empty one, the reason in the first.
pub async fn check_files(url: &str, files: &TlsFiles) -> Result<()> {
    let endpoint: Endpoint = url.parse().map_err(|error: Error| error.context("Error parsing URL"))?;
    ask(&endpoint, files).await.map_err(|error| {
        let message = format!(
            "Error checking and/or regenerating the certs: There was an error validating certificates for host \
             \"{endpoint}\": {error}\n\
             You can attempt to regenerate them using 'docker-machine regenerate-certs [name]'.\n\
             Be advised that this will trigger a Docker daemon restart which might stop running containers.\n"
        );
        error.with_message(message)
    })
}

async fn ask(endpoint: &Endpoint, files: &TlsFiles) -> Result<()> {
    let engine = Engine::new(endpoint.clone(), load_trust(files)?, LIMIT);
    Ok(engine.ping().await?)
}
