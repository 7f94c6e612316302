//! The CA and the client's certificate: made when they are missing, renewed when they are over, by one process at a
//! time.

use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

use super::inspect::inspect;
use super::issue::{Authority, issue_client, new_ca};
use super::pair::Pair;
use super::verifier::CaVerifier;
use super::{CertPaths, Identity};
use crate::clock;
use crate::console::Console;
use crate::error::{Context, Error, Result};
use crate::files::make_folder;
use crate::store::{Lock, PATIENCE, Store};

/// What is made anew even if it could still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renew {
    /// Nothing.
    Needed,
    /// The client's certificate; the CA too if it ends within 30 days.
    Client,
    /// The CA, and with it everything else.
    Authority,
}

/// Makes sure that there is a CA and a client certificate of it (`create`).
///
/// # Errors
/// `Error generating certificates: …`.
pub async fn ensure(console: &Console, store: &Store, paths: &CertPaths, identity: &Identity) -> Result<()> {
    renew(console, store, paths, identity, Renew::Needed).await
}

/// As [`ensure`], but makes some things anew in any case (`regenerate-certs --client-certs`).
///
/// # Errors
/// `Error generating certificates: …`.
pub async fn renew(
    console: &Console,
    store: &Store,
    paths: &CertPaths,
    identity: &Identity,
    renew: Renew,
) -> Result<()> {
    bootstrap(console, store, paths, identity, renew).await.context("Error generating certificates")
}

async fn bootstrap(
    console: &Console,
    store: &Store,
    paths: &CertPaths,
    identity: &Identity,
    renew: Renew,
) -> Result<()> {
    if let Ok(Plan { authority: Need::Fine, client: Need::Fine }) = Plan::of(paths, renew, clock::now()) {
        return Ok(());
    }
    make_folder(&paths.cert_dir)?;
    let lock_path = paths.cert_dir.join(".lock");
    let _lock = Lock::wait(&lock_path, None, "the certificates", PATIENCE, |line| console.say(line)).await?;
    paths.authority().settle()?;
    paths.bootstrap_client().settle()?;
    let plan = Plan::of(paths, renew, clock::now())?;
    if plan.authority != Need::Fine {
        plan.authority.say(console, "CA certificate");
        console.say(format!("Creating CA: {}", paths.ca.display()));
        let made = new_ca(identity)?;
        paths.authority().write(&made.cert_pem, &made.key_pem).context("generating CA certificate failed")?;
        warn_about_orphans(console, store, &paths.ca);
    }
    if plan.client != Need::Fine {
        plan.client.say(console, "Client certificate");
        console.say(format!("Creating client certificate: {}", paths.client.display()));
        let authority = Authority::load(&paths.ca, &paths.ca_key)?;
        let made = issue_client(&authority, identity)?;
        let written = paths.bootstrap_client().write(&made.cert_pem, &made.key_pem);
        written.context("generating client certificate failed")?;
    }
    Ok(())
}

impl CertPaths {
    fn authority(&self) -> Pair<'_> {
        Pair { cert: &self.ca, key: &self.ca_key }
    }

    fn bootstrap_client(&self) -> Pair<'_> {
        Pair { cert: &self.client, key: &self.client_key }
    }
}

/// Why a certificate has to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Fine,
    Missing,
    Outdated,
    /// It is not of the CA that is, or will be, there; or its key is not its own.
    Foreign,
    Asked,
}

impl Need {
    fn say(self, console: &Console, what: &str) {
        match self {
            Self::Outdated => console.say(format!("{what} is outdated and needs to be regenerated")),
            Self::Foreign => console.say(format!("{what} is not of the present CA and needs to be regenerated")),
            Self::Fine | Self::Missing | Self::Asked => {}
        }
    }
}

/// What has to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    authority: Need,
    client: Need,
}

impl Plan {
    /// Looks at the files and decides.
    fn of(paths: &CertPaths, renew: Renew, now: SystemTime) -> Result<Self> {
        let authority = authority_need(paths, renew, now)?;
        let client = client_need(paths, renew, now, authority)?;
        Ok(Self { authority, client })
    }
}

fn authority_need(paths: &CertPaths, renew: Renew, now: SystemTime) -> Result<Need> {
    let Some(pem) = read(&paths.ca)? else {
        return without_certificate(&paths.authority(), "certificate authority");
    };
    let info = inspect(&pem).map_err(|error| damaged(error, &paths.authority()))?;
    // A new client certificate of a CA that is about to end would end with it.
    let about_to_end = renew == Renew::Client && info.expires_soon(now).is_some();
    if info.is_expired(now) || about_to_end {
        return Ok(Need::Outdated);
    }
    if renew == Renew::Authority {
        return Ok(Need::Asked);
    }
    if paths.authority().matches() {
        return Ok(Need::Fine);
    }
    // In ~/.docker/certs this may well be another program's CA: never generate next to it.
    let (cert, key) = (paths.ca.display(), paths.ca_key.display());
    let message = if paths.ca_key.exists() {
        format!("{key} is not the key of {cert}")
    } else {
        format!("{cert} is there, but its key {key} is not")
    };
    Err(Error::msg(message).hint(
        "if that certificate is another program's, keep machines elsewhere with --storage-path, \
         or name other files with --tls-ca-cert and --tls-ca-key",
    ))
}

fn client_need(paths: &CertPaths, renew: Renew, now: SystemTime, authority: Need) -> Result<Need> {
    let Some(pem) = read(&paths.client)? else {
        return without_certificate(&paths.bootstrap_client(), "client");
    };
    let info = inspect(&pem).map_err(|error| damaged(error, &paths.bootstrap_client()))?;
    if info.is_expired(now) {
        return Ok(Need::Outdated);
    }
    let own = authority == Need::Fine && accepted(paths, &pem, now)? && paths.bootstrap_client().matches();
    match (own, renew) {
        (true, Renew::Needed) => Ok(Need::Fine),
        (true, _) => Ok(Need::Asked),
        (false, _) if paths.client.starts_with(&paths.cert_dir) => Ok(Need::Foreign),
        (false, _) => Err(foreign_client(paths)),
    }
}

/// A key that stands alone may belong to somebody's certificate elsewhere: it is not overwritten.
fn without_certificate(pair: &Pair<'_>, whose: &str) -> Result<Need> {
    if !pair.key.exists() {
        return Ok(Need::Missing);
    }
    let (key, cert) = (pair.key.display(), pair.cert.display());
    Err(Error::msg(format!("{whose} key already exists"))
        .hint(format!("{key} is there without {cert}: put that back, or move the key away, and both are made anew")))
}

/// Whether there is a backup nobody knows but the user.
fn damaged(error: Error, pair: &Pair<'_>) -> Error {
    let (cert, key) = (pair.cert.display(), pair.key.display());
    error.hint(format!("{cert} is damaged: put it back, or move it and {key} away, and both are made anew"))
}

/// A certificate that somebody named with a flag is not ours to replace while it is valid.
fn foreign_client(paths: &CertPaths) -> Error {
    let (client, ca) = (paths.client.display(), paths.ca.display());
    Error::msg(format!("the client certificate {client} is not signed by {ca}, or its key does not fit"))
        .hint("name a certificate of that CA with --tls-client-cert, or a file that does not exist yet")
}

fn accepted(paths: &CertPaths, client: &[u8], now: SystemTime) -> Result<bool> {
    let ca = read(&paths.ca)?.unwrap_or_default();
    Ok(CaVerifier::of(&ca)?.accepts_client(client, now))
}

/// A file's bytes; `None` if there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("open", path, &error)),
    }
}

/// Engines that were given the old CA refuse the new one's certificates until they are given it.
fn warn_about_orphans(console: &Console, store: &Store, ca: &Path) {
    let secured = |name: &&crate::store::Name| {
        let options = store.load(name).ok().and_then(|record| record.host_options);
        let auth = options.and_then(|options| options.auth_options);
        auth.is_some_and(|auth| Path::new(&auth.ca_cert_path) == ca && Path::new(&auth.server_cert_path).exists())
    };
    let names = store.names().unwrap_or_default();
    let orphans: Vec<&str> = names.iter().filter(secured).map(crate::store::Name::as_str).collect();
    if !orphans.is_empty() {
        let list = orphans.join(" ");
        console.warn(format!(
            "The CA is new: the engines of {} do not know it yet. Run: docker-machine regenerate-certs {list}",
            orphans.join(", ")
        ));
    }
}
