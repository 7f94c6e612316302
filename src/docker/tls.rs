//! The certificates of a connection: read from files, verified against that one CA and no other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, Result};
use crate::store::{AuthOptions, layout};

/// Where the CA's certificate and the client's certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The only CA that is trusted.
    pub ca: PathBuf,
    /// The client's certificate.
    pub cert: PathBuf,
    /// The client's key: PKCS#1, PKCS#8 or SEC1.
    pub key: PathBuf,
}

impl TlsFiles {
    /// The files that a record names.
    pub fn of(auth: &AuthOptions) -> Self {
        Self {
            ca: PathBuf::from(&auth.ca_cert_path),
            cert: PathBuf::from(&auth.client_cert_path),
            key: PathBuf::from(&auth.client_key_path),
        }
    }

    /// The files that `DOCKER_CERT_PATH` points the docker CLI to.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            ca: folder.join(layout::CA),
            cert: folder.join(layout::CLIENT_CERT),
            key: folder.join(layout::CLIENT_KEY),
        }
    }

    /// What the docker CLI will use for a machine: the copies in its folder, or, where there are none (driver
    /// `none`), the files that its record names.
    pub fn for_machine(folder: &Path, auth: &AuthOptions) -> Self {
        let copies = Self::in_folder(folder);
        let all_there = [&copies.ca, &copies.cert, &copies.key].into_iter().all(|file| file.exists());
        if all_there { copies } else { Self::of(auth) }
    }

    fn read(&self) -> Result<Pems> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| Error::file("open", path, &error));
        Ok(Pems { ca: read(&self.ca)?, cert: read(&self.cert)?, key: read(&self.key)? })
    }
}

/// The text of the three files.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Pems {
    ca: Vec<u8>,
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// What is needed to open connections; cheap to clone.
pub type Trust = Arc<ClientConfig>;

/// Reads the files and checks that they belong together.
///
/// # Errors
/// A file cannot be read or is not what it should be.
pub fn load(files: &TlsFiles) -> Result<Trust> {
    build(&files.read()?)
}

/// Remembers what was built from which bytes: a hundred machines with one CA share one configuration.
#[derive(Clone, Default)]
pub struct TrustPool {
    built: Arc<Mutex<HashMap<Pems, Trust>>>,
}

impl TrustPool {
    /// As [`load`], from memory if the same certificates were loaded before.
    ///
    /// # Errors
    /// See [`load`].
    pub fn load(&self, files: &TlsFiles) -> Result<Trust> {
        let pems = files.read()?;
        let mut built = self.built.lock().expect("no panic while the pool is held");
        if let Some(trust) = built.get(&pems) {
            return Ok(trust.clone());
        }
        let trust = build(&pems)?;
        built.insert(pems, trust.clone());
        Ok(trust)
    }
}

fn build(pems: &Pems) -> Result<Trust> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&pems.ca, "CA certificate")? {
        roots.add(certificate).map_err(|error| Error::msg(format!("the CA certificate is unusable: {error}")))?;
    }
    let chain = certificates(&pems.cert, "certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&pems.key)
        .map_err(|error| Error::msg("tls: failed to find any PEM data in key input").caused_by(error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::msg(error.to_string()))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|error| Error::msg(key_text(&error)).caused_by(error))?;
    // One connection per machine and run: there is nothing to resume.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::msg(format!("tls: failed to find any PEM data in {what} input"))),
    }
}

fn key_text(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "tls: private key does not match public key".into(),
        other => format!("tls: the client's key is unusable: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::testing::Pki;

    #[test]
    fn the_same_certificates_are_built_once() {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::new();
        pki.write_client_files(folder.path());
        let files = TlsFiles::in_folder(folder.path());
        let pool = TrustPool::default();
        assert!(Arc::ptr_eq(&pool.load(&files).unwrap(), &pool.load(&files).unwrap()));
    }

    #[test]
    fn a_missing_file_is_named_in_gos_words() {
        let files = TlsFiles::in_folder(Path::new("/nonexistent"));
        assert_eq!(load(&files).unwrap_err().message(), "open /nonexistent/ca.pem: no such file or directory");
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Pki::new().write_client_files(folder.path());
        let other = tempfile::tempdir().unwrap();
        Pki::new().write_client_files(other.path());
        std::fs::copy(other.path().join("key.pem"), folder.path().join("key.pem")).unwrap();
        let error = load(&TlsFiles::in_folder(folder.path())).unwrap_err();
        assert_eq!(error.message(), "tls: private key does not match public key");
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Pki::new().write_client_files(folder.path());
        std::fs::write(folder.path().join("cert.pem"), "nothing").unwrap();
        let error = load(&TlsFiles::in_folder(folder.path())).unwrap_err();
        assert_eq!(error.message(), "tls: failed to find any PEM data in certificate input");
    }

    #[test]
    fn the_machines_copies_come_first() {
        let folder = tempfile::tempdir().unwrap();
        let auth = AuthOptions { ca_cert_path: "/c/ca.pem".into(), ..AuthOptions::default() };
        assert_eq!(TlsFiles::for_machine(folder.path(), &auth).ca, Path::new("/c/ca.pem"));
        Pki::new().write_client_files(folder.path());
        assert_eq!(TlsFiles::for_machine(folder.path(), &auth).ca, folder.path().join("ca.pem"));
    }
}
