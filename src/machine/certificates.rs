//! A machine's certificates: the local copies that `DOCKER_CERT_PATH` points at, and the engine's own.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use super::Host;
use crate::certs::{self, CaVerifier, CertPaths, Identity, Pair, ServerRequest, inspect};
use crate::clock;
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::files::write_public;
use crate::provision::{HostCertificates, ServerCertificates};
use crate::store::{AuthOptions, Name, layout};

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
        names.extend(host.driver.addresses(&cx.for_driver()).await?);
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
        self.server_pair().settle()?;
        let ca = read(Path::new(&self.auth.ca_cert_path))?;
        if reissue == Reissue::IfNeeded
            && let Some(kept) = self.kept(&ca, found)
        {
            return Ok(kept);
        }
        let request = ServerRequest { name: self.name, sans: self.names.clone(), swarm_master: self.swarm_master };
        let issued = certs::issue_server(&CertPaths::of(self.auth), &self.identity, &request)
            .context("error generating server cert")?;
        self.server_pair().write(&issued.cert_pem, &issued.key_pem)?;
        Ok(ServerCertificates { ca, server: issued.cert_pem, key: issued.key_pem })
    }

    /// The server certificate that both sides have, if it still fits.
    fn kept(&self, ca: &str, found: &HostCertificates) -> Option<ServerCertificates> {
        let server = fs::read_to_string(&self.auth.server_cert_path).ok()?;
        let key = fs::read_to_string(&self.auth.server_key_path).ok()?;
        let is_on_both_sides = found.server.as_deref().map(str::trim) == Some(server.trim());
        (is_on_both_sides && self.server_pair().matches() && self.fits(ca, &server)).then(|| ServerCertificates {
            ca: ca.to_owned(),
            server,
            key,
        })
    }

    fn server_pair(&self) -> Pair<'_> {
        Pair { cert: Path::new(&self.auth.server_cert_path), key: Path::new(&self.auth.server_key_path) }
    }

    /// Signed by this CA, for every name, and not about to end.
    fn fits(&self, ca: &str, server: &str) -> bool {
        let (Ok(info), Ok(trust)) = (inspect(server.as_bytes()), CaVerifier::of(ca.as_bytes())) else { return false };
        info.expires_soon(clock::now()).is_none()
            && self.names.iter().all(|name| info.sans.contains(name))
            && self.names.last().is_none_or(|name| trust.accepts_server(server.as_bytes(), name, clock::now()))
    }

    /// Copies of the client's files, where `DOCKER_CERT_PATH` points at; those that are there already are left alone.
    fn copy_client_files(&self) -> Result<()> {
        let folder = Path::new(&self.auth.store_path);
        let failed = |file: &str| format!("Copying {file} to machine dir failed");
        let source = |path: &str, file: &str| bytes(Path::new(path)).context(failed(file));

        let ca = source(&self.auth.ca_cert_path, layout::CA)?;
        let target = folder.join(layout::CA);
        if !holds(&target, &ca) {
            write_public(&target, &ca).context(failed(layout::CA))?;
        }

        let cert = source(&self.auth.client_cert_path, layout::CLIENT_CERT)?;
        let key = source(&self.auth.client_key_path, layout::CLIENT_KEY)?;
        let targets = (folder.join(layout::CLIENT_CERT), folder.join(layout::CLIENT_KEY));
        let pair = Pair { cert: &targets.0, key: &targets.1 };
        pair.settle().context(failed(layout::CLIENT_KEY))?;
        if !(holds(pair.cert, &cert) && holds(pair.key, &key)) {
            pair.write(cert, key).context(failed(layout::CLIENT_CERT))?;
        }
        Ok(())
    }
}

fn holds(path: &Path, content: &[u8]) -> bool {
    fs::read(path).is_ok_and(|there| there == content)
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::file("open", path, &error))
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
    let ip = host.driver.ip(&cx.for_driver()).await?;
    Ok((!info.sans.contains(&ip)).then_some(ip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs::KeyType;
    use crate::console::Console;
    use crate::context::Globals;
    use crate::store::Store;

    /// A store with an authority and a machine's folder, and what the record says of its files.
    async fn machine() -> (tempfile::TempDir, AuthOptions) {
        let root = tempfile::tempdir().unwrap();
        let store = Store::new(root.path().to_owned());
        let paths = CertPaths::for_create(&store, &Globals::default());
        certs::ensure(&Console::captured(&[]), &store, &paths, &identity()).await.unwrap();
        let folder = store.folder(&"web".parse().unwrap());
        fs::create_dir_all(&folder).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let auth = AuthOptions {
            ca_cert_path: text(&paths.ca),
            ca_private_key_path: text(&paths.ca_key),
            client_cert_path: text(&paths.client),
            client_key_path: text(&paths.client_key),
            cert_dir: text(&paths.cert_dir),
            store_path: text(&folder),
            server_cert_path: text(&folder.join(layout::SERVER_CERT)),
            server_key_path: text(&folder.join(layout::SERVER_KEY)),
            ..AuthOptions::default()
        };
        (root, auth)
    }

    fn identity() -> Identity {
        Identity { user: "alice".into(), key_type: KeyType::Ecdsa }
    }

    fn needs<'a>(name: &'a Name, auth: &'a AuthOptions) -> Needs<'a> {
        Needs { name, auth, identity: identity(), names: vec!["10.0.0.1".into()], swarm_master: false }
    }

    /// What a host has that was given these.
    fn given(sent: &ServerCertificates) -> HostCertificates {
        HostCertificates { ca: Some(sent.ca.clone()), server: Some(sent.server.clone()) }
    }

    fn is_pair(cert: &str, key: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let (cert_file, key_file) = (folder.path().join("cert"), folder.path().join("key"));
        fs::write(&cert_file, cert).unwrap();
        fs::write(&key_file, key).unwrap();
        Pair { cert: &cert_file, key: &key_file }.matches()
    }

    #[tokio::test]
    async fn a_certificate_and_a_key_that_do_not_fit_are_never_sent() {
        let (_root, auth) = machine().await;
        let name = "web".parse().unwrap();
        let needs = needs(&name, &auth);
        let first = needs.prepare(&HostCertificates::default(), Reissue::IfNeeded).unwrap();
        assert!(is_pair(&first.server, &first.key));
        let kept = needs.prepare(&given(&first), Reissue::IfNeeded).unwrap();
        assert!(kept == first, "what fits is kept");

        // Another key in its place: the process that wrote it died before it wrote the certificate.
        let other = certs::issue_server(
            &CertPaths::of(&auth),
            &needs.identity,
            &ServerRequest { name: &name, sans: needs.names.clone(), swarm_master: false },
        )
        .unwrap();
        fs::write(&auth.server_key_path, &other.key_pem).unwrap();
        let sent = needs.prepare(&given(&first), Reissue::IfNeeded).unwrap();
        assert!(is_pair(&sent.server, &sent.key));
        assert!(needs.server_pair().matches());

        // The exchange that is made today, cut off between its two steps.
        let before = needs.prepare(&given(&sent), Reissue::IfNeeded).unwrap();
        let waiting = Path::new(&auth.store_path).join(".server-key.pem.new");
        fs::write(&waiting, &other.key_pem).unwrap();
        fs::write(&auth.server_cert_path, &other.cert_pem).unwrap();
        let sent = needs.prepare(&given(&before), Reissue::IfNeeded).unwrap();
        assert!(is_pair(&sent.server, &sent.key) && !waiting.exists());
    }

    #[tokio::test]
    async fn the_client_s_copies_are_a_pair_again_after_a_crash_between_them() {
        let (_root, auth) = machine().await;
        let name = "web".parse().unwrap();
        let needs = needs(&name, &auth);
        needs.prepare(&HostCertificates::default(), Reissue::IfNeeded).unwrap();
        let folder = Path::new(&auth.store_path);
        let (cert, key) = (folder.join(layout::CLIENT_CERT), folder.join(layout::CLIENT_KEY));
        let copies = Pair { cert: &cert, key: &key };
        fs::write(&cert, fs::read(&auth.ca_cert_path).unwrap()).unwrap();
        assert!(!copies.matches());
        needs.prepare(&HostCertificates::default(), Reissue::IfNeeded).unwrap();
        assert!(copies.matches());
        assert_eq!(fs::read(&cert).unwrap(), fs::read(&auth.client_cert_path).unwrap());
    }
}
