//! Where an engine listens: `tcp://HOST:PORT` or `unix:///PATH`.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::names;

/// The port of an engine behind TLS, for an address that names none.
pub const DEFAULT_PORT: u16 = 2376;

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Behind TLS.
    Tcp {
        /// Address or name, without brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// On this computer, without TLS.
    Unix(PathBuf),
}

impl FromStr for Endpoint {
    type Err = Error;

    /// Takes every form that `docker -H` takes, and a bare `HOST[:PORT]`.
    fn from_str(url: &str) -> Result<Self> {
        names::check_url(url)?;
        let (scheme, rest) = url.split_once("://").unwrap_or(("tcp", url));
        match scheme {
            "unix" => Ok(Self::Unix(PathBuf::from(rest))),
            "tcp" | "https" | "http" => tcp(rest).ok_or_else(|| Error::msg(format!("{url:?} names no host and port"))),
            _ => Err(Error::msg(format!("cannot talk to an engine at {url:?}: unknown scheme {scheme:?}"))),
        }
    }
}

fn tcp(rest: &str) -> Option<Endpoint> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = split_port(authority)?;
    let port = match port {
        "" => DEFAULT_PORT,
        digits => digits.parse().ok()?,
    };
    (!host.is_empty()).then(|| Endpoint::Tcp { host: host.to_owned(), port })
}

/// Host without brackets, and the text of the port (empty if there is none).
fn split_port(authority: &str) -> Option<(&str, &str)> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']')?;
        let port = if after.is_empty() { after } else { after.strip_prefix(':')? };
        return Some((host, port));
    }
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Some((authority, ""));
    }
    Some(authority.split_once(':').unwrap_or((authority, "")))
}

impl fmt::Display for Endpoint {
    /// `HOST:PORT`, an IPv6 address in brackets; the path of a socket.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_is_read() {
        for (url, shown) in [
            ("tcp://127.0.0.5:2376", "127.0.0.5:2376"),
            ("tcp://[2001:db8::1]:2377", "[2001:db8::1]:2377"),
            ("tcp://[::1]", "[::1]:2376"),
            ("tcp://::1", "[::1]:2376"),
            ("https://docker.example:443/path", "docker.example:443"),
            ("localhost", "localhost:2376"),
            ("unix:///var/run/docker.sock", "/var/run/docker.sock"),
        ] {
            assert_eq!(url.parse::<Endpoint>().unwrap().to_string(), shown, "{url}");
        }
    }

    #[test]
    fn an_address_without_a_host_is_refused() {
        for url in [
            "",
            "tcp://",
            "tcp://:2376",
            "tcp://h:port",
            "tcp://h:99999",
            "tcp://[::1",
            "ssh://root@h",
            "tcp://h:1 --x",
            "tcp://h:1\nx",
        ] {
            assert!(url.parse::<Endpoint>().is_err(), "{url}");
        }
    }
}
