//! A swarm is reached at the address of its master, on a port of its own.

use crate::store::SwarmOptions;

/// Whether `docker_host` is the swarm that listens on another port of its master.
pub(super) fn is_swarm(url: &str, swarm: &SwarmOptions, docker_host: &str) -> bool {
    swarm.master && replace_port(url, &swarm.host).is_some_and(|manager| manager == docker_host)
}

/// `url` with the port of `other`.
pub(super) fn replace_port(url: &str, other: &str) -> Option<String> {
    let (host, _) = url.rsplit_once(':')?;
    let (_, port) = other.rsplit_once(':')?;
    Some(format!("{host}:{}", port.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_is_active_under_its_swarms_port() {
        let swarm = |master| SwarmOptions { master, host: "tcp://0.0.0.0:3376".into(), ..SwarmOptions::default() };
        assert!(is_swarm("tcp://10.0.0.1:2376", &swarm(true), "tcp://10.0.0.1:3376"));
        assert!(!is_swarm("tcp://10.0.0.1:2376", &swarm(false), "tcp://10.0.0.1:3376"));
        assert!(!is_swarm("", &swarm(true), ""));
    }

    #[test]
    fn the_swarm_listens_on_another_port_of_the_machine() {
        assert_eq!(replace_port("tcp://10.0.0.1:2376", "tcp://0.0.0.0:3376").unwrap(), "tcp://10.0.0.1:3376");
        assert_eq!(replace_port("tcp://[::1]:2376", "tcp://0.0.0.0:3376").unwrap(), "tcp://[::1]:3376");
    }
}
