//! From a fresh Linux host to a secured Docker host, over a [`Remote`].
//!
//! [`detect`] looks at the host once. [`plan`] decides what it needs. [`provision`] does it: one script that
//! prepares and installs, one that writes certificates, one that configures and starts the engine. What is
//! already as wanted is left alone, and an engine that nothing changed for keeps running.

pub(crate) mod daemon_json;
mod diagnose;
pub(crate) mod drop_in;
mod engine_opts;
mod facts;
pub(crate) mod families;
#[cfg(test)]
mod fetch_tests;
pub(crate) mod openrc;
mod options;
mod os_release;
pub(crate) mod plan;
pub(crate) mod script;
#[cfg(test)]
mod transcripts;
mod unit;
mod upgrade;

pub use facts::{Engine, Facts, Init, UnitFile, Version};
pub use families::{EngineSource, Family, Match};
pub use options::Spec;
pub use os_release::OsRelease;
pub use upgrade::{Upgraded, upgrade};

use crate::clock;
use crate::console::Console;
use crate::error::{Error, Result};
use crate::ssh::Remote;
use crate::store::Name;

use daemon_json::{DaemonJson, Held, LIVE_RESTORE};
use script::{Script, StepFailed};

const ENGINE_FACTS: &str = include_str!("scripts/engine_facts.sh");
const LISTENING: &str = include_str!("scripts/listening.sh");

/// A host that was looked at.
#[derive(Clone, Debug)]
pub struct DetectedHost {
    /// What was found.
    pub facts: Facts,
    /// Its family.
    pub family: Match,
}

/// The certificates that are on a host now, as PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostCertificates {
    /// `/etc/docker/ca.pem`.
    pub ca: Option<String>,
    /// `/etc/docker/server.pem`.
    pub server: Option<String>,
}

/// What the host is to have, as PEM. What is there already is not written again.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerCertificates {
    /// The CA's certificate.
    pub ca: String,
    /// The server's certificate.
    pub server: String,
    /// The server's key.
    pub key: String,
}

/// Prepares the local certificate files when provisioning comes to it, and says what the host is to have.
///
/// It decides between the server certificate it has and a new one; it is told what the host has.
pub type Certificates<'a> = &'a (dyn Fn(&HostCertificates) -> Result<ServerCertificates> + Send + Sync);

/// What provisioning did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The files on the host that were written.
    pub changed: Vec<String>,
    /// Docker was restarted, and with it, unless `live-restore` is on, its containers.
    pub restarted: bool,
}

/// Looks at the host, in one round trip, and decides its family.
///
/// # Errors
/// No way to become root ([`crate::error::Kind::Refused`]), or `OS type not recognized`.
pub async fn detect(remote: &dyn Remote, console: &Console, name: &Name) -> Result<DetectedHost> {
    let script = Script::default().part(ENGINE_FACTS).part(include_str!("scripts/detect.sh"));
    let reply = script.run_when_free(remote, console, name).await?;
    let facts = Facts::from_reply(&reply, clock::now());
    let has_systemd_engine = facts.init == Some(Init::Systemd) && facts.engine.is_installed();
    let family = families::recognise(&facts.os, has_systemd_engine)?;
    Ok(DetectedHost { facts, family })
}

/// Makes it a Docker host: host name, packages, engine, certificates, options; for `create` and `provision`.
///
/// # Errors
/// A step fails on the host: its name, the last lines it said, and what to do if that is known.
pub async fn provision(
    remote: &dyn Remote,
    console: &Console,
    host: &DetectedHost,
    wanted: &Spec<'_>,
    certificates: Certificates<'_>,
) -> Result<Report> {
    for remark in plan::remarks(&host.facts) {
        console.warn(remark);
    }
    let mut host = host.clone();
    let mut changed = prepare(remote, console, &mut host, wanted).await?;
    let mut report = configure(remote, console, &host, wanted, certificates).await?;
    changed.append(&mut report.changed);
    Ok(Report { changed, ..report })
}

/// Everything before the engine's configuration; afterwards `host` knows the engine that is there.
async fn prepare(
    remote: &dyn Remote,
    console: &Console,
    host: &mut DetectedHost,
    wanted: &Spec<'_>,
) -> Result<Vec<String>> {
    let steps = plan::plan(&host.facts, host.family, wanted)?;
    let installs = steps.iter().any(|step| matches!(step, plan::Step::Install(_)));
    if wanted.engine.install_url.trim().eq_ignore_ascii_case("none") {
        console.say("Skipping Docker installation");
    }
    if steps.contains(&plan::Step::OldUnit) {
        console.warn("Moving the old /etc/systemd/system/docker.service aside (docker.service.docker-machine-old).");
    }
    let script = plan::script(&steps, wanted);
    if script.is_empty() {
        return Ok(vec![]);
    }
    let _spinner = installs.then(|| console.progress("Installing Docker..."));
    let reply = script.run(remote, wanted.name).await.map_err(|error| name_script(error, &steps))?;
    for note in &reply.notes {
        console.warn(note);
    }
    host.facts.engine = Engine::from_reply(&reply);
    host.facts.files.extend(reply.files);
    Ok(reply.changed)
}

/// Whose output it is that the error shows.
fn name_script(error: Error, steps: &[plan::Step]) -> Error {
    let script = steps.iter().find_map(|step| match step {
        plan::Step::Install(plan::Install::Script { url }) => Some(url),
        _ => None,
    });
    match script {
        // What else may fail is not the script's doing.
        Some(url) if error.cause().is_some_and(StepFailed::is_installation) => {
            error.hint(format!("the install script is {url} (--engine-install-url)"))
        }
        _ => error,
    }
}

/// Only certificates and options, no packages: for `regenerate-certs`, and the second half of [`provision`].
///
/// # Errors
/// There is no engine, an option contradicts the host's `daemon.json`, or the engine does not start: then with
/// the last lines of its log.
pub async fn configure(
    remote: &dyn Remote,
    console: &Console,
    host: &DetectedHost,
    wanted: &Spec<'_>,
    certificates: Certificates<'_>,
) -> Result<Report> {
    let facts = &host.facts;
    if !facts.engine.is_installed() {
        return Err(Error::msg("there is no Docker Engine on the host, or no service that runs it")
            .hint("install Docker there, or leave out `--engine-install-url none` so that docker-machine does it"));
    }
    let script = engine_script(console, facts, wanted)?;

    console.say("Copying certs to the local machine directory...");
    let file = |name: &str| facts.file(name).map(str::to_owned);
    let pems = certificates(&HostCertificates { ca: file("ca.pem"), server: file("server.pem") })?;

    console.say("Copying certs to the remote machine...");
    let script = script.set("CA_PEM", pems.ca).set("SERVER_PEM", pems.server).set("SERVER_KEY_PEM", pems.key);
    let _spinner = console.progress("Setting Docker configuration on the remote daemon...");
    let reply = script.run(remote, wanted.name).await?;
    for note in &reply.notes {
        console.warn(note);
    }
    Ok(Report { changed: reply.changed, restarted: reply.restarted })
}

/// The script that writes the certificates and the options, (re)starts the engine if anything changed, and puts
/// everything back if it does not start.
fn engine_script(console: &Console, facts: &Facts, wanted: &Spec<'_>) -> Result<Script> {
    let (json, held) = DaemonJson::lasting(facts.file("daemon.json"), facts.file("held.json"))?;
    json.check(wanted.engine)?;
    options::check_storage_driver(wanted.engine, facts.engine.version)?;
    let env = wanted.engine.env.as_deref().unwrap_or_default();
    let open_rc = facts.init == Some(Init::OpenRc);
    let earlier = if open_rc {
        facts.file("openrc-conf").and_then(openrc::storage_driver)
    } else {
        facts.file("drop-in").and_then(drop_in::storage_driver)
    };
    let earlier = earlier.filter(|_| !json.has("storage-driver"));
    let storage_driver = match plan::storage_driver(facts, wanted, earlier) {
        plan::StorageDriver::Default => String::new(),
        plan::StorageDriver::Write(driver) => driver,
        plan::StorageDriver::Dropped(driver) => {
            console.warn(format!(
                "The host was set up with storage driver \"{driver}\", which this engine does not have any more: \
                 images and containers of that driver are not visible."
            ));
            String::new()
        }
    };
    let arguments = options::daemon_arguments(wanted, &storage_driver, &json)?;
    let (path, text) = if open_rc {
        (openrc::PATH, openrc::render(facts.file("openrc-conf").unwrap_or_default(), &arguments, env))
    } else {
        (drop_in::PATH, drop_in::render(&facts.engine, &arguments, env))
    };
    let mut script = service(facts.init, wanted.engine_port)
        .set("OPTIONS_FILE", path)
        .set("OPTIONS", text)
        .set("NEW_BRIDGE", if engine_opts::changes_bridge(wanted.engine)? { "yes" } else { "no" });
    match held {
        Held::Nothing => {}
        Held::Ours => script = live_restore(script, &json).part(include_str!("scripts/release_containers.sh")),
        Held::Outdated => script = script.part(include_str!("scripts/forget_held.sh")),
    }
    script = script.part(include_str!("scripts/certificates.sh"));
    if let Some((text, removed)) = json.without_ours() {
        console.warn(format!(
            "Taking {} out of the host's daemon.json (a copy is in daemon.json.docker-machine.bak).",
            removed.join(", ")
        ));
        script = script.set("DAEMON_JSON", text).part(include_str!("scripts/daemon_json.sh"));
    }
    if wanted.keeps_containers && !open_rc && engine_opts::leaves_containers(wanted.engine)? && json.leaves_containers()
    {
        script = live_restore(script, &json).part(include_str!("scripts/hold_containers.sh"));
    }
    Ok(script.part(include_str!("scripts/engine.sh")))
}

/// The words that switch `live-restore` on and off.
fn live_restore(script: Script, json: &DaemonJson) -> Script {
    let text = |on| json.with(LIVE_RESTORE, on);
    let script = script.set("LIVE_RESTORE_ON", text(true)).set("LIVE_RESTORE_OFF", text(false));
    script.part(include_str!("scripts/live_restore.sh"))
}

/// The verbs of the host's init system, and the port to look at.
fn service(init: Option<Init>, port: u16) -> Script {
    let verbs = match init {
        Some(Init::OpenRc) => include_str!("scripts/openrc.sh"),
        Some(Init::Systemd) | None => include_str!("scripts/systemd.sh"),
    };
    Script::default().set("PORT", port.to_string()).set("PORT_HEX", format!("{port:04X}")).part(LISTENING).part(verbs)
}

/// Waits, on the host, until its engine listens: after `start` and `restart`.
///
/// # Errors
/// It does not within 30 seconds, or has failed: with the last lines of its log.
pub async fn wait_listening(remote: &dyn Remote, host: &DetectedHost, name: &Name, port: u16) -> Result<()> {
    let script = service(host.facts.init, port).part(include_str!("scripts/wait_listening.sh"));
    script.run(remote, name).await.map(|_| ())
}

/// What stands between a port of the host and us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firewall {
    /// Nothing on the host listens there.
    NotListening,
    /// It was firewalld or ufw; the port is open now.
    Opened(&'static str),
    /// Nothing on the host that we know: it listens, so something on the way blocks the port.
    Elsewhere,
}

/// Opens the port in the host's own firewall; to be called only when it listens and cannot be reached.
///
/// # Errors
/// The firewall refuses the change.
pub async fn open_firewall(remote: &dyn Remote, host: &DetectedHost, name: &Name, port: u16) -> Result<Firewall> {
    let script = service(host.facts.init, port).part(include_str!("scripts/firewall.sh"));
    let reply = script.run(remote, name).await?;
    Ok(match reply.facts.get("opened").map(String::as_str) {
        _ if !reply.facts.contains_key("listening") => Firewall::NotListening,
        Some("firewalld") => Firewall::Opened("firewalld"),
        Some(_) => Firewall::Opened("ufw"),
        None => Firewall::Elsewhere,
    })
}
