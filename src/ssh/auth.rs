//! Logging in with public keys: the driver's key file and nothing else, or the agent and then the default files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use russh::client::{AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey, load_openssh_certificate};
use tokio::time::timeout;

use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::ssh::SshTarget;
use crate::ssh::agent::Agent;
use crate::ssh::handler::Client;
use crate::ssh::keys::{self, Key, beside, fingerprint};

/// The default key files in the order in which they are tried.
const DEFAULT_KEYS: &[&str] = &["id_ed25519", "id_ecdsa", "id_rsa"];

/// Long enough for a person to touch a token or confirm the agent's question.
const LIMIT: Duration = Duration::from_secs(60);

/// Why a login did not happen.
#[derive(Debug)]
pub enum LoginError {
    /// No connection, or it broke: trying again may help.
    Unreachable(Error),
    /// The host is there and accepts none of the keys; a booting host may still change its mind.
    Login(Error),
    /// Trying again cannot help: no usable key, the host key has changed.
    Final(Error),
}

impl LoginError {
    /// The error inside.
    pub fn into_error(self) -> Error {
        match self {
            Self::Unreachable(error) | Self::Login(error) | Self::Final(error) => error,
        }
    }
}

/// The keys to try, in order, and the agent that signs for some of them.
pub struct Credentials {
    offers: Vec<Offer>,
    agent: Option<Agent>,
}

/// One key to try.
enum Offer {
    /// A file that can sign, and its certificate if there is one beside it.
    File(PathBuf, Arc<PrivateKey>, Option<Box<Certificate>>),
    /// What the agent holds.
    Agent(Box<AgentIdentity>),
}

impl Credentials {
    /// With a key of the driver's only that one, through the agent if it is encrypted; else the agent's keys and the
    /// default files.
    ///
    /// # Errors
    /// There is no key that could be used.
    pub async fn collect(target: &SshTarget, env: &Env) -> Result<Self> {
        let agent = Agent::of(env).await;
        let Some(path) = &target.key else {
            return Ok(Self { offers: default_offers(agent.as_ref(), env)?, agent });
        };
        keys::check_file(path)?;
        let offer = match keys::read(path)? {
            Key::Ready(key) => file_offer(path, key),
            Key::Locked(Some(public)) if agent.as_ref().is_some_and(|agent| agent.holds(&public)) => {
                Offer::Agent(Box::new(public.into()))
            }
            Key::Locked(_) => return Err(keys::locked(path)),
        };
        Ok(Self { offers: vec![offer], agent })
    }

    /// Logs in, or says which keys were refused.
    ///
    /// # Errors
    /// Every [`LoginError`] but the final one.
    pub async fn log_in(self, handle: &mut Handle<Client>, target: &SshTarget) -> Result<(), LoginError> {
        let attempt = Attempt { handle, target, hash: None, tried: Vec::new() };
        let limit = LIMIT.as_secs();
        timeout(LIMIT, attempt.run(self)).await.unwrap_or_else(|_| {
            let message = format!("{} did not answer the login within {limit} s", address(target));
            Err(LoginError::Unreachable(Error::new(Kind::Unreachable, message)))
        })
    }
}

/// The agent's keys, then the default files that can be used without a passphrase.
fn default_offers(agent: Option<&Agent>, env: &Env) -> Result<Vec<Offer>> {
    let held = agent.map_or(&[][..], |agent| &agent.identities);
    let mut offers: Vec<Offer> = held.iter().cloned().map(|one| Offer::Agent(Box::new(one))).collect();
    let mut unusable = Vec::new();
    for path in default_files(env) {
        match keys::check_file(&path).and_then(|()| keys::read(&path)) {
            Ok(Key::Ready(key)) if agent.is_some_and(|agent| agent.holds(key.public_key())) => {}
            Ok(Key::Ready(key)) => offers.push(file_offer(&path, key)),
            Ok(Key::Locked(_)) => unusable.push(keys::locked(&path)),
            Err(error) => unusable.push(error),
        }
    }
    match (offers.is_empty(), unusable.into_iter().next()) {
        (false, _) => Ok(offers),
        (true, Some(error)) => Err(error),
        (true, None) => Err(no_key()),
    }
}

/// Those of `~/.ssh/id_*` that exist.
fn default_files(env: &Env) -> Vec<PathBuf> {
    let home = env.var("HOME").map(PathBuf::from).or_else(|| env.passwd_home.clone());
    let folder = home.map(|home| home.join(".ssh"));
    let files = folder.into_iter().flat_map(|folder| DEFAULT_KEYS.iter().map(move |name| folder.join(name)));
    files.filter(|path| path.exists()).collect()
}

fn file_offer(path: &Path, key: Arc<PrivateKey>) -> Offer {
    let certificate = load_openssh_certificate(beside(path, "-cert.pub")).ok().map(Box::new);
    Offer::File(path.to_owned(), key, certificate)
}

fn no_key() -> Error {
    let files: Vec<String> = DEFAULT_KEYS.iter().map(|name| format!("~/.ssh/{name}")).collect();
    Error::new(Kind::Refused, format!("there is no SSH key to log in with: no agent, and none of {}", files.join(", ")))
        .hint("start an agent and ssh-add a key, or make one with ssh-keygen")
}

struct Attempt<'a> {
    handle: &'a mut Handle<Client>,
    target: &'a SshTarget,
    /// The signature hash that the server takes from RSA keys; asked for once.
    hash: Option<Option<HashAlg>>,
    /// What was tried, for the message.
    tried: Vec<String>,
}

impl Attempt<'_> {
    /// Tries one key after the other and stops at the first that is accepted: russh never answers a login after that.
    async fn run(mut self, credentials: Credentials) -> Result<(), LoginError> {
        let mut agent = credentials.agent;
        for offer in credentials.offers {
            let accepted = match offer {
                Offer::File(path, key, certificate) => self.file(&path, key, certificate).await?,
                Offer::Agent(identity) => match &mut agent {
                    Some(agent) => self.agent(*identity, agent).await?,
                    None => false,
                },
            };
            if accepted {
                return Ok(());
            }
            if self.handle.is_closed() {
                break;
            }
        }
        Err(LoginError::Login(self.refusal()))
    }

    async fn file(
        &mut self,
        path: &Path,
        key: Arc<PrivateKey>,
        certificate: Option<Box<Certificate>>,
    ) -> Result<bool, LoginError> {
        let user = self.target.user.clone();
        if let Some(certificate) = certificate {
            let answer = self.handle.authenticate_openssh_cert(&user, Arc::clone(&key), *certificate).await;
            if self.accepted(answer)? {
                return Ok(true);
            }
        }
        self.tried.push(format!("'{}' ({})", path.display(), fingerprint(key.public_key())));
        let hash = self.rsa_hash(key.public_key()).await;
        let answer = self.handle.authenticate_publickey(user, PrivateKeyWithHashAlg::new(key, hash)).await;
        self.accepted(answer)
    }

    /// A signer that fails (a locked agent, a token that is not plugged in) is as good as a refused key.
    async fn agent(&mut self, identity: AgentIdentity, agent: &mut Agent) -> Result<bool, LoginError> {
        let user = self.target.user.clone();
        let public = identity.public_key().into_owned();
        let hash = self.rsa_hash(&public).await;
        self.tried.push(format!("{} of the agent ({})", name_of(&identity), fingerprint(&public)));
        let signer = &mut agent.client;
        let answer = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                self.handle.authenticate_publickey_with(user, key, hash, signer).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                self.handle.authenticate_certificate_with(user, certificate, hash, signer).await
            }
        };
        Ok(matches!(answer, Ok(AuthResult::Success)))
    }

    fn accepted(&self, answer: Result<AuthResult, russh::Error>) -> Result<bool, LoginError> {
        match answer {
            Ok(answer) => Ok(answer.success()),
            Err(error) => {
                let message = format!("the login at {} broke off: {error}", address(self.target));
                Err(LoginError::Unreachable(Error::new(Kind::Unreachable, message)))
            }
        }
    }

    /// The hash for RSA signatures. Servers that do not say which they take get SHA-512, as OpenSSH does it.
    async fn rsa_hash(&mut self, key: &PublicKey) -> Option<HashAlg> {
        if !key.algorithm().is_rsa() {
            return None;
        }
        if let Some(hash) = self.hash {
            return hash;
        }
        let asked = self.handle.best_supported_rsa_hash().await;
        let hash = asked.unwrap_or(None).unwrap_or(Some(HashAlg::Sha512));
        self.hash = Some(hash);
        hash
    }

    fn refusal(&self) -> Error {
        let (place, tried) = (address(self.target), self.tried.join(", "));
        let message = match self.tried.len() {
            1 => format!("{place} does not accept the SSH key {tried}"),
            _ => format!("{place} does not accept any of the SSH keys {tried}"),
        };
        let mut error = Error::new(Kind::Refused, message);
        if self.tried.len() > 1 && self.handle.is_closed() {
            error = error.hint("servers end the connection after a few wrong keys: take some out of the agent");
        }
        let user = &self.target.user;
        error.hint(format!("is \"{user}\" the login name, and is the public key in its ~/.ssh/authorized_keys?"))
    }
}

fn name_of(identity: &AgentIdentity) -> &str {
    match identity.comment() {
        "" => "a key",
        comment => comment,
    }
}

/// `USER@HOST:PORT`, IPv6 in brackets.
pub fn address(target: &SshTarget) -> String {
    let host = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
    format!("{}@{host}:{}", target.user, target.port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_is_shown_in_brackets() {
        let six = SshTarget { host: "2001:db8::1".into(), ..SshTarget::for_test() };
        assert_eq!(address(&six), "admin@[2001:db8::1]:2222");
        assert_eq!(address(&SshTarget::for_test()), "admin@192.0.2.7:2222");
    }

    #[test]
    fn without_any_key_the_places_that_were_looked_at_are_named() {
        let home = tempfile::tempdir().unwrap();
        let mut env = Env::default();
        env.vars.insert("HOME".into(), home.path().display().to_string());
        let error = default_offers(None, &env).err().unwrap();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.message().contains("~/.ssh/id_ed25519, ~/.ssh/id_ecdsa, ~/.ssh/id_rsa"), "{error}");
    }

    #[test]
    fn default_keys_that_others_can_read_are_not_offered() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".ssh/id_ed25519");
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        keys::generate(&file, keys::NewKey::Ed25519).unwrap();
        let mut env = Env::default();
        env.vars.insert("HOME".into(), home.path().display().to_string());
        assert_eq!(default_offers(None, &env).unwrap().len(), 1);
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(default_offers(None, &env).err().unwrap().message().contains("too open"));
    }
}
