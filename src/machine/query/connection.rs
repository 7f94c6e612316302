//! The engine's address of one machine, after a check that it answers to the machine's certificates.

use super::ask::certificates;
use super::swarm::replace_port;
use crate::context::Context;
use crate::docker::{TlsFiles, check_files};
use crate::error::{Error, Result};
use crate::machine::Host;
use crate::{certs, clock};

/// Checks a machine's engine, or the swarm that it is the master of, and gives its address.
///
/// # Errors
/// The computer is down, the check fails (the original's three lines), or the machine is no swarm master.
pub async fn checked_url(cx: &Context, host: &Host, swarm: bool) -> Result<String> {
    let engine = host.driver.url(&cx.for_driver()).await?;
    let files = certificates(cx, &host.name, &host.record);
    if !swarm {
        check_files(&engine, &files).await?;
        return Ok(engine);
    }
    let manager = swarm_url(host, &engine)?;
    match check_files(&manager, &files).await {
        Ok(()) => Ok(manager),
        Err(error) => Err(swarm_error(&engine, &files, error).await),
    }
}

/// Says which of a machine's certificates end soon. Only to a person: programs that join our two streams must see
/// nothing on standard error.
pub fn warn_before_expiry(cx: &Context, host: &Host) {
    if !cx.env.stderr_tty {
        return;
    }
    let Ok(auth) = host.auth() else { return };
    for warning in certs::expiry_warnings(&host.name, auth, clock::now()) {
        cx.console.warn(warning);
    }
}

/// Tells a swarm that is not there from certificates that are wrong.
async fn swarm_error(engine: &str, files: &TlsFiles, error: Error) -> Error {
    if check_files(engine, files).await.is_err() {
        return error;
    }
    Error::msg("Connection to Swarm cannot be checked but the certs are valid. Maybe swarm is not started")
}

/// The machine's address with the port of its swarm.
fn swarm_url(host: &Host, engine: &str) -> Result<String> {
    let Some(swarm) = host.swarm().filter(|swarm| swarm.master) else {
        return Err(Error::msg(format!(
            "\"{}\" is not a swarm master. The --swarm flag is intended for use with swarm masters",
            host.name
        )));
    };
    replace_port(engine, &swarm.host).ok_or_else(|| {
        Error::msg(format!("the swarm's address {:?} or the engine's {engine:?} has no port", swarm.host))
    })
}
