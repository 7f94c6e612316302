//! Docker on a machine: `provision`, `regenerate-certs`, and the last part of `create`.

use std::net::Ipv6Addr;

use super::certificates::{Needs, Reissue};
use super::login::wait_for_ssh;
use super::{Host, computer};
use crate::certs;
use crate::clock;
use crate::context::Context;
use crate::docker::{TlsFiles, check_files};
use crate::driver::HostKind;
use crate::driver::base::bare_host;
use crate::error::{Context as _, Error, Kind, Result};
use crate::provision::{self, Firewall, HostCertificates, Spec, Upgraded};
use crate::ssh::{Connection, Patience};

/// `off`: the host's own firewall is never changed, even if it keeps us from the engine.
const FIREWALL: &str = "MACHINE_OPEN_FIREWALL";

/// A machine that was logged in to and looked at.
pub struct Found {
    connection: Connection,
    host: provision::DetectedHost,
    /// Where the engine listens, on the host itself.
    port: u16,
    /// Where it answers, seen from here.
    url: String,
    listens_on_ipv6: bool,
}

/// Logs in and looks what is there.
///
/// # Errors
/// Nobody answers, the login is refused, there is no way to become root, or the system is not known.
pub async fn detect(cx: &Context, host: &Host) -> Result<Found> {
    let patience = if host.driver.host_kind() == HostKind::Created { Patience::BOOTING } else { Patience::SETTLED };
    let connection = wait_for_ssh(cx, host, patience).await?;
    look(cx, host, connection).await
}

/// Looks what is there, over a connection that there is.
///
/// # Errors
/// There is no way to become root, or the system is not known.
pub async fn look(cx: &Context, host: &Host, connection: Connection) -> Result<Found> {
    let _progress = cx.console.progress("Detecting the provisioner...");
    let found = provision::detect(&connection, &cx.console, &host.name).await?;
    let cx = cx.for_driver();
    let (port, url) = (host.driver.engine_port(&cx).await?, host.driver.url(&cx).await?);
    let listens_on_ipv6 = bare_host(&host.driver.ip(&cx).await?).parse::<Ipv6Addr>().is_ok();
    Ok(Found { connection, host: found, port, url, listens_on_ipv6 })
}

/// The last part of `create`: Docker, certificates, and a connection from here.
///
/// # Errors
/// A step fails, with the original's prefixes.
pub async fn provision_new(cx: &Context, host: &Host, found: Found) -> Result<()> {
    cx.console.say(format!("Provisioning with {}...", found.host.family.family.name));
    install(cx, host, &found).await.context("Error running provisioning")?;
    check(cx, host, &found).await.context("Error checking the host")?;
    cx.console.say("Docker is up and running!");
    Ok(())
}

/// Brings everything on the host to the wanted state; what is right already is left alone. Of a machine whose `create`
/// did not end it does the rest: programs take its success for that of the `create`.
///
/// # Errors
/// A step fails.
pub async fn provision(cx: &Context, host: &mut Host) -> Result<()> {
    let is_unfinished = cx.store.creating(&host.name).is_some();
    if is_unfinished {
        computer::make(cx, host).await?;
    }
    let found = detect(cx, host).await?;
    install(cx, host, &found).await?;
    if is_unfinished {
        check(cx, host, &found).await.context("Error checking the host")?;
        cx.console.say("Docker is up and running!");
        cx.store.end_creation(&host.name)?;
    }
    for warning in certs::expiry_warnings(&host.name, host.auth()?, clock::now()) {
        cx.console.warn(warning);
    }
    Ok(())
}

/// New server certificates, and a look whether the engine takes ours.
///
/// # Errors
/// A step fails.
pub async fn regenerate_certs(cx: &Context, host: &Host) -> Result<()> {
    let found = detect(cx, host).await?;
    certify(cx, host, &found, Reissue::Always).await
}

/// A new server certificate if the present one does not fit.
///
/// # Errors
/// A step fails.
pub async fn renew_certificates(cx: &Context, host: &Host, found: &Found) -> Result<()> {
    certify(cx, host, found, Reissue::IfNeeded).await
}

async fn certify(cx: &Context, host: &Host, found: &Found, reissue: Reissue) -> Result<()> {
    let needs = Needs::of(cx, host).await?;
    let renew = |there: &HostCertificates| needs.prepare(there, reissue);
    let wanted = Spec { keeps_containers: reissue == Reissue::IfNeeded, ..wanted(host, found)? };
    provision::configure(&found.connection, &cx.console, &found.host, &wanted, &renew).await?;
    check(cx, host, found).await
}

/// Installs the newest engine packages.
///
/// # Errors
/// A step fails.
pub async fn upgrade_packages(cx: &Context, host: &Host, found: &Found) -> Result<Upgraded> {
    provision::upgrade(&found.connection, &cx.console, &found.host, &host.name, found.port).await
}

/// Waits until the engine listens again after a boot.
///
/// # Errors
/// It does not come up.
pub async fn wait_for_engine(host: &Host, found: &Found) -> Result<()> {
    provision::wait_listening(&found.connection, &found.host, &host.name, found.port).await
}

async fn install(cx: &Context, host: &Host, found: &Found) -> Result<()> {
    let needs = Needs::of(cx, host).await?;
    let fit = |there: &HostCertificates| needs.prepare(there, Reissue::IfNeeded);
    let wanted = wanted(host, found)?;
    let report = provision::provision(&found.connection, &cx.console, &found.host, &wanted, &fit).await?;
    for file in &report.changed {
        cx.console.debug(format!("changed on the host: {file}"));
    }
    Ok(())
}

fn wanted<'a>(host: &'a Host, found: &Found) -> Result<Spec<'a>> {
    let (name, driver_name) = (&host.name, &host.record.driver_name);
    Ok(Spec {
        name,
        driver_name,
        engine_port: found.port,
        listen_ipv6: found.listens_on_ipv6,
        engine: host.engine()?,
        keeps_containers: false,
    })
}

/// Asks the engine from here; a firewall of the host that is in the way is opened.
async fn check(cx: &Context, host: &Host, found: &Found) -> Result<()> {
    let _progress = cx.console.progress("Checking connection to Docker...");
    let files = TlsFiles::of(host.auth()?);
    let error = match check_files(&found.url, &files).await {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == Kind::Unreachable => error,
        Err(error) => return Err(error),
    };
    if cx.env.var(FIREWALL) == Some("off") {
        return Err(error.hint(format!("{FIREWALL}=off prevents opening the port in the host's own firewall")));
    }
    let port = found.port;
    match provision::open_firewall(&found.connection, &found.host, &host.name, port).await? {
        Firewall::Opened(firewall) => {
            cx.console.say(format!("Opened port {port}/tcp in the host's {firewall}."));
            check_files(&found.url, &files).await
        }
        Firewall::NotListening => Err(not_listening(error, host, port)),
        Firewall::Elsewhere => Err(error
            .hint(format!("Docker listens on port {port} of the host, but the port cannot be reached from here"))
            .hint("open it in the firewall or security group in front of the host")),
    }
}

fn not_listening(error: Error, host: &Host, port: u16) -> Error {
    error
        .hint(format!("nothing listens on port {port} of the host"))
        .hint(format!("`docker-machine ssh {} sudo journalctl -u docker` may say why", host.name))
}
