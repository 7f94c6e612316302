//! The files that this program keeps in a machine's folder, by name. Everything else there is the user's.

/// The machine's record.
pub const RECORD: &str = "config.json";
/// The record's text before it was brought to today's form.
pub const OLD_RECORD: &str = "config.json.bak";
/// A text in the record's place that held no record.
pub const DAMAGED_RECORD: &str = "config.json.damaged";
/// There while a `create` runs, or after it was killed.
pub const CREATING: &str = ".creating";
/// The pinned keys of the host's SSH server.
pub const HOST_KEYS: &str = "known_hosts";
/// The authority's certificate. With the next two what `DOCKER_CERT_PATH` points at.
pub const CA: &str = "ca.pem";
/// The client's certificate.
pub const CLIENT_CERT: &str = "cert.pem";
/// Its key.
pub const CLIENT_KEY: &str = "key.pem";
/// The engine's certificate.
pub const SERVER_CERT: &str = "server.pem";
/// Its key.
pub const SERVER_KEY: &str = "server-key.pem";
/// The private key of the login user, unless it is a copy of a user's key, which keeps its name. Its public half is
/// beside it, with `.pub` at the end.
pub const SSH_KEY: &str = "id_rsa";

/// All but the SSH key: no copy of a user's file may take one of these names.
pub const RESERVED: &[&str] =
    &[RECORD, OLD_RECORD, DAMAGED_RECORD, CREATING, HOST_KEYS, CA, CLIENT_CERT, CLIENT_KEY, SERVER_CERT, SERVER_KEY];
