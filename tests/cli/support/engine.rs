//! A stand-in for a Docker engine: a TLS server that demands a client certificate and answers a few paths.
//!
//! Used by the command-line tests, by the library's own tests and by the benchmarks.
#![allow(dead_code, reason = "each of its users needs another part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A CA that signs what a test needs.
pub struct Pki {
    ca_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A connection behind TLS.
pub type Secured = StreamOwned<ServerConnection, TcpStream>;

/// What a stub engine says to `GET path`: status line and body.
pub type Answers = fn(&str) -> (&'static str, &'static str);

/// An engine of today: no API below 1.44.
pub fn modern(path: &str) -> (&'static str, &'static str) {
    match path {
        "/version" => ("200 OK", r#"{"Version":"29.0.1","ApiVersion":"1.52","MinAPIVersion":"1.44"}"#),
        "/_ping" => ("200 OK", "OK"),
        path if path.starts_with("/v1.15/") => (
            "400 Bad Request",
            "{\"message\":\"client version 1.15 is too old. Minimum supported API version is 1.44\"}\n",
        ),
        _ => ("404 Not Found", "{\"message\":\"page not found\"}"),
    }
}

impl Pki {
    /// A new CA.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca_pem = params.self_signed(&key).unwrap().pem();
        Self { ca_pem, issuer: Issuer::new(params, key) }
    }

    /// The CA of a store: `ca.pem` and `ca-key.pem` in its `certs` folder.
    pub fn of_store(certs: &Path) -> Self {
        let ca_pem = std::fs::read_to_string(certs.join("ca.pem")).unwrap();
        let key = KeyPair::from_pem(&std::fs::read_to_string(certs.join("ca-key.pem")).unwrap()).unwrap();
        Self { issuer: Issuer::from_ca_cert_pem(&ca_pem, key).unwrap(), ca_pem }
    }

    /// Certificate and key, PEM, for some names (addresses are told apart by their form).
    pub fn issue(&self, names: &[&str], usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Writes `ca.pem`, `cert.pem` and `key.pem`, as `DOCKER_CERT_PATH` wants them.
    pub fn write_client_files(&self, folder: &Path) {
        let (cert, key) = self.issue(&["client"], ExtendedKeyUsagePurpose::ClientAuth);
        std::fs::write(folder.join("ca.pem"), &self.ca_pem).unwrap();
        std::fs::write(folder.join("cert.pem"), cert).unwrap();
        std::fs::write(folder.join("key.pem"), key).unwrap();
    }

    fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (cert, key) = self.issue(names, ExtendedKeyUsagePurpose::ServerAuth);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.ca_pem.as_bytes()).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            );
        Arc::new(config.unwrap())
    }
}

/// A running stub; ends when dropped.
pub struct EngineStub {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    ending: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl EngineStub {
    /// Listens on `address` (port 0: any) with a certificate for `names`.
    pub fn start(pki: &Pki, address: &str, names: &[&str], answers: Answers) -> Self {
        Self::speaking(pki, address, names, move |path, stream| {
            let (status, body) = answers(path);
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        })
    }

    /// The same, with `speak` to write the answer to the request for a path.
    pub fn speaking(
        pki: &Pki,
        address: &str,
        names: &[&str],
        speak: impl Fn(&str, &mut Secured) -> std::io::Result<()> + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, ending) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (config, log, stop) = (pki.server(names), seen.clone(), ending.clone());
        let accept = move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), config, log) = (stream, config.clone(), log.clone()) else { continue };
                let speak = speak.clone();
                std::thread::spawn(move || _ = serve(stream, config, &speak, &log));
            }
        };
        Self { address, seen, ending, listener: Some(std::thread::spawn(accept)) }
    }

    /// `tcp://ADDRESS:PORT`.
    pub fn url(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// The paths that were asked for.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for EngineStub {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is to end.
        _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            _ = listener.join();
        }
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    speak: &impl Fn(&str, &mut Secured) -> std::io::Result<()>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let (mut request, mut chunk) = (Vec::new(), [0; 2048]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&chunk[..read]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split_whitespace().nth(1).unwrap_or_default();
    seen.lock().unwrap().push(path.to_owned());
    speak(path, &mut stream)?;
    stream.conn.send_close_notify();
    stream.flush()
}
