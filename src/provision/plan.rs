//! Decides what a host needs, from what was found on it. No effects.

use std::time::Duration;

use crate::error::{Error, Result};

use super::daemon_json::DaemonJson;
use super::drop_in;
use super::facts::Facts;
use super::families::{DOCKER_CE, EngineSource, Match};
use super::options::{Spec, check_storage_driver, is_removed, proxies};
use super::script::Script;

/// The install script that is used when no other URL was given.
const DEFAULT_INSTALL_URL: &str = "https://get.docker.com";

/// The fingerprint of the key that signs Docker's Debian-style repositories.
const DEB_KEY: &str = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

/// The one for its RPM repositories.
const RPM_KEY: &str = "060A61C51B558A7F742B77AAC52FEB6B621E9F35";

/// Above this a clock is worth a word; certificates are dated back by a day.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Below this nothing can be written in safety, in KiB.
const NO_SPACE_KIB: u64 = 8 * 1024;

/// One thing to do before the engine can be configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// cloud-init still works; it holds package locks and writes `/etc/hosts`.
    FirstBoot,
    /// The clock is off; wait a little for time synchronisation.
    Clock,
    /// A whole unit of the original's first versions shadows the packaged one.
    OldUnit,
    /// A package source that has not existed for years breaks every package command.
    OldRepository,
    /// Host name and `/etc/hosts`.
    HostName,
    /// RHEL's nm-cloud-setup breaks the network of containers.
    NmCloudSetup,
    /// dpkg was interrupted.
    RepairPackages,
    /// `docker` is podman under another name.
    RemovePodmanDocker,
    /// No engine yet.
    Install(Install),
}

/// How the engine is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Install {
    Script { url: String },
    Packages(&'static str),
    RpmRepository { repository: &'static str },
    DebRepository { repository: String, codename: String },
    SuseModule { version: String },
    AmazonExtras,
    Alpine,
}

/// What is to be done before the engine is configured, in order.
pub(super) fn plan(facts: &Facts, family: Match, wanted: &Spec<'_>) -> Result<Vec<Step>> {
    check_space(facts)?;
    DaemonJson::parse(facts.file("daemon.json"))?.check(wanted.engine)?;
    if facts.init.is_none() {
        return Err(Error::msg("the host runs neither systemd nor OpenRC, so Docker cannot be made a service of it"));
    }
    if facts.engine.is_masked {
        return Err(Error::msg("docker.service is masked on the host: an administrator has disabled it")
            .hint("allow it there with `systemctl unmask docker.service`"));
    }
    let needs_engine = !facts.engine.is_installed() || facts.packages_broken;
    let install = if needs_engine { install(facts, family, wanted)? } else { None };
    if facts.engine.is_installed() {
        check_storage_driver(wanted.engine, facts.engine.version)?;
    }
    let candidates = [
        (facts.first_boot, Step::FirstBoot),
        (facts.clock_skew > CLOCK_TOLERANCE, Step::Clock),
        (facts.file("full-unit").is_some_and(drop_in::is_old_full_unit), Step::OldUnit),
        (facts.file("old-repository").is_some_and(|text| text.contains("yum.dockerproject.org")), Step::OldRepository),
        (needs_host_name(facts, wanted.name.as_str()), Step::HostName),
        (facts.nm_cloud_setup, Step::NmCloudSetup),
        (facts.packages_broken, Step::RepairPackages),
        (install.is_some() && facts.engine.is_podman, Step::RemovePodmanDocker),
    ];
    let steps = candidates.into_iter().filter(|(needed, _)| *needed).map(|(_, step)| step);
    Ok(steps.chain(install.map(Step::Install)).collect())
}

fn check_space(facts: &Facts) -> Result<()> {
    match facts.free_kib {
        Some(free) if free < NO_SPACE_KIB => {
            Err(Error::msg(format!("no space left on the host: {free} KiB are free under /var/lib"))
                .hint("free some space there; Docker alone takes about 500 MB"))
        }
        _ => Ok(()),
    }
}

/// The name differs somewhere: in the kernel, in `/etc/hostname`, or no line of `/etc/hosts` ends in it.
fn needs_host_name(facts: &Facts, name: &str) -> bool {
    let listed = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().is_some() && words.next_back() == Some(name)
    };
    facts.host_name != name
        || facts.file("hostname").map(str::trim) != Some(name)
        || !facts.file("hosts").unwrap_or_default().lines().any(listed)
}

/// How to get an engine; `None`: it was said that nothing is to be installed.
fn install(facts: &Facts, family: Match, wanted: &Spec<'_>) -> Result<Option<Install>> {
    let url = wanted.engine.install_url.trim();
    if url.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    if facts.engine.is_snap() {
        return Err(Error::msg("Docker on the host is a snap, which can neither read /etc/docker nor be configured")
            .hint("remove it on the host with `snap remove docker`, then run `docker-machine provision`"));
    }
    if family.engine == EngineSource::Image || facts.is_image {
        let name = facts.os.id();
        return Err(Error::msg(format!(
            "there is no Docker on the host, and {name} is an image to which none can be added"
        ))
        .hint("use an image that comes with Docker, or install it the way the distribution recommends"));
    }
    if !url.is_empty() && url != DEFAULT_INSTALL_URL {
        return Ok(Some(Install::Script { url: url.to_owned() }));
    }
    check_storage_driver(wanted.engine, None)?;
    Ok(Some(match family.engine {
        EngineSource::Script => {
            check_processor(facts)?;
            Install::Script { url: DEFAULT_INSTALL_URL.to_owned() }
        }
        EngineSource::RpmRepository(repository) => Install::RpmRepository { repository },
        EngineSource::DebRepository(upstream) => deb_repository(facts, upstream),
        EngineSource::Packages(packages) => Install::Packages(packages),
        EngineSource::SuseModule => Install::SuseModule { version: facts.os.get("VERSION_ID").to_owned() },
        EngineSource::Alpine => Install::Alpine,
        EngineSource::Amazon if facts.os.get("VERSION_ID") == "2" => Install::AmazonExtras,
        EngineSource::Amazon => Install::Packages("docker"),
        EngineSource::Image => unreachable!("refused above"),
    }))
}

/// Docker's repository needs the upstream release's code name; without one the distribution's own package will do.
fn deb_repository(facts: &Facts, upstream: &str) -> Install {
    let codename = facts.os.get(if upstream == "ubuntu" { "UBUNTU_CODENAME" } else { "DEBIAN_CODENAME" });
    if codename.is_empty() {
        return Install::Packages("docker.io");
    }
    let repository = format!("https://download.docker.com/linux/{upstream}");
    Install::DebRepository { repository, codename: codename.to_owned() }
}

fn check_processor(facts: &Facts) -> Result<()> {
    match facts.arch.as_str() {
        arch @ ("armv6l" | "armv5tel" | "i386" | "i486" | "i586") => {
            Err(Error::msg(format!("Docker has no packages for this processor ({arch})"))
                .hint("Docker needs ARMv7, a 64-bit ARM or a 64-bit PC processor"))
        }
        _ => Ok(()),
    }
}

/// The storage driver to write: the one asked for, else the one that an earlier provisioning wrote, if it was used.
pub(super) fn storage_driver(facts: &Facts, wanted: &Spec<'_>, earlier: Option<String>) -> StorageDriver {
    let asked = &wanted.engine.storage_driver;
    match earlier {
        _ if !asked.is_empty() => StorageDriver::Write(asked.clone()),
        Some(driver) if is_removed(&driver, facts.engine.version) => StorageDriver::Dropped(driver),
        // To drop it could hide the images that are there.
        Some(driver) if facts.storage.contains(&driver) => StorageDriver::Write(driver),
        _ => StorageDriver::Default,
    }
}

/// What is to become of `--storage-driver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StorageDriver {
    /// The engine chooses.
    Default,
    /// This one.
    Write(String),
    /// The engine chooses, because it does not have the earlier one any more.
    Dropped(String),
}

/// One script for all steps; it ends with another look at the engine.
pub(super) fn script(steps: &[Step], wanted: &Spec<'_>) -> Script {
    let mut script = Script::default();
    for step in steps {
        script = match step {
            Step::FirstBoot => script.part(include_str!("scripts/first_boot.sh")),
            Step::Clock => script.part(include_str!("scripts/clock.sh")),
            Step::OldUnit => script.part(include_str!("scripts/old_unit.sh")),
            Step::OldRepository => script.part(include_str!("scripts/old_repository.sh")),
            Step::HostName => script.set("NAME", wanted.name.as_str()).part(include_str!("scripts/host_name.sh")),
            Step::NmCloudSetup => script.part(include_str!("scripts/nm_cloud_setup.sh")),
            Step::RepairPackages => script.part(PACKAGES).part(include_str!("scripts/repair_packages.sh")),
            Step::RemovePodmanDocker => script.part(PACKAGES).part(include_str!("scripts/remove_podman_docker.sh")),
            Step::Install(install) if steps.contains(&Step::RepairPackages) => {
                // The repair may have finished the installation that was cut off.
                install_script(script.part("if ! have dockerd; then\n"), install, wanted).part("fi\n")
            }
            Step::Install(install) => install_script(script, install, wanted),
        };
    }
    if script.is_empty() { script } else { script.part(super::ENGINE_FACTS) }
}

pub(super) const PACKAGES: &str = include_str!("scripts/packages.sh");

fn install_script(script: Script, install: &Install, wanted: &Spec<'_>) -> Script {
    let exports: Vec<String> =
        proxies(wanted.engine).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut script = script.part(PACKAGES);
    if !exports.is_empty() {
        script = script.set("PROXIES", exports.join("\n")).part(include_str!("scripts/proxies.sh"));
    }
    match install {
        Install::Script { url } => script.set("INSTALL_URL", url).part(include_str!("scripts/install_script.sh")),
        Install::Packages(packages) => {
            script.set("PACKAGES", *packages).part(include_str!("scripts/install_packages.sh"))
        }
        Install::RpmRepository { repository } => script
            .set("REPOSITORY", *repository)
            .set("KEY", RPM_KEY)
            .set("PACKAGES", DOCKER_CE)
            .part(include_str!("scripts/signing_key.sh"))
            .part(include_str!("scripts/install_rpm_repository.sh")),
        Install::DebRepository { repository, codename } => script
            .set("REPOSITORY", repository)
            .set("CODENAME", codename)
            .set("KEY", DEB_KEY)
            .set("PACKAGES", DOCKER_CE)
            .part(include_str!("scripts/signing_key.sh"))
            .part(include_str!("scripts/install_deb_repository.sh")),
        Install::SuseModule { version } => script
            .set("VERSION_ID", version)
            .set("PACKAGES", "docker")
            .part(include_str!("scripts/suse_module.sh"))
            .part(include_str!("scripts/install_packages.sh")),
        Install::AmazonExtras => script.part(include_str!("scripts/install_amazon_extras.sh")),
        Install::Alpine => script.part(include_str!("scripts/install_alpine.sh")),
    }
}

/// What is worth telling the user about the host before anything is done.
pub(crate) fn remarks(facts: &Facts) -> Vec<String> {
    let mut remarks = vec![];
    if facts.clock_skew > CLOCK_TOLERANCE {
        let minutes = facts.clock_skew.as_secs() / 60;
        remarks
            .push(format!("The host's clock is {minutes} minutes off; certificates may count as not yet valid there."));
    }
    if facts.lacks_memory_controller {
        remarks.push(
            "The host's kernel has its memory controller off: containers run without memory limits \
             (on a Raspberry Pi add `cgroup_enable=memory` to the kernel's command line)."
                .to_owned(),
        );
    }
    if facts.nm_cloud_setup {
        remarks.push(
            "nm-cloud-setup, which breaks the network of containers, is being disabled: restart the machine once."
                .to_owned(),
        );
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Engine, Init, UnitFile, Version};
    use super::super::families::recognise;
    use super::super::os_release::OsRelease;
    use super::*;
    use crate::store::EngineOptions;

    fn engine() -> Engine {
        Engine {
            dockerd: "/usr/bin/dockerd".into(),
            docker: "/usr/bin/docker".into(),
            version: Some(Version(29, 0)),
            unit: Some(UnitFile::default()),
            ..Engine::default()
        }
    }

    fn facts(os: &str) -> Facts {
        let mut files = std::collections::BTreeMap::new();
        let file = |text: &str| super::super::script::File { path: String::new(), text: text.to_owned() };
        files.insert("hostname".to_owned(), file("web\n"));
        files.insert("hosts".to_owned(), file("127.0.0.1 localhost\n127.0.1.1\tweb\n"));
        let os = OsRelease::parse(os);
        Facts { os, init: Some(Init::Systemd), host_name: "web".into(), files, ..Facts::default() }
    }

    fn planned(facts: &Facts, options: &EngineOptions) -> Result<Vec<Step>> {
        let name = "web".parse().expect("a name");
        let wanted = Spec {
            name: &name,
            driver_name: "generic",
            engine_port: 2376,
            listen_ipv6: false,
            engine: options,
            keeps_containers: false,
        };
        let has_engine = facts.engine.is_installed();
        plan(facts, recognise(&facts.os, has_engine)?, &wanted)
    }

    fn url(url: &str) -> EngineOptions {
        EngineOptions { install_url: url.into(), ..EngineOptions::default() }
    }

    #[test]
    fn a_host_that_is_as_wanted_needs_nothing() {
        let facts = Facts { engine: engine(), ..facts("ID=debian") };
        assert_eq!(planned(&facts, &EngineOptions::default()).expect("a plan"), []);
    }

    #[test]
    fn a_url_of_the_users_is_honoured_by_every_family() {
        for os in ["ID=debian", "ID=arch", "ID=alpine", "ID=amzn", "ID=sles"] {
            let script = Install::Script { url: "http://x/i.sh".into() };
            assert_eq!(planned(&facts(os), &url("http://x/i.sh")).expect("a plan"), [Step::Install(script)], "{os}");
        }
        assert_eq!(planned(&facts("ID=debian"), &url("NONE")).expect("a plan"), []);
    }

    #[test]
    fn images_without_an_engine_and_snaps_are_refused() {
        for os in ["ID=flatcar", "ID=fedora\nVARIANT_ID=coreos", "ID=opensuse-microos"] {
            assert!(planned(&facts(os), &EngineOptions::default()).is_err(), "{os}");
        }
        let silverblue = Facts { is_image: true, ..facts("ID=fedora\nVARIANT_ID=silverblue") };
        assert!(planned(&silverblue, &EngineOptions::default()).is_err());
        let engine = Engine { docker: "/snap/bin/docker".into(), ..Engine::default() };
        let snap = Facts { engine, ..facts("ID=ubuntu") };
        let error = planned(&snap, &EngineOptions::default()).expect_err("a snap");
        assert!(error.message().contains("snap"));
    }

    #[test]
    fn an_interrupted_installation_is_repaired_and_finished() {
        let facts = Facts { engine: engine(), packages_broken: true, ..facts("ID=debian") };
        let steps = planned(&facts, &EngineOptions::default()).expect("a plan");
        assert_eq!(steps.first(), Some(&Step::RepairPackages));
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_is_done() {
        let debian = || facts("ID=debian");
        let refused = |facts: Facts| planned(&facts, &EngineOptions::default()).expect_err("refused").to_string();
        assert!(refused(Facts { free_kib: Some(100), ..debian() }).contains("no space left"));
        assert!(refused(Facts { init: None, ..debian() }).contains("neither systemd nor"));
        let masked = Engine { is_masked: true, ..Engine::default() };
        assert!(refused(Facts { engine: masked, ..debian() }).contains("masked"));
        assert!(refused(Facts { arch: "armv6l".into(), ..facts("ID=raspbian") }).contains("armv6l"));
        let aufs = EngineOptions { storage_driver: "aufs".into(), ..EngineOptions::default() };
        assert!(planned(&debian(), &aufs).is_err());
    }

    #[test]
    fn the_name_must_be_in_all_three_places() {
        let engine = engine();
        let good = Facts { engine, ..facts("ID=debian") };
        let mut unlisted = good.clone();
        unlisted.files.remove("hosts");
        let renamed = Facts { host_name: "old".into(), ..good };
        for facts in [unlisted, renamed] {
            assert_eq!(planned(&facts, &EngineOptions::default()).expect("a plan"), [Step::HostName]);
        }
    }

    #[test]
    fn an_earlier_storage_driver_stays_only_where_it_holds_images() {
        let name = "web".parse().expect("a name");
        let options = EngineOptions::default();
        let wanted = Spec {
            name: &name,
            driver_name: "generic",
            engine_port: 2376,
            listen_ipv6: false,
            engine: &options,
            keeps_containers: false,
        };
        let facts = Facts { engine: engine(), storage: vec!["btrfs".into(), "aufs".into()], ..facts("ID=debian") };
        let choice = |earlier: &str| storage_driver(&facts, &wanted, Some(earlier.to_owned()));
        assert_eq!(choice("btrfs"), StorageDriver::Write("btrfs".into()));
        assert_eq!(choice("zfs"), StorageDriver::Default);
        assert_eq!(choice("aufs"), StorageDriver::Dropped("aufs".into()));
    }
}
