//! The CA, client and server certificates.
//!
//! One CA per store signs the client's certificate and every engine's. New keys are ECDSA P-256; what is there
//! already, the original's RSA files among it, is used as it is.

mod bootstrap;
mod expiry;
mod inspect;
mod issue;
mod key;
mod pair;
mod verifier;

use std::path::PathBuf;

pub use bootstrap::{Renew, ensure, renew};
pub use expiry::expiry_warnings;
pub use inspect::{CertInfo, inspect};
pub use issue::{Issued, ServerRequest, issue_server};
pub use key::{KeyType, pkcs1_pem};
pub use pair::Pair;
pub use verifier::CaVerifier;

use crate::context::Globals;
use crate::env::Env;
use crate::error::Result;
use crate::store::{AuthOptions, Store};

/// Where the files of the CA and of the client are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertPaths {
    /// The CA's certificate.
    pub ca: PathBuf,
    /// The CA's key.
    pub ca_key: PathBuf,
    /// The client's certificate.
    pub client: PathBuf,
    /// The client's key.
    pub client_key: PathBuf,
    /// The folder of our own: certificates outside of it are somebody's.
    pub cert_dir: PathBuf,
}

impl CertPaths {
    /// For a new machine: the store's files, or those that the `--tls-*` flags name.
    pub fn for_create(store: &Store, globals: &Globals) -> Self {
        let certs = store.certs();
        let or = |flag: &Option<PathBuf>, file: &str| flag.clone().unwrap_or_else(|| certs.join(file));
        Self {
            ca: or(&globals.tls_ca_cert, "ca.pem"),
            ca_key: or(&globals.tls_ca_key, "ca-key.pem"),
            client: or(&globals.tls_client_cert, "cert.pem"),
            client_key: or(&globals.tls_client_key, "key.pem"),
            cert_dir: certs,
        }
    }

    /// For a machine that is there: the files that its record names.
    pub fn of(auth: &AuthOptions) -> Self {
        Self {
            ca: PathBuf::from(&auth.ca_cert_path),
            ca_key: PathBuf::from(&auth.ca_private_key_path),
            client: PathBuf::from(&auth.client_cert_path),
            client_key: PathBuf::from(&auth.client_key_path),
            cert_dir: PathBuf::from(&auth.cert_dir),
        }
    }
}

/// Whose certificates are made, and with which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The organization in the subjects: `$USER`, `unknown` if there is none.
    pub user: String,
    /// The form of new keys.
    pub key_type: KeyType,
}

impl Identity {
    /// From `USER` and `MACHINE_TLS_KEY_TYPE`.
    ///
    /// # Errors
    /// The key type is none that we know.
    pub fn from_env(env: &Env) -> Result<Self> {
        Ok(Self { user: env.var("USER").unwrap_or("unknown").to_owned(), key_type: KeyType::from_env(env)? })
    }
}

#[cfg(test)]
mod tests;
