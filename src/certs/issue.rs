//! Making certificates: subjects, usages, names and times.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};

use super::inspect::{CertInfo, inspect};
use super::key::KeyType;
use super::{CertPaths, Identity, key};
use crate::clock;
use crate::error::{Context, Error, Result};
use crate::store::Name;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Hosts boot with wrong clocks, or take local time for UTC: certificates begin this much earlier.
const BACK_DATING: Duration = DAY;
/// The original's life of every certificate.
const LEAF_LIFE: Duration = Duration::from_secs(1080 * 24 * 3600);
/// Ten years.
const CA_LIFE: Duration = Duration::from_secs(3652 * 24 * 3600);

/// A new certificate and its key, PEM texts.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub cert_pem: String,
    /// The private key: to be written with mode 0600 only.
    pub key_pem: String,
}

/// What an engine's certificate is to be for.
#[derive(Clone, Debug)]
pub struct ServerRequest<'a> {
    /// The machine.
    pub name: &'a Name,
    /// `--tls-san` values, then the machine's addresses, then further ones. `localhost`, the machine's name and
    /// 127.0.0.1 are added.
    pub sans: Vec<String>,
    /// Whether it is a classic swarm master, which is a client of other engines too.
    pub swarm_master: bool,
}

/// Makes an engine's certificate with a new key.
///
/// # Errors
/// The CA's files cannot be read, or a name cannot stand in a certificate.
pub fn issue_server(paths: &CertPaths, identity: &Identity, request: &ServerRequest<'_>) -> Result<Issued> {
    let authority = Authority::load(&paths.ca, &paths.ca_key)?;
    let mut params = leaf(&format!("{}.{}", identity.user, request.name), request.name.as_str())?;
    params.subject_alt_names = names(request)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if identity.key_type == KeyType::Rsa {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if request.swarm_master {
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    }
    authority.sign(params, identity.key_type)
}

/// Makes the client's certificate with a new key.
pub(super) fn issue_client(authority: &Authority, identity: &Identity) -> Result<Issued> {
    let mut params = leaf(&format!("{}.<bootstrap>", identity.user), "docker-machine client")?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    authority.sign(params, identity.key_type)
}

/// Makes a CA. Its name has a part of its key's, so that no two CAs share one.
pub(super) fn new_ca(identity: &Identity) -> Result<Issued> {
    let (pair, key_pem) = identity.key_type.generate()?;
    let now = clock::now();
    let mut params = base_params()?;
    let id = params.key_identifier(&pair);
    let short: String = id.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = subject(&identity.user, &format!("docker-machine CA {short}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    // Before every leaf, so that no strict verifier finds a leaf older than its CA.
    params.not_before = (now - BACK_DATING - HOUR).into();
    params.not_after = (now + CA_LIFE).into();
    let cert = params.self_signed(&pair).map_err(unsigned)?;
    Ok(Issued { cert_pem: unix_lines(&cert.pem()), key_pem })
}

/// A CA that can sign.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    info: CertInfo,
}

impl Authority {
    /// Reads a CA's files, whoever made them.
    pub(super) fn load(cert: &Path, key_path: &Path) -> Result<Self> {
        let pem = std::fs::read_to_string(cert).map_err(|error| Error::file("open", cert, &error))?;
        let pair = key::read(key_path)?;
        let info = inspect(pem.as_bytes()).context(cert.display())?;
        if info.public_key != rcgen::PublicKeyData::subject_public_key_info(&pair) {
            return Err(Error::msg(format!("{} is not the key of {}", key_path.display(), cert.display())));
        }
        let issuer =
            Issuer::from_ca_cert_pem(&pem, pair).map_err(|error| Error::msg(format!("{}: {error}", cert.display())))?;
        Ok(Self { issuer, info })
    }

    fn sign(&self, mut params: CertificateParams, key_type: KeyType) -> Result<Issued> {
        let (pair, key_pem) = key_type.generate()?;
        let now = clock::now();
        params.not_before = (now - BACK_DATING).into();
        params.not_after = (now + LEAF_LIFE).min(self.info.not_after).into();
        // OpenSSL refuses an identifier that differs from the CA's own, and the original's CA has none.
        params.use_authority_key_identifier_extension = self.info.key_id.is_some();
        let cert = params.signed_by(&pair, &self.issuer).map_err(unsigned)?;
        Ok(Issued { cert_pem: unix_lines(&cert.pem()), key_pem })
    }
}

fn leaf(organization: &str, common_name: &str) -> Result<CertificateParams> {
    let mut params = base_params()?;
    params.distinguished_name = subject(organization, common_name);
    params.is_ca = IsCa::ExplicitNoCa;
    Ok(params)
}

fn base_params() -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.serial_number = Some(serial()?);
    Ok(params)
}

/// Random, positive, never 0, and always of one length.
fn serial() -> Result<SerialNumber> {
    let mut bytes = [0; 16];
    let random = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| Error::msg("the system has no random numbers"))?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

/// The longest common name that X.520 allows (`ub-common-name`).
const COMMON_NAME_LIMIT: usize = 64;

fn subject(organization: &str, common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, organization);
    name.push(DnType::CommonName, common_name.chars().take(COMMON_NAME_LIMIT).collect::<String>());
    name
}

/// Addresses as such, everything else as a host name; each once, in the order of the request.
fn names(request: &ServerRequest<'_>) -> Result<Vec<SanType>> {
    let mut texts: Vec<&str> = request.sans.iter().map(String::as_str).collect();
    texts.push("localhost");
    if is_host_name(request.name.as_str()) {
        texts.push(request.name.as_str());
    }
    texts.push("127.0.0.1");
    let mut names = Vec::new();
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        let name = san(text)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn san(text: &str) -> Result<SanType> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(ip));
    }
    let name = text.try_into().map_err(|_| {
        Error::msg(format!("\"{text}\" cannot stand in a certificate")).hint("write the host name in ASCII (xn--...)")
    })?;
    Ok(SanType::DnsName(name))
}

/// Machine names may be no host names (`a..b`, `a-`); one of those in a certificate makes strict verifiers refuse it.
fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text
            .split('.')
            .all(|label| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-'))
        && text.parse::<IpAddr>().is_err()
        && !text.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
}

fn unix_lines(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}

fn unsigned(error: rcgen::Error) -> Error {
    Error::msg(format!("cannot sign a certificate: {error}"))
}
