//! The user's key agent (`SSH_AUTH_SOCK`).

use std::time::Duration;

use russh::keys::PublicKey;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::env::Env;

/// An agent that does not answer a plain question in this time is treated as absent.
const ANSWER: Duration = Duration::from_secs(5);

/// An agent and what it holds.
pub struct Agent {
    /// The connection, for signing.
    pub client: AgentClient<UnixStream>,
    /// Keys and certificates in the agent's order.
    pub identities: Vec<AgentIdentity>,
}

impl Agent {
    /// Asks the agent of the environment, if there is one that answers.
    pub async fn of(env: &Env) -> Option<Self> {
        let socket = env.cwd.join(env.var("SSH_AUTH_SOCK")?);
        let ask = async {
            let mut client = AgentClient::connect_uds(socket).await.ok()?;
            let identities = client.request_identities().await.ok()?;
            Some(Self { client, identities })
        };
        timeout(ANSWER, ask).await.ok().flatten()
    }

    /// Whether it can sign for this public key.
    pub fn holds(&self, key: &PublicKey) -> bool {
        self.identities.iter().any(|identity| identity.public_key().key_data() == key.key_data())
    }
}
