//! Whether a certificate leads to a CA, judged as the engine and the docker CLI judge it.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::inspect::first;
use crate::error::{Error, Result};

/// The certificates of one CA.
#[derive(Debug)]
pub struct CaVerifier {
    clients: Arc<dyn ClientCertVerifier>,
    servers: Arc<dyn ServerCertVerifier>,
}

impl CaVerifier {
    /// Trusts one CA, given as PEM.
    ///
    /// # Errors
    /// It is no certificate of a CA.
    pub fn of(ca: &[u8]) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(first(ca)?).map_err(unusable)?;
        let roots = Arc::new(roots);
        Ok(Self {
            clients: WebPkiClientVerifier::builder_with_provider(roots.clone(), provider())
                .build()
                .map_err(unusable)?,
            servers: WebPkiServerVerifier::builder_with_provider(roots, provider()).build().map_err(unusable)?,
        })
    }

    /// Whether an engine would let a client with this certificate in: signed, in time, made for clients.
    pub fn accepts_client(&self, pem: &[u8], now: SystemTime) -> bool {
        let chain = chain(pem);
        let Some((cert, between)) = chain.split_first() else { return false };
        self.clients.verify_client_cert(cert, between, unix(now)).is_ok()
    }

    /// Whether a client would take this as the certificate of an engine with this name or address: signed, in time,
    /// made for servers.
    pub fn accepts_server(&self, pem: &[u8], name: &str, now: SystemTime) -> bool {
        let chain = chain(pem);
        let (Some((cert, between)), Ok(name)) = (chain.split_first(), ServerName::try_from(name)) else { return false };
        self.servers.verify_server_cert(cert, between, &name, &[], unix(now)).is_ok()
    }
}

fn chain(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).flatten().collect()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn unix(now: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

fn unusable(error: impl std::fmt::Display) -> Error {
    Error::msg(format!("the CA certificate cannot be used: {error}"))
}
