//! The Engine API over TLS: one connection, a few requests, answers as bytes.

mod check;
mod endpoint;
mod error;
#[cfg(test)]
#[path = "../../tests/cli/support/engine.rs"]
mod testing;
mod tls;

pub use check::{check_connection, check_files};
pub use endpoint::{DEFAULT_PORT, Endpoint};
pub use error::{EngineError, EngineErrorKind};
pub use tls::{TlsFiles, Trust, TrustPool, load as load_trust};

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::console::shortened;
use crate::error::{Error, Result};

/// No answer that we ask for is longer, in MiB; whoever sends more is no engine.
const LONGEST_ANSWER: usize = 1;
/// No version is longer.
const LONGEST_VERSION: usize = 100;
/// How much of an engine's own words is shown.
const SHOWN: usize = 1000;

/// An engine and how to reach it.
#[derive(Clone, Debug)]
pub struct Engine {
    endpoint: Endpoint,
    trust: Trust,
    limit: Duration,
}

/// What the engine answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The status in words: `400 Bad Request`.
    pub status_line: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The part of `GET /version` that we look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Version {
    /// The engine's version, without `v`.
    pub version: String,
    /// The newest API that it speaks.
    pub api_version: String,
    /// The oldest API that it still takes; empty before Docker 1.14.
    #[serde(rename = "MinAPIVersion")]
    pub min_api_version: String,
}

impl Engine {
    /// An engine at an address; `limit` is for each connection with its request.
    pub fn new(endpoint: Endpoint, trust: Trust, limit: Duration) -> Self {
        Self { endpoint, trust, limit }
    }

    /// Whether it is there and takes our certificate; any HTTP answer will do.
    ///
    /// # Errors
    /// Why not, in Go's words.
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.request(Method::GET, "/_ping", Vec::new()).await.map(drop)
    }

    /// Its version. The path has no API version in front, so that engines of every age answer.
    ///
    /// # Errors
    /// The original's texts: `Cannot connect to the docker engine endpoint` for a closed port, else Go's. A version that
    /// cannot be one: templates and scripts get it as it is.
    pub async fn version(&self) -> Result<Version> {
        let answer = self.request(Method::GET, "/version", Vec::new()).await.map_err(|error| match error.kind() {
            EngineErrorKind::ConnectionRefused => {
                Error::from(error).with_message("Cannot connect to the docker engine endpoint")
            }
            _ => error.into(),
        })?;
        let parsed = serde_json::from_slice(answer.success()?);
        let version: Version = parsed.map_err(|error| Error::msg(format!("unexpected answer: {error}")))?;
        for said in [&version.version, &version.api_version, &version.min_api_version] {
            if said.len() > LONGEST_VERSION || said.contains(|c: char| c.is_control() || c.is_whitespace()) {
                let shown = shortened(said, LONGEST_VERSION);
                return Err(Error::msg(format!("unexpected answer: {shown:?} is no version of an engine")));
            }
        }
        Ok(version)
    }

    /// One request on a connection of its own.
    ///
    /// # Errors
    /// No connection, or no HTTP answer within the limit. An error status is no failure here.
    pub async fn request(&self, method: Method, path: &str, json: Vec<u8>) -> Result<Response, EngineError> {
        match timeout(self.limit, self.exchange(method, path, json)).await {
            Ok(answer) => answer,
            Err(_) => {
                Err(EngineError::new(EngineErrorKind::TimedOut, format!("dial tcp {}: i/o timeout", self.endpoint)))
            }
        }
    }

    async fn exchange(&self, method: Method, path: &str, json: Vec<u8>) -> Result<Response, EngineError> {
        let address = self.endpoint.to_string();
        let broken = |error: hyper::Error| error::exchange(&address, &error);
        let mut sender = match &self.endpoint {
            Endpoint::Unix(socket) => {
                let stream = UnixStream::connect(socket).await.map_err(|e| error::dial("unix", &address, &e))?;
                speak_http(stream).await.map_err(broken)?
            }
            Endpoint::Tcp { host, port } => {
                let stream = self.secure(host, connect(host, *port).await?).await?;
                speak_http(stream).await.map_err(broken)?
            }
        };
        let authority = if matches!(self.endpoint, Endpoint::Unix(_)) { "docker" } else { &address };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("docker-machine/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(json)))
            .map_err(|error| EngineError::new(EngineErrorKind::Broken, error.to_string()))?;
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER << 20).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                let text = format!("{address} answers with more than {LONGEST_ANSWER} MiB: that is no engine");
                EngineError::new(EngineErrorKind::Broken, text)
            } else {
                error::exchange(&address, &*error)
            }
        })?;
        let body = body.to_bytes().to_vec();
        Ok(Response { status: status.as_u16(), status_line: status.to_string(), body })
    }

    async fn secure(&self, host: &str, stream: TcpStream) -> Result<impl AsyncRead + AsyncWrite + use<>, EngineError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            EngineError::new(EngineErrorKind::Tls, format!("tls: {host:?} cannot be the name in a certificate"))
        })?;
        let connector = TlsConnector::from(self.trust.clone());
        connector.connect(name, stream).await.map_err(|error| error::exchange(&self.endpoint.to_string(), &error))
    }
}

impl Response {
    /// The body of a success.
    ///
    /// # Errors
    /// The engine's own message for an error status, as the original words it.
    pub fn success(&self) -> Result<&[u8]> {
        let text = String::from_utf8_lossy(&self.body);
        let text = shortened(text.trim_end(), SHOWN);
        match self.status {
            ..400 => Ok(&self.body),
            404 if text.is_empty() => Err(Error::msg("Not found")),
            404 => Err(Error::msg(text)),
            _ => Err(Error::msg(format!("{}: {text}", self.status_line))),
        }
    }
}

/// Tries every address of the name in turn; the last failure is told.
async fn connect(host: &str, port: u16) -> Result<TcpStream, EngineError> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    let unknown = || EngineError::new(EngineErrorKind::NoConnection, format!("dial tcp: lookup {host}: no such host"));
    let mut last = unknown();
    for address in addresses.map_err(|_| unknown())? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // A request is one small write; it must not wait for company.
                _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = error::dial("tcp", &address.to_string(), &error),
        }
    }
    Err(last)
}

async fn speak_http<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // What goes wrong on the connection is told to the request that waits for it.
    tokio::spawn(async move { _ = connection.await });
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::testing::{EngineStub, Pki, modern};
    use super::*;
    use rcgen::ExtendedKeyUsagePurpose;

    struct Lab {
        folder: tempfile::TempDir,
        pki: Pki,
    }

    impl Lab {
        fn new() -> Self {
            let lab = Self { folder: tempfile::tempdir().unwrap(), pki: Pki::new() };
            lab.pki.write_client_files(lab.folder.path());
            lab
        }

        fn files(&self) -> TlsFiles {
            TlsFiles::in_folder(self.folder.path())
        }

        fn engine(&self, url: &str) -> Engine {
            let trust = load_trust(&self.files()).unwrap();
            Engine::new(url.parse().unwrap(), trust, Duration::from_secs(10))
        }
    }

    #[tokio::test]
    async fn an_engine_of_today_tells_its_version() {
        let lab = Lab::new();
        let stub = EngineStub::start(&lab.pki, "127.0.0.1:0", &["127.0.0.1"], modern);
        let version = lab.engine(&stub.url()).version().await.unwrap();
        assert_eq!((version.version.as_str(), version.min_api_version.as_str()), ("29.0.1", "1.44"));
        check_files(&stub.url(), &lab.files()).await.unwrap();
        assert_eq!(stub.seen(), ["/version", "/_ping"]);
    }

    #[tokio::test]
    async fn an_ipv6_address_is_reached_and_verified() {
        let lab = Lab::new();
        let stub = EngineStub::start(&lab.pki, "[::1]:0", &["::1"], modern);
        lab.engine(&stub.url()).ping().await.unwrap();
    }

    #[tokio::test]
    async fn a_closed_port_is_told_in_both_forms() {
        let lab = Lab::new();
        let error = lab.engine("tcp://127.0.0.1:9").version().await.unwrap_err();
        assert_eq!(error.message(), "Cannot connect to the docker engine endpoint");
        let error = check_files("tcp://127.0.0.1:9", &lab.files()).await.unwrap_err();
        assert_eq!(
            error.message(),
            "Error checking and/or regenerating the certs: There was an error validating certificates for host \
             \"127.0.0.1:9\": dial tcp 127.0.0.1:9: connect: connection refused\n\
             You can attempt to regenerate them using 'docker-machine regenerate-certs [name]'.\n\
             Be advised that this will trigger a Docker daemon restart which might stop running containers.\n"
        );
    }

    #[tokio::test]
    async fn a_certificate_for_another_address_is_refused() {
        let lab = Lab::new();
        let stub = EngineStub::start(&lab.pki, "127.0.0.1:0", &["10.0.0.1"], modern);
        let failure = lab.engine(&stub.url()).ping().await.unwrap_err();
        assert_eq!(failure.to_string(), "x509: certificate is valid for 10.0.0.1, not 127.0.0.1");
    }

    #[tokio::test]
    async fn a_certificate_of_another_ca_is_refused() {
        let lab = Lab::new();
        let stub = EngineStub::start(&Pki::new(), "127.0.0.1:0", &["127.0.0.1"], modern);
        let failure = lab.engine(&stub.url()).ping().await.unwrap_err();
        assert_eq!(failure.to_string(), "x509: certificate signed by unknown authority");
    }

    #[tokio::test]
    async fn a_client_certificate_of_another_ca_is_noticed() {
        let lab = Lab::new();
        let stub = EngineStub::start(&lab.pki, "127.0.0.1:0", &["127.0.0.1"], modern);
        let (cert, key) = Pki::new().issue(&["client"], ExtendedKeyUsagePurpose::ClientAuth);
        std::fs::write(lab.folder.path().join("cert.pem"), cert).unwrap();
        std::fs::write(lab.folder.path().join("key.pem"), key).unwrap();
        assert!(lab.engine(&stub.url()).ping().await.is_err());
        assert!(stub.seen().is_empty());
    }

    #[tokio::test]
    async fn an_error_status_keeps_the_engines_words() {
        let lab = Lab::new();
        let stub = EngineStub::start(&lab.pki, "127.0.0.1:0", &["127.0.0.1"], modern);
        let answer = lab.engine(&stub.url()).request(Method::GET, "/v1.15/version", Vec::new()).await.unwrap();
        let message = answer.success().unwrap_err().message().to_owned();
        assert!(message.starts_with("400 Bad Request: {\"message\":\"client version 1.15 is too old."), "{message}");
    }

    #[tokio::test]
    async fn a_silent_peer_is_given_up_on() {
        let lab = Lab::new();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("tcp://{}", silent.local_addr().unwrap());
        let mut engine = lab.engine(&url);
        engine.limit = Duration::from_millis(50);
        let failure = engine.ping().await.unwrap_err();
        assert_eq!(failure.kind(), EngineErrorKind::TimedOut, "{failure}");
    }
}
