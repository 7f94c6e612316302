//! What stands in for the computers: SSH servers that answer provisioning as a Debian with Docker would, and engines
//! that show the certificate they were given. All on the loopback addresses of one region.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::regions::Region;

/// How many addresses a region has for instances, from 1 on; as in `loopback.py`.
const ADDRESSES: u8 = 24;
/// The address of a computer that is there without the region.
pub const STANDING: u8 = ADDRESSES + 1;

/// How the computers behave at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As they should.
    Well,
    /// Nobody answers SSH.
    Silent,
    /// They let nobody log in.
    Refusing,
    /// Provisioning fails half way.
    Failing,
}

/// The computers of a region; gone when dropped.
pub struct Hosts {
    shared: Arc<Shared>,
    /// Where SSH listens at every address.
    pub port: u16,
    listeners: Vec<JoinHandle<()>>,
}

struct Shared {
    region: Arc<Region>,
    manner: Mutex<Manner>,
    engines: Mutex<HashMap<IpAddr, Engine>>,
    boots: AtomicU32,
}

struct Engine {
    config: Arc<ServerConfig>,
    listener: JoinHandle<()>,
}

impl Hosts {
    /// Listens at every address of the region.
    pub fn start(region: &Arc<Region>, runtime: &Handle) -> Self {
        let shared = Arc::new(Shared {
            region: Arc::clone(region),
            manner: Mutex::new(Manner::Well),
            engines: Mutex::default(),
            boots: AtomicU32::new(0),
        });
        let key = KeypairData::Ed25519(Ed25519Keypair::from_seed(&[7; 32]));
        let key = PrivateKey::new(key, "").expect("a key");
        let public = key.public_key().to_openssh().expect("a key");
        let console = format!("-----BEGIN SSH HOST KEY KEYS-----\n{public}\n-----END SSH HOST KEY KEYS-----\n");
        region.ask("print", json!({ "text": console }));
        let config =
            Arc::new(Config { keys: vec![key], auth_rejection_time: std::time::Duration::ZERO, ..Config::default() });
        let (mut port, mut listeners) = (0, Vec::new());
        for number in 1..=STANDING {
            let at = format!("{}.{number}:{port}", region.network);
            let listener = runtime.block_on(TcpListener::bind(&at)).unwrap_or_else(|error| panic!("{at}: {error}"));
            port = listener.local_addr().expect("it is bound").port();
            listeners.push(runtime.spawn(logins(Arc::clone(&shared), Arc::clone(&config), listener)));
        }
        Self { shared, port, listeners }
    }

    /// A key that they let in, as they let in every other one.
    pub fn key() -> String {
        let key = PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&[8; 32])), "").expect("a key");
        key.to_openssh(LineEnding::LF).expect("a key").to_string()
    }

    /// From now on they behave like this.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().expect("no panic while held") = manner;
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        self.listeners.iter().for_each(JoinHandle::abort);
        self.shared.engines.lock().expect("no panic while held").values().for_each(|engine| engine.listener.abort());
    }
}

impl Shared {
    fn manner(&self) -> Manner {
        *self.manner.lock().expect("no panic while held")
    }

    /// Whether a running instance has the address.
    fn runs(&self, address: IpAddr) -> bool {
        if address.to_string() == format!("{}.{STANDING}", self.region.network) {
            return true;
        }
        let instances = tokio::task::block_in_place(|| self.region.ask("instances", json!({})));
        let is_it = |one: &serde_json::Value| one["public"] == address.to_string() && one["state"] == "running";
        instances.as_array().is_some_and(|all| all.iter().any(is_it))
    }
}

async fn logins(shared: Arc<Shared>, config: Arc<Config>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let address = listener.local_addr().expect("it is bound").ip();
        if shared.manner() == Manner::Silent || !shared.runs(address) {
            continue;
        }
        let login = Login { shared: Arc::clone(&shared), address, input: HashMap::new() };
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            if let Ok(session) = russh::server::run_stream(config, stream, login).await {
                _ = session.await;
            }
        });
    }
}

/// One connection.
struct Login {
    shared: Arc<Shared>,
    address: IpAddr,
    input: HashMap<ChannelId, Vec<u8>>,
}

impl Handler for Login {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(match self.shared.manner() {
            Manner::Refusing => Auth::reject(),
            _ => Auth::Accept,
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, command: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        session.channel_success(id)?;
        if String::from_utf8_lossy(command).contains("sh -s") {
            self.input.insert(id, Vec::new());
            return Ok(());
        }
        // The id of this boot, the only other thing that is asked for.
        let boot = self.shared.boots.fetch_add(1, Ordering::Relaxed);
        answer(session, id, format!("boot-{boot}\n"), 0)
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _: &mut Session) -> Result<(), Self::Error> {
        self.input.entry(id).or_default().extend(data);
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        let Some(script) = self.input.remove(&id) else { return Ok(()) };
        let (text, status) = self.shared.carry_out(self.address, &String::from_utf8_lossy(&script)).await;
        answer(session, id, format!("@ready\n{text}"), status)
    }
}

fn answer(session: &mut Session, id: ChannelId, text: String, status: u32) -> Result<(), russh::Error> {
    session.data(id, text.into_bytes())?;
    session.exit_status_request(id, status)?;
    session.eof(id)?;
    session.close(id)
}

/// What there is of an engine.
const ENGINE: &str = "@fact dockerd /usr/sbin/dockerd\n@fact engine-version Docker version 29.1.0, build x\n\
    @file unit /lib/systemd/system/docker.service\n [Service]\n ExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n\n";

impl Shared {
    /// The answer to a script of provisioning, and its exit status.
    async fn carry_out(self: &Arc<Self>, address: IpAddr, script: &str) -> (String, u32) {
        if script.contains("One look at the host") {
            let now = docker_machine::clock::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
            return (
                format!(
                    "{ENGINE}@file os-release /etc/os-release\n ID=debian\n VERSION_ID=\"13\"\n\n@fact init systemd\n\
                     @fact arch x86_64\n@fact host-name localhost\n@fact clock {now}\n@fact has-curl yes\n"
                ),
                0,
            );
        }
        if self.manner() == Manner::Failing {
            return ("@step error configuring docker\n".to_owned(), 1);
        }
        if let (Some(certificate), Some(key)) = (value(script, "SERVER_PEM"), value(script, "SERVER_KEY_PEM")) {
            self.serve_engine(address, &certificate, &key).await;
            return ("@changed /etc/docker/server.pem\n".to_owned(), 0);
        }
        match script.contains("What there is of an engine") {
            true => (ENGINE.to_owned(), 0),
            false => ("@restarted\n".to_owned(), 0),
        }
    }

    /// The engine at this address shows this certificate from now on.
    async fn serve_engine(self: &Arc<Self>, address: IpAddr, certificate: &str, key: &str) {
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth().with_single_cert(vec![certificate], key);
        let config = Arc::new(config.expect("a certificate with its key"));
        if let Some(engine) = self.engines.lock().expect("no panic while held").get_mut(&address) {
            engine.config = config;
            return;
        }
        let listener = TcpListener::bind((address, 2376)).await.expect("the network is ours");
        let listener = tokio::spawn(engine(Arc::clone(self), listener));
        self.engines.lock().expect("no panic while held").insert(address, Engine { config, listener });
    }
}

/// The value of a variable at the head of a script.
fn value(script: &str, name: &str) -> Option<String> {
    let (_, rest) = script.split_once(&format!("\n{name}='"))?;
    Some(rest.split_once('\'')?.0.to_owned())
}

async fn engine(shared: Arc<Shared>, listener: TcpListener) {
    let address = listener.local_addr().expect("it is bound").ip();
    while let Ok((stream, _)) = listener.accept().await {
        let config = shared.engines.lock().expect("no panic while held").get(&address).map(|one| one.config.clone());
        if let Some(config) = config.filter(|_| shared.runs(address)) {
            tokio::spawn(answer_ping(stream, config));
        }
    }
}

async fn answer_ping(stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let mut stream = TlsAcceptor::from(config).accept(stream).await?;
    let (mut request, mut chunk) = (Vec::new(), [0; 2048]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut chunk).await? {
            0 => return Ok(()),
            read => request.extend_from_slice(&chunk[..read]),
        }
    }
    let body = match String::from_utf8_lossy(&request).contains("/version") {
        true => r#"{"Version":"29.1.0","ApiVersion":"1.52","MinAPIVersion":"1.44"}"#,
        false => "OK",
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.shutdown().await
}
