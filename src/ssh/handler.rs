//! Our side of what a server may start: showing its host key, and the channels that the user allowed.

use std::sync::{Arc, OnceLock};

use russh::Channel;
use russh::client::{ChannelOpenHandle, Handler, Msg, Session};
use russh::keys::{PublicKey, PublicKeyOrCertificate};

use crate::error::Error;
use crate::ssh::hostkeys::Pins;
use crate::ssh::relays::{Relays, serve_agent, serve_port};

/// Judges the host's key and keeps it for later.
pub struct Client {
    /// `None`: whoever answers is left again when he has shown a key.
    pins: Option<Pins>,
    shown: Arc<OnceLock<PublicKey>>,
    relays: Arc<Relays>,
}

/// Why a connection ended: the protocol's reason, or our refusal of the host key.
#[derive(Debug)]
pub enum Trouble {
    /// What russh says.
    Protocol(russh::Error),
    /// The host key is not the pinned one.
    HostKey(Error),
    /// A key was shown, and more was not wanted.
    Seen,
}

impl From<russh::Error> for Trouble {
    fn from(error: russh::Error) -> Self {
        Self::Protocol(error)
    }
}

impl Client {
    /// A handler, and the cell in which the host's key will be.
    pub fn new(pins: Pins, relays: Arc<Relays>) -> (Self, Arc<OnceLock<PublicKey>>) {
        let shown = Arc::new(OnceLock::new());
        (Self { pins: Some(pins), shown: Arc::clone(&shown), relays }, shown)
    }

    /// A handler that ends the handshake with [`Trouble::Seen`] before anything is sent.
    pub fn looking() -> Self {
        Self { pins: None, shown: Arc::default(), relays: Arc::default() }
    }
}

impl Handler for Client {
    type Error = Trouble;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Trouble> {
        let Some(pins) = &self.pins else { return Err(Trouble::Seen) };
        let key = shown.public_key();
        pins.check(&key).map_err(Trouble::HostKey)?;
        _ = self.shown.set(key);
        Ok(true)
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Trouble> {
        if let Some(socket) = self.relays.agent() {
            serve_agent(channel, reply, socket);
        }
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        channel: Channel<Msg>,
        _connected_address: &str,
        connected_port: u32,
        _originator_address: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Trouble> {
        if let Some((host, port)) = self.relays.port(connected_port) {
            serve_port(channel, reply, host, port);
        }
        Ok(())
    }

    // russh accepts the following by default; a reply that is dropped declines.

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Trouble> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Trouble> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host: &str,
        _port: u32,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Trouble> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Trouble> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Trouble> {
        Ok(())
    }
}
