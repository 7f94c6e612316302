//! Why an engine could not be asked, in the words that scripts and search engines know (Go's).

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::error::{Cause, Error, Kind, os_text};

/// Why an engine could not be asked: Go's words, and what the libraries said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct EngineError {
    kind: EngineErrorKind,
    text: String,
    #[source]
    cause: Option<Cause>,
}

/// What stands between us and an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineErrorKind {
    /// The port is closed.
    ConnectionRefused,
    /// No connection for another reason.
    NoConnection,
    /// The other side is not the engine that the certificates are for, or does not take ours.
    Tls,
    /// The connection broke, or what came is not HTTP.
    Broken,
    /// Nothing happened for too long.
    TimedOut,
}

impl EngineError {
    /// An error in Go's words.
    pub(super) fn new(kind: EngineErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), cause: None }
    }

    /// Adds what a library said.
    fn caused_by(self, error: &(dyn StdError + 'static)) -> Self {
        Self { cause: Some(Cause::of(error)), ..self }
    }

    /// What it is.
    pub fn kind(&self) -> EngineErrorKind {
        self.kind
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let kind = if error.kind == EngineErrorKind::Tls { Kind::Refused } else { Kind::Unreachable };
        Self::new(kind, &error.text).caused_by(error)
    }
}

/// A connection attempt that failed.
pub(super) fn dial(network: &str, address: &str, error: &io::Error) -> EngineError {
    let (kind, why) = match error.kind() {
        io::ErrorKind::ConnectionRefused if network == "tcp" => {
            (EngineErrorKind::ConnectionRefused, "connection refused".to_owned())
        }
        _ => (EngineErrorKind::NoConnection, os_text(error)),
    };
    EngineError::new(kind, format!("dial {network} {address}: connect: {why}")).caused_by(error)
}

/// A handshake or an exchange that failed.
pub(super) fn exchange(address: &str, error: &(dyn StdError + 'static)) -> EngineError {
    if let Some(cause) = tls_cause(error) {
        return EngineError::new(EngineErrorKind::Tls, tls_text(cause)).caused_by(cause);
    }
    let text = match io_cause(error).map(io::Error::kind) {
        Some(io::ErrorKind::UnexpectedEof) => closed(address),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            format!("read tcp {address}: read: connection reset by peer")
        }
        _ if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) => closed(address),
        _ => format!("{address}: {error}"),
    };
    EngineError::new(EngineErrorKind::Broken, text).caused_by(error)
}

fn closed(address: &str) -> String {
    format!("EOF: {address} closed the connection without an answer")
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>() {
            // `source` of an I/O error skips the error that it was made from.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

fn tls_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn io_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn tls_text(error: &rustls::Error) -> String {
    match error {
        rustls::Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_text(*alert)),
        rustls::Error::InvalidCertificate(error) => certificate_text(error),
        rustls::Error::InvalidMessage(_) => "tls: first record does not look like a TLS handshake".into(),
        other => format!("tls: {other}"),
    }
}

fn certificate_text(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "x509: certificate has expired or is not yet valid: it has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "x509: certificate has expired or is not yet valid: the clocks of the two hosts differ".into()
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "x509: certificate signed by unknown authority".into()
        }
        CertificateError::NotValidForNameContext { expected, presented } => names_text(&expected.to_str(), presented),
        other => format!("x509: {other}"),
    }
}

/// `presented` is how the verifier shows a subject alternative name: `DnsName("a")`, `IpAddress(127.0.0.1)`.
fn names_text(wanted: &str, presented: &[String]) -> String {
    let inner = |name: &String| match (name.find('('), name.rfind(')')) {
        (Some(open), Some(close)) => name[open + 1..close].trim_matches('"').to_owned(),
        _ => name.clone(),
    };
    match presented {
        [] => format!("x509: cannot validate certificate for {wanted} because it doesn't contain any SANs"),
        names => {
            let names: Vec<String> = names.iter().map(inner).collect();
            format!("x509: certificate is valid for {}, not {wanted}", names.join(", "))
        }
    }
}

/// The names that Go's `crypto/tls` gives the alerts an engine sends.
fn alert_text(alert: AlertDescription) -> String {
    let known = match alert {
        AlertDescription::BadCertificate => "bad certificate",
        AlertDescription::UnsupportedCertificate => "unsupported certificate",
        AlertDescription::CertificateRevoked => "revoked certificate",
        AlertDescription::CertificateExpired => "expired certificate",
        AlertDescription::CertificateUnknown => "unknown certificate",
        AlertDescription::UnknownCA => "unknown certificate authority",
        AlertDescription::CertificateRequired => "certificate required",
        AlertDescription::HandshakeFailure => "handshake failure",
        AlertDescription::ProtocolVersion => "protocol version not supported",
        AlertDescription::AccessDenied => "access denied",
        AlertDescription::DecryptError => "error decrypting message",
        AlertDescription::InternalError => "internal error",
        other => return format!("{other:?}"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_certificate_names_both_addresses() {
        let presented = ["DnsName(\"web\")".to_owned(), "IpAddress(10.0.0.1)".to_owned()];
        assert_eq!(names_text("10.0.0.2", &presented), "x509: certificate is valid for web, 10.0.0.1, not 10.0.0.2");
    }

    #[test]
    fn a_refused_connection_reads_like_gos() {
        let error = dial("tcp", "127.0.0.1:9", &io::Error::from_raw_os_error(111));
        assert_eq!(error.to_string(), "dial tcp 127.0.0.1:9: connect: connection refused");
        let error = dial("tcp", "[::1]:9", &io::Error::from_raw_os_error(101));
        assert_eq!(error.to_string(), "dial tcp [::1]:9: connect: network is unreachable");
    }
}
