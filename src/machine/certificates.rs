//! A machine's certificates: the local copies that `DOCKER_CERT_PATH` points at, and the engine's own.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use super::Host;
use crate::certs::{self, CertPaths, Identity, ServerRequest, Trust, inspect};
use crate::clock;
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::provision::{HostCertificates, ServerCertificates};
use crate::store::{AuthOptions, Name, write_private, write_public};

/// Whether a certificate that still fits is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reissue {
    /// Only if it no longer fits.
    IfNeeded,
    /// In any case (`regenerate-certs`).
    Always,
}

/// What an engine's certificate must be good for.
#[derive(Clone, Debug)]
pub struct Needs<'a> {
    /// The machine.
    pub name: &'a Name,
    /// Where its files are.
    pub auth: &'a AuthOptions,
    /// Whose certificates these are.
    pub identity: Identity,
    /// `--tls-san`, then every address of the machine.
    pub names: Vec<String>,
    /// A classic swarm master is a client, too.
    pub swarm_master: bool,
}

impl<'a> Needs<'a> {
    /// What the certificate of `host` must be good for now.
    ///
    /// # Errors
    /// The driver does not know the address, or the record has no certificate options.
    pub async fn of(cx: &Context, host: &'a Host) -> Result<Self> {
        let auth = host.auth()?;
        let mut names = auth.server_cert_sans.clone().unwrap_or_default();
        names.extend(host.driver.addresses(cx).await?);
        for name in &mut names {
            // Certificates spell an address in one way only.
            if let Ok(ip) = name.parse::<IpAddr>() {
                *name = ip.to_string();
            }
        }
        let swarm_master = host.swarm().is_some_and(|swarm| swarm.master);
        Ok(Self { name: &host.name, auth, identity: Identity::from_env(&cx.env)?, names, swarm_master })
    }

    /// Puts the client's files into the machine's folder, makes a new server certificate where `found`, the one on the
    /// host, does not fit, and says what the host is to have.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn prepare(&self, found: &HostCertificates, reissue: Reissue) -> Result<ServerCertificates> {
        self.copy_client_files()?;
        let ca = read(Path::new(&self.auth.ca_cert_path))?;
        if reissue == Reissue::IfNeeded
            && let Some(kept) = self.kept(&ca, found)
        {
            return Ok(kept);
        }
        let request = ServerRequest { name: self.name, sans: self.names.clone(), swarm_master: self.swarm_master };
        let issued = certs::issue_server(&CertPaths::of(self.auth), &self.identity, &request)
            .context("error generating server cert")?;
        write_private(Path::new(&self.auth.server_key_path), issued.key_pem.as_bytes())?;
        write_public(Path::new(&self.auth.server_cert_path), issued.cert_pem.as_bytes())?;
        Ok(ServerCertificates { ca, server: issued.cert_pem, key: issued.key_pem })
    }

    /// The server certificate that both sides have, if it still fits.
    fn kept(&self, ca: &str, found: &HostCertificates) -> Option<ServerCertificates> {
        let server = fs::read_to_string(&self.auth.server_cert_path).ok()?;
        let key = fs::read_to_string(&self.auth.server_key_path).ok()?;
        (found.server.as_deref().map(str::trim) == Some(server.trim()) && self.fits(ca, &server))
            .then(|| ServerCertificates { ca: ca.to_owned(), server, key })
    }

    /// Signed by this CA, for every name, and not about to end.
    fn fits(&self, ca: &str, server: &str) -> bool {
        let (Ok(info), Ok(trust)) = (inspect(server.as_bytes()), Trust::of(ca.as_bytes())) else { return false };
        info.expires_soon(clock::now()).is_none()
            && self.names.iter().all(|name| info.sans.contains(name))
            && self.names.last().is_none_or(|name| trust.accepts_server(server.as_bytes(), name, clock::now()))
    }

    fn copy_client_files(&self) -> Result<()> {
        let folder = Path::new(&self.auth.store_path);
        let copies = [
            (&self.auth.ca_cert_path, "ca.pem"),
            (&self.auth.client_cert_path, "cert.pem"),
            (&self.auth.client_key_path, "key.pem"),
        ];
        for (source, file) in copies {
            copy(Path::new(source), &folder.join(file))
                .context(format_args!("Copying {file} to machine dir failed"))?;
        }
        Ok(())
    }
}

/// Copies a file unless its text is there already. Whatever may be a key is private.
fn copy(source: &Path, target: &Path) -> Result<()> {
    let text = fs::read(source).map_err(|error| Error::file("open", source, &error))?;
    if fs::read(target).is_ok_and(|there| there == text) {
        return Ok(());
    }
    if target.ends_with("key.pem") { write_private(target, &text) } else { write_public(target, &text) }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::file("open", path, &error))
}

/// The machine's address, if its certificate is not good for it: after a boot it may be a new one.
///
/// # Errors
/// The driver does not know the address.
pub async fn uncovered_address(cx: &Context, host: &Host) -> Result<Option<String>> {
    let Ok(auth) = host.auth() else { return Ok(None) };
    let Some(info) = fs::read(&auth.server_cert_path).ok().and_then(|pem| inspect(&pem).ok()) else { return Ok(None) };
    let ip = host.driver.ip(cx).await?;
    Ok((!info.sans.contains(&ip)).then_some(ip))
}
