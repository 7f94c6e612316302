//! What is wrong when a host says so in its own words: texts that appear in logs, and what to do about each.

const NO_PACKAGES: &str = "the host cannot reach its package sources: check its network, its proxy and their addresses";

/// A text in a log, and the advice that follows from it.
const KNOWN: &[(&str, &str)] = &[
    ("No space left on device", "the host's disk is full: free some space, then run `docker-machine provision`"),
    ("no space left on device", "the host's disk is full: free some space, then run `docker-machine provision`"),
    (
        "specified both as a flag and in the configuration file",
        "an option is in /etc/docker/daemon.json and on the command line: remove it from one of them",
    ),
    ("unknown flag", "this version of Docker does not know an option that was given with --engine-opt"),
    ("unknown shorthand flag", "this version of Docker does not know an option that was given with --engine-opt"),
    ("address already in use", "another program on the host uses the engine's port"),
    ("storage-driver has been deprecated and removed", "leave --engine-storage-driver out: the engine chooses one"),
    ("driver not supported", "the storage driver does not work on this host: leave --engine-storage-driver out"),
    ("of the host's disk are free", "Docker takes about 500 MB: free some space, then run `docker-machine provision`"),
    ("conflict labels for", "two --engine-label options give one label different values"),
    ("is masked", "an administrator has masked docker.service on the host: `systemctl unmask docker.service`"),
    ("Unsupported distribution", "install Docker on the host yourself, then use --engine-install-url none"),
    ("returned error: 404", "the --engine-install-url does not exist"),
    ("404 Not Found", "an address that was to be downloaded does not exist"),
    ("Could not resolve host", "the host cannot resolve names: check its DNS"),
    ("Temporary failure resolving", "the host cannot resolve names: check its DNS"),
    ("is not valid yet", "the host's clock is wrong"),
    ("certificate is not yet valid", "the host's clock is wrong"),
    ("Failed to fetch", NO_PACKAGES),
    ("Failed to download metadata", NO_PACKAGES),
    ("failed retrieving file", NO_PACKAGES),
    ("temporary error (try again later)", NO_PACKAGES),
    ("Devices cgroup isn't mounted", "the kernel has no usable cgroups: reboot the host with its current kernel"),
    ("Failed to program NAT chain", "the host's firewall refuses Docker's rules: restart the firewall, then try again"),
    ("Read-only file system", "the host's file system is read-only: packages and settings cannot be written"),
];

/// The advice for whatever is recognised in a log.
pub(super) fn advice(log: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(text, _)| log.contains(text)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_text_brings_one_piece_of_advice() {
        assert!(advice("E: write: No space left on device\nunknown flag").unwrap().contains("disk is full"));
        assert_eq!(advice("something new"), None);
    }
}
