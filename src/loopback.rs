//! Who is at the other end of a connection inside this computer.
//!
//! Ports of the loopback interface are for everybody here: when a plugin has died, somebody else may take its port and
//! be told what only the plugin should know; and anybody may connect to a port of ours.

use std::net::SocketAddr;

use crate::error::{Error, Result};

/// Checks that the process `child`, or one that it has started, listens at `address`.
///
/// # Errors
/// It does not, or that cannot be found out.
#[cfg(target_os = "linux")]
pub fn check_listener(address: SocketAddr, child: u32) -> Result<()> {
    let foreign = |why: &str| {
        Err(Error::msg(format!("{address} does not belong to the driver plugin: {why}"))
            .hint("another program of this computer has taken the address; run the command again"))
    };
    let path = std::path::Path::new(linux::table(address));
    let table = std::fs::File::open(path).map_err(|error| Error::file("open", path, &error))?;
    let table = std::io::BufReader::with_capacity(4096, table);
    match linux::listener(table, address) {
        None => foreign("nobody listens there"),
        Some(socket) if linux::has(child, socket) => Ok(()),
        Some(_) => foreign("another program listens there"),
    }
}

/// There is nobody to ask.
#[cfg(not(target_os = "linux"))]
pub fn check_listener(_address: SocketAddr, _child: u32) -> Result<()> {
    Ok(())
}

/// Whether the connection from `peer` to our `local` address was made by our own user, or by root.
#[cfg(target_os = "linux")]
pub fn is_from_us(peer: SocketAddr, local: SocketAddr) -> bool {
    let user = std::fs::read_to_string(linux::table(peer)).ok().and_then(|table| linux::user(&table, peer, local));
    user.is_some_and(|user| user == 0 || user == rustix::process::geteuid().as_raw())
}

/// There is nobody to ask.
#[cfg(not(target_os = "linux"))]
pub fn is_from_us(_peer: SocketAddr, _local: SocketAddr) -> bool {
    true
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashMap;
    use std::fs;
    use std::io::BufRead;
    use std::net::{IpAddr, SocketAddr};

    /// The kernel's table of connections of an address's family.
    pub(super) fn table(address: SocketAddr) -> &'static str {
        if address.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" }
    }

    /// The number of the socket that listens at an address, from the kernel's table. Listeners come first in it, and the
    /// kernel takes milliseconds for the rest, so it is read no further than needed.
    pub(super) fn listener(table: impl BufRead, address: SocketAddr) -> Option<u64> {
        const LISTENS: &str = "0A";
        let wanted = encoded(address);
        for line in table.lines().skip(1) {
            let line = line.ok()?;
            let row: Vec<&str> = line.split_whitespace().collect();
            if row.get(1) == Some(&wanted.as_str()) && row.get(3) == Some(&LISTENS) {
                return row.get(9)?.parse().ok();
            }
        }
        None
    }

    /// The user who has the end `from` of a connection.
    pub(super) fn user(table: &str, from: SocketAddr, to: SocketAddr) -> Option<u32> {
        let ends = (encoded(from), encoded(to));
        let mut rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
        let row = rows.find(|row| row.get(1) == Some(&ends.0.as_str()) && row.get(2) == Some(&ends.1.as_str()))?;
        row.get(7)?.parse().ok()
    }

    /// As the table writes it: words of the address in the computer's own byte order, the port as it is.
    fn encoded(address: SocketAddr) -> String {
        let bytes = match address.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let words = bytes.chunks(4).map(|word| u32::from_ne_bytes(word.try_into().expect("four bytes")));
        let words: String = words.map(|word| format!("{word:08X}")).collect();
        format!("{words}:{:04X}", address.port())
    }

    /// Whether a process or one that descends from it has a socket open.
    pub(super) fn has(process: u32, socket: u64) -> bool {
        if has_itself(process, socket) {
            return true;
        }
        // A plugin may be a script that starts the real one.
        let parents = parents();
        let descends = |mut pid: u32| {
            for _ in 0..parents.len() {
                match parents.get(&pid) {
                    Some(parent) if *parent == process => return true,
                    Some(parent) => pid = *parent,
                    None => return false,
                }
            }
            false
        };
        parents.keys().any(|pid| descends(*pid) && has_itself(*pid, socket))
    }

    fn has_itself(process: u32, socket: u64) -> bool {
        let wanted = format!("socket:[{socket}]");
        let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
        files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == wanted.as_str()))
    }

    /// Every process with its parent.
    fn parents() -> HashMap<u32, u32> {
        let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
        let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        numbers.filter_map(|pid| Some((pid, parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))).collect()
    }

    /// The second field behind the program's name, which may have anything in it.
    fn parent(stat: &str) -> Option<u32> {
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use std::net::{TcpListener, TcpStream};

        use super::super::{check_listener, is_from_us};
        use super::*;

        #[test]
        fn our_own_listener_is_ours_and_nobody_elses() {
            for at in ["127.0.0.1:0", "[::1]:0"] {
                let Ok(listener) = TcpListener::bind(at) else { continue };
                let address = listener.local_addr().unwrap();
                // A connection has the same address and is no listener.
                let _connection = TcpStream::connect(address).unwrap();
                check_listener(address, std::process::id()).unwrap();
                let mut other = std::process::Command::new("sleep").arg("100").spawn().unwrap();
                let error = check_listener(address, other.id()).unwrap_err();
                other.kill().and_then(|()| other.wait()).unwrap();
                assert!(error.message().ends_with("another program listens there"), "{error}");
                drop(listener);
                let error = check_listener(address, std::process::id()).unwrap_err();
                assert!(error.message().ends_with("nobody listens there"), "{error}");
            }
        }

        #[test]
        fn a_connection_of_ours_is_ours() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let connection = TcpStream::connect(address).unwrap();
            let peer = connection.local_addr().unwrap();
            assert!(is_from_us(peer, address));
            assert!(!is_from_us("127.0.0.1:1".parse().unwrap(), address));
            let row = "0: 0100007F:0016 0100007F:0017 01 00000000:00000000 00:00000000 00000000 1000 0 1234 1";
            let ends = ("127.0.0.1:22".parse().unwrap(), "127.0.0.1:23".parse().unwrap());
            assert_eq!(user(&format!("header\n{row}\n"), ends.0, ends.1), Some(1000));
        }

        #[test]
        fn a_program_s_name_hides_no_field() {
            assert_eq!(parent("12 (a) S 1 b) S 7 12 12 0"), Some(7));
        }
    }
}
