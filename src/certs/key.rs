//! Private keys: made in the form that is asked for, read in every form that the original or a person may have left.

use std::path::Path;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};

use crate::env::Env;
use crate::error::{Error, Result};

/// The variable that asks for another key type.
const VARIABLE: &str = "MACHINE_TLS_KEY_TYPE";

/// The form of a new key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyType {
    /// ECDSA on P-256 in PKCS#8: read by everything since 2016, small and quick.
    #[default]
    Ecdsa,
    /// RSA 2048 in PKCS#1, as the original: for programs that insist on it.
    Rsa,
}

impl KeyType {
    /// From `MACHINE_TLS_KEY_TYPE`.
    ///
    /// # Errors
    /// The value is neither `ecdsa` nor `rsa`.
    pub fn from_env(env: &Env) -> Result<Self> {
        match env.var(VARIABLE) {
            None | Some("ecdsa") => Ok(Self::Ecdsa),
            Some("rsa") => Ok(Self::Rsa),
            Some(other) => Err(Error::msg(format!("{VARIABLE} is \"{other}\": it can be \"ecdsa\" or \"rsa\""))),
        }
    }

    /// A new key and its PEM text.
    pub(super) fn generate(self) -> Result<(KeyPair, String)> {
        let failed = |error| Error::msg(format!("cannot make a key: {error}"));
        match self {
            Self::Ecdsa => {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
                let text = pair.serialize_pem().replace("\r\n", "\n");
                Ok((pair, text))
            }
            Self::Rsa => {
                let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(failed)?;
                let text = pkcs1_pem(&pair).ok_or_else(|| Error::msg("cannot make a key: no PKCS#1 part"))?;
                Ok((pair, text))
            }
        }
    }
}

/// Reads a key in PKCS#1, PKCS#8 or SEC1 form.
///
/// # Errors
/// `open PATH: …`, or the file holds no key without a passphrase.
pub(super) fn read(path: &Path) -> Result<KeyPair> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::file("open", path, &error))?;
    KeyPair::from_pem(&text).map_err(|error| {
        Error::msg(format!("{} is no private key that can be used: {error}", path.display()))
            .hint("a key with a passphrase has to be decrypted first")
            .caused_by(error)
    })
}

/// The old text form of an RSA key, label `RSA PRIVATE KEY`; `None` for a key of another type.
pub fn pkcs1_pem(pair: &KeyPair) -> Option<String> {
    let inner = pair.is_compatible(&PKCS_RSA_SHA256).then(|| pkcs1_of_pkcs8(pair.serialized_der()))??;
    let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    Some(pem::encode_config(&pem::Pem::new("RSA PRIVATE KEY", inner), lines))
}

/// The `privateKey` octets of a PKCS#8 `PrivateKeyInfo` (RFC 5208): `SEQUENCE { INTEGER, SEQUENCE, OCTET STRING }`.
fn pkcs1_of_pkcs8(der: &[u8]) -> Option<Vec<u8>> {
    use x509_parser::asn1_rs::{Any, FromDer, Sequence};
    let (_, info) = Sequence::from_der(der).ok()?;
    let (rest, _version) = Any::from_der(&info.content).ok()?;
    let (rest, _algorithm) = Any::from_der(rest).ok()?;
    let (_, octets) = Any::from_der(rest).ok()?;
    Some(octets.data.to_vec())
}
