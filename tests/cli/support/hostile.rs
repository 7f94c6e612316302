//! An SSH and SFTP server that lets everybody in and then misbehaves.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use russh_sftp::protocol::{Attrs, File, FileAttributes, Handle, Name, Status, StatusCode, Version};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What it does.
#[derive(Clone, Debug)]
pub enum Manner {
    /// A command's output never ends.
    TalksForEver,
    /// Each connection is shown the next host key.
    ChangesItsKey,
    /// Requests for a subsystem or a forwarding get no answer, nor does anything after them.
    FallsSilent,
    /// Every directory holds these names, and nothing is behind them.
    Lists(&'static [&'static str]),
    /// The list of a directory never ends.
    ListsForEver,
}

/// A running server; ends when dropped.
pub struct HostileSshd {
    address: SocketAddr,
    _runtime: Runtime,
}

impl HostileSshd {
    /// Listens on a port of the loopback, with host keys in `folder`.
    pub fn start(folder: &Path, manner: Manner) -> Self {
        let keys = ["one", "two"].map(|name| {
            let file = folder.join(format!("host_{name}"));
            make_key(&file);
            russh::keys::load_secret_key(file, None).expect("ssh-keygen's key can be read")
        });
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("loopback has ports");
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(async move {
            let mut turn = 0;
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                // Whoever only looks whether somebody is there says nothing.
                if stream.peek(&mut [0]).await.unwrap_or(0) == 0 {
                    continue;
                }
                turn += 1;
                let change = matches!(manner, Manner::ChangesItsKey);
                let key = keys[if change { turn % keys.len() } else { 0 }].clone();
                let guest = Guest { manner: manner.clone(), channels: HashMap::new() };
                let config = Config { keys: vec![key], ..Config::default() };
                tokio::spawn(async move {
                    if let Ok(session) = russh::server::run_stream(Arc::new(config), stream, guest).await {
                        _ = session.await;
                    }
                });
            }
        });
        Self { address, _runtime: runtime }
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

/// Makes an Ed25519 key.
pub fn make_key(file: &Path) {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-N", "", "-C", "test", "-t", "ed25519", "-f"]).arg(file);
    assert!(keygen.status().expect("ssh-keygen runs").success());
}

struct Guest {
    manner: Manner,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _user: &str, _key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, _: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        session.channel_success(id)?;
        let Some(channel) = self.channels.remove(&id) else { return Ok(()) };
        if !matches!(self.manner, Manner::TalksForEver) {
            session.exit_status_request(id, 0)?;
            return session.close(id);
        }
        tokio::spawn(async move { while channel.data(&[b'x'; 32 * 1024][..]).await.is_ok() {} });
        Ok(())
    }

    async fn subsystem_request(&mut self, id: ChannelId, _: &str, session: &mut Session) -> Result<(), russh::Error> {
        let names = match self.manner {
            Manner::Lists(names) => Some(names),
            Manner::ListsForEver => None,
            _ => std::future::pending().await,
        };
        session.channel_success(id)?;
        if let Some(channel) = self.channels.remove(&id) {
            tokio::spawn(russh_sftp::server::run(channel.into_stream(), Listing { names, listed: 0 }));
        }
        Ok(())
    }

    async fn tcpip_forward(&mut self, _: &str, _: &mut u32, _: &mut Session) -> Result<bool, russh::Error> {
        std::future::pending().await
    }
}

/// Directories with these names, or with names without end.
struct Listing {
    names: Option<&'static [&'static str]>,
    listed: usize,
}

/// In one answer.
const PAGE: usize = 500;

impl russh_sftp::server::Handler for Listing {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn init(&mut self, _: u32, _: HashMap<String, String>) -> Result<Version, StatusCode> {
        Ok(Version::new())
    }

    async fn stat(&mut self, id: u32, path: String) -> Result<Attrs, StatusCode> {
        let mut attrs = FileAttributes::empty();
        attrs.set_dir(true);
        if path == "/tree" { Ok(Attrs { id, attrs }) } else { Err(StatusCode::NoSuchFile) }
    }

    async fn opendir(&mut self, id: u32, path: String) -> Result<Handle, StatusCode> {
        Ok(Handle { id, handle: path })
    }

    async fn readdir(&mut self, id: u32, _handle: String) -> Result<Name, StatusCode> {
        let from = self.listed;
        self.listed += PAGE;
        let files = match self.names {
            Some(_) if from > 0 => return Err(StatusCode::Eof),
            Some(names) => names.iter().map(|name| File::dummy(*name)).collect(),
            None => (from..from + PAGE).map(|number| File::dummy(format!("file-{number}"))).collect(),
        };
        Ok(Name { id, files })
    }

    async fn close(&mut self, id: u32, _handle: String) -> Result<Status, StatusCode> {
        Ok(Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: String::new() })
    }
}
