//! Channels that the host may open to us: only what the user asked for with `-A` and `-R`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use russh::client::{ChannelOpenHandle, Msg};
use russh::{Channel, ChannelOpenFailure};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpStream, UnixStream};

/// What is open to the host. Empty at first.
#[derive(Debug, Default)]
pub struct Relays {
    agent: Mutex<Option<PathBuf>>,
    ports: Mutex<HashMap<u32, (String, u16)>>,
}

impl Relays {
    /// Lets the host use the agent behind this socket.
    pub fn allow_agent(&self, socket: PathBuf) {
        *self.agent.lock().expect("no panic while held") = Some(socket);
    }

    /// Lets connections to the host's port go to `host:port` here.
    pub fn allow_port(&self, remote: u32, host: String, port: u16) {
        self.ports.lock().expect("no panic while held").insert(remote, (host, port));
    }

    /// The agent's socket, if the host may use it.
    pub fn agent(&self) -> Option<PathBuf> {
        self.agent.lock().expect("no panic while held").clone()
    }

    /// Where connections to the host's port go.
    pub fn port(&self, remote: u32) -> Option<(String, u16)> {
        self.ports.lock().expect("no panic while held").get(&remote).cloned()
    }
}

/// Answers a channel to our agent and serves it.
pub fn serve_agent(channel: Channel<Msg>, reply: ChannelOpenHandle, socket: PathBuf) {
    tokio::spawn(async move {
        match UnixStream::connect(socket).await {
            Ok(stream) => {
                reply.accept().await;
                join(channel, stream).await;
            }
            Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
        }
    });
}

/// Answers a channel to `host:port` on our side and serves it.
pub fn serve_port(channel: Channel<Msg>, reply: ChannelOpenHandle, host: String, port: u16) {
    tokio::spawn(async move {
        match TcpStream::connect((host, port)).await {
            Ok(stream) => {
                reply.accept().await;
                join(channel, stream).await;
            }
            Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
        }
    });
}

/// Copies in both directions until both sides have ended; a broken side ends the other.
pub async fn join(channel: Channel<Msg>, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut remote = channel.into_stream();
    _ = copy_bidirectional(&mut remote, &mut stream).await;
}
