//! `upgrade`: the package that owns dockerd, and what is installed of its family, to their newest versions.

use crate::console::Console;
use crate::error::{Error, Result};
use crate::ssh::Remote;
use crate::store::Name;

use super::facts::version_text;
use super::families::EngineSource;
use super::options::is_removed;
use super::{DetectedHost, Init, drop_in, openrc, plan, service};

/// What an upgrade did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// Whether there was anything newer.
    pub changed: bool,
    /// The engine's version now, as it names itself: `27.3.1`; empty if it does not.
    pub version: String,
}

/// Upgrades the engine, and restarts it only if it changed.
///
/// # Errors
/// There is no engine, no package owns it, its storage driver does not exist in newer engines, or a command fails
/// on the host.
pub async fn upgrade(
    remote: &dyn Remote,
    console: &Console,
    host: &DetectedHost,
    name: &Name,
    port: u16,
) -> Result<Upgraded> {
    let facts = &host.facts;
    if !facts.engine.is_installed() {
        return Err(Error::msg("there is no Docker Engine on the host to upgrade")
            .hint(format!("run `docker-machine provision {name}`")));
    }
    check_storage(host)?;
    let spinner = console.progress("Upgrading docker...");
    if host.family.engine == EngineSource::Image || facts.is_image {
        console
            .warn(format!("Docker is part of the {} image: it is upgraded with the operating system.", facts.os.id()));
        return Ok(Upgraded { changed: false, version: facts.engine.version_text.clone() });
    }
    let script = service(facts.init, port).part(plan::PACKAGES).part(include_str!("scripts/upgrade.sh"));
    let reply = script.run(remote, name).await?;
    drop(spinner);
    for note in &reply.notes {
        console.warn(note);
    }
    let version = reply.facts.get("engine-version").map(|text| version_text(text)).unwrap_or_default();
    let changed = reply.facts.contains_key("upgraded");
    if changed {
        let _spinner = console.progress("Restarting docker...");
        let old_pid = reply.facts.get("old-pid").cloned().unwrap_or_default();
        let script = service(facts.init, port).set("OLD_PID", old_pid);
        script.part(include_str!("scripts/restart.sh")).run(remote, name).await?;
    }
    Ok(Upgraded { changed, version })
}

/// An engine that would not start any more with its own options is left as it is.
fn check_storage(host: &DetectedHost) -> Result<()> {
    let facts = &host.facts;
    let driver = match facts.init {
        Some(Init::OpenRc) => facts.file("openrc-conf").and_then(openrc::storage_driver),
        _ => facts.file("drop-in").and_then(drop_in::storage_driver),
    };
    match driver {
        Some(driver) if is_removed(&driver, None) && !is_removed(&driver, facts.engine.version) => Err(Error::msg(
            format!("not upgraded: the engine uses storage driver \"{driver}\", which newer versions do not have"),
        )
        .hint("move its images and containers to overlay2 first")),
        _ => Ok(()),
    }
}
