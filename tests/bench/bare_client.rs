//! What the benchmarks hold `ls` against: `bare-client CERTS ADDRESS:PORT COUNT` asks an engine for its version COUNT
//! times, each time with a handshake of its own, and does nothing else. It uses the same TLS library.

use std::error::Error;
use std::io::{Read, Write, stdout};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

#[expect(clippy::disallowed_methods, reason = "a program of its own, which has no `Env`")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [certs, address, count] = arguments.as_slice() else {
        return Err("usage: bare-client CERTS ADDRESS:PORT COUNT".into());
    };
    let config = Arc::new(config(Path::new(certs))?);
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
    let name = ServerName::try_from(host.to_owned())?;
    let mut answered = 0;
    for _ in 0..count.parse::<u32>()? {
        let mut connection = ClientConnection::new(config.clone(), name.clone())?;
        let mut socket = TcpStream::connect(address.as_str())?;
        let mut stream = Stream::new(&mut connection, &mut socket);
        stream.write_all(b"GET /version HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        // A server may end the connection without TLS's own farewell.
        _ = stream.read_to_end(&mut answer);
        answered += u32::from(answer.starts_with(b"HTTP/1.1 200"));
    }
    writeln!(stdout(), "{answered} answered")?;
    Ok(())
}

fn config(certs: &Path) -> Result<ClientConfig, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certs.join("ca.pem"))?)?;
    let chain = vec![CertificateDer::from_pem_file(certs.join("cert.pem"))?];
    let key = PrivateKeyDer::from_pem_file(certs.join("key.pem"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::disabled();
    Ok(config)
}
