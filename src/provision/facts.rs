//! What one look at a host found.

use std::time::{Duration, SystemTime};

use super::os_release::OsRelease;
use super::script::{File, Reply};

/// The init system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// systemd is PID 1.
    Systemd,
    /// `OpenRC`.
    OpenRc,
}

/// An engine version's first two numbers: `27.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// From `Docker version 20.10.24+dfsg1, build 297e128`.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.split("version ").nth(1)?;
        let mut numbers = rest.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        Some(Self(numbers.next()?.ok()?, numbers.next().and_then(Result::ok).unwrap_or(0)))
    }
}

/// `20.10.24+dfsg1` of `Docker version 20.10.24+dfsg1, build 297e128`.
pub(super) fn version_text(text: &str) -> String {
    let rest = text.split("version ").nth(1).unwrap_or_default();
    rest.split(',').next().unwrap_or_default().trim().to_owned()
}

/// The engine that is on the host, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// Where `dockerd` is; empty if there is none.
    pub dockerd: String,
    /// Where `docker` is; empty if there is none.
    pub docker: String,
    /// What `docker` is a link to.
    pub docker_target: String,
    /// `docker` is podman's imitation of it.
    pub is_podman: bool,
    /// The version of `dockerd`.
    pub version: Option<Version>,
    /// The same as the engine names itself: `20.10.24+dfsg1`; empty if it does not.
    pub version_text: String,
    /// The unit file itself, without drop-ins; under `OpenRC` nothing.
    pub unit: Option<UnitFile>,
    /// Whether `OpenRC` has a service script for it.
    pub has_init_script: bool,
    /// An administrator has disabled it.
    pub is_masked: bool,
    /// Process id of `dockerd`, 0 if it does not run; under `OpenRC` always 0.
    pub pid: u32,
}

/// A unit file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFile {
    /// Where it is.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Engine {
    /// A real engine: the daemon and a service to run it. Podman's and snap's `docker` are none.
    pub fn is_installed(&self) -> bool {
        !self.dockerd.is_empty() && (self.unit.is_some() || self.has_init_script)
    }

    /// `docker` comes from a snap, which neither reads `/etc/docker` nor has a `docker.service`.
    pub fn is_snap(&self) -> bool {
        !self.is_installed() && (self.docker.starts_with("/snap/") || self.docker_target.contains("/snap"))
    }

    pub(super) fn from_reply(reply: &Reply) -> Self {
        let fact = |name: &str| reply.facts.get(name).cloned().unwrap_or_default();
        let unit = reply.files.get("unit").map(|file| UnitFile { path: file.path.clone(), text: file.text.clone() });
        Self {
            dockerd: fact("dockerd"),
            docker: fact("docker"),
            docker_target: fact("docker-target"),
            is_podman: fact("podman-docker") == "yes",
            version: Version::parse(&fact("engine-version")),
            version_text: version_text(&fact("engine-version")),
            unit,
            has_init_script: reply.facts.contains_key("init-script"),
            is_masked: fact("masked") == "yes",
            pid: fact("docker-pid").parse().unwrap_or(0),
        }
    }
}

/// Everything that decides what provisioning does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `/etc/os-release`.
    pub os: OsRelease,
    /// The init system; `None`: neither systemd nor `OpenRC`.
    pub init: Option<Init>,
    /// `uname -m`.
    pub arch: String,
    /// The host name in the kernel.
    pub host_name: String,
    /// How far the host's clock is off, in whole seconds.
    pub clock_skew: Duration,
    /// `curl` or `wget` is there.
    pub can_fetch: bool,
    /// cloud-init is still at its first boot.
    pub first_boot: bool,
    /// The system is an image (rpm-ostree): packages cannot be added.
    pub is_image: bool,
    /// Free space under `/var/lib`, in KiB.
    pub free_kib: Option<u64>,
    /// The kernel's memory controller is off.
    pub lacks_memory_controller: bool,
    /// dpkg was interrupted.
    pub packages_broken: bool,
    /// The folders of `/var/lib/docker`; a storage driver that was used has one.
    pub storage: Vec<String>,
    /// RHEL's `nm-cloud-setup` is enabled.
    pub nm_cloud_setup: bool,
    /// The engine.
    pub engine: Engine,
    /// Texts of configuration files, by the names of `detect.sh`.
    pub(super) files: std::collections::BTreeMap<String, File>,
}

impl Facts {
    /// Reads the answer of `detect.sh`; `now` is our own time.
    pub(crate) fn from_reply(reply: &Reply, now: SystemTime) -> Self {
        let fact = |name: &str| reply.facts.get(name).map_or("", String::as_str);
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let skew = fact("clock").parse::<u64>().map_or(0, |theirs| theirs.abs_diff(now));
        let controllers = fact("controllers");
        Self {
            os: OsRelease::parse(reply.files.get("os-release").map_or("", |file| &file.text)),
            init: match fact("init") {
                "systemd" => Some(Init::Systemd),
                "openrc" => Some(Init::OpenRc),
                _ => None,
            },
            arch: fact("arch").to_owned(),
            host_name: fact("host-name").to_owned(),
            clock_skew: Duration::from_secs(skew),
            can_fetch: reply.facts.contains_key("has-curl") || reply.facts.contains_key("has-wget"),
            first_boot: fact("first-boot") == "running",
            is_image: fact("ostree") == "yes",
            free_kib: fact("free-kb").parse().ok(),
            lacks_memory_controller: !controllers.is_empty()
                && !controllers.split_whitespace().any(|name| name == "memory"),
            packages_broken: fact("packages-broken") == "yes",
            storage: fact("storage").split_whitespace().map(str::to_owned).collect(),
            nm_cloud_setup: fact("nm-cloud-setup") == "enabled",
            engine: Engine::from_reply(reply),
            files: reply.files.clone(),
        }
    }

    /// The text of one of the files that were looked at.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(|file| file.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_every_vendor_writes_them() {
        assert_eq!(Version::parse("Docker version 27.3.1, build ce12230"), Some(Version(27, 3)));
        assert_eq!(Version::parse("Docker version 20.10.24+dfsg1, build 297e128"), Some(Version(20, 10)));
        assert_eq!(Version::parse("Docker version 29, build x"), Some(Version(29, 0)));
        assert_eq!(Version::parse("podman 4"), None);
        assert_eq!(version_text("Docker version 20.10.24+dfsg1, build 297e128"), "20.10.24+dfsg1");
    }

    #[test]
    fn podman_and_snap_are_no_engine() {
        let podman = Engine { docker: "/usr/bin/docker".into(), ..Engine::default() };
        assert!(!podman.is_installed() && !podman.is_snap());
        let snap = Engine { docker: "/snap/bin/docker".into(), docker_target: "/usr/bin/snap".into(), ..podman };
        assert!(snap.is_snap());
    }
}
