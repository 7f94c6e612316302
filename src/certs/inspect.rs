//! What a certificate says.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::error::{Error, Result};

/// When a certificate's end is near enough to say so.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// What is asked about a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertInfo {
    /// From when it is valid.
    pub not_before: SystemTime,
    /// Until when it is valid.
    pub not_after: SystemTime,
    /// Host names and addresses that it is for.
    pub sans: Vec<String>,
    /// Its subject key identifier; the original's certificates have none.
    pub key_id: Option<Vec<u8>>,
    /// Its public key, DER.
    pub public_key: Vec<u8>,
}

impl CertInfo {
    /// Whether its time is over.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        now > self.not_after
    }

    /// The whole days that are left if they are less than 30; 0 once it is over.
    pub fn expires_soon(&self, now: SystemTime) -> Option<u64> {
        let left = self.not_after.duration_since(now).unwrap_or_default();
        (left < SOON).then_some(left.as_secs() / (24 * 3600))
    }
}

/// Reads the first certificate of a PEM text.
///
/// # Errors
/// The original's `Failed to decode PEM data`.
pub fn inspect(pem: &[u8]) -> Result<CertInfo> {
    let der = first(pem)?;
    let (_, cert) = X509Certificate::from_der(&der).map_err(|_| undecodable())?;
    let validity = cert.validity();
    let names = cert.subject_alternative_name().ok().flatten();
    Ok(CertInfo {
        not_before: time_of(validity.not_before.timestamp()),
        not_after: time_of(validity.not_after.timestamp()),
        sans: names.map_or_else(Vec::new, |names| names.value.general_names.iter().filter_map(san_text).collect()),
        key_id: key_id(&cert),
        public_key: cert.public_key().raw.to_vec(),
    })
}

pub(super) fn first(pem: &[u8]) -> Result<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem).map_err(|_| undecodable())
}

fn undecodable() -> Error {
    Error::msg("Failed to decode PEM data")
}

fn time_of(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

fn key_id(cert: &X509Certificate<'_>) -> Option<Vec<u8>> {
    use x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier;
    cert.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn san_text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) => Some((*text).to_owned()),
        GeneralName::IPAddress(bytes) => ip(bytes).map(|ip| ip.to_string()),
        _ => None,
    }
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
