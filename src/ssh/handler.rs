//! Our side of what a server may start: showing its host key. Everything else it asks for is declined.

use std::sync::{Arc, OnceLock};

use russh::client::Handler;
use russh::keys::{PublicKey, PublicKeyOrCertificate};

use crate::error::Error;
use crate::ssh::hostkeys::Pins;

/// Judges the host's key and keeps it for later.
pub struct Client {
    pins: Pins,
    shown: Arc<OnceLock<PublicKey>>,
}

/// Why a connection ended: the protocol's reason, or our refusal of the host key.
#[derive(Debug)]
pub enum Trouble {
    /// What russh says.
    Protocol(russh::Error),
    /// The host key is not the pinned one.
    HostKey(Error),
}

impl From<russh::Error> for Trouble {
    fn from(error: russh::Error) -> Self {
        Self::Protocol(error)
    }
}

impl Client {
    /// A handler, and the cell in which the host's key will be.
    pub fn new(pins: Pins) -> (Self, Arc<OnceLock<PublicKey>>) {
        let shown = Arc::new(OnceLock::new());
        (Self { pins, shown: Arc::clone(&shown) }, shown)
    }
}

impl Handler for Client {
    type Error = Trouble;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Trouble> {
        let key = shown.public_key();
        self.pins.check(&key).map_err(Trouble::HostKey)?;
        _ = self.shown.set(key);
        Ok(true)
    }
}
