//! The Linux families: how each is recognised, what it is called, and where its engine comes from. One table.

use crate::error::{Error, Result};

use super::os_release::OsRelease;

/// A family of distributions that are provisioned alike.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// What `Provisioning with NAME...` prints; the original's words where it knew the family.
    pub name: &'static str,
    /// The `ID`s of os-release.
    pub ids: &'static [&'static str],
    /// `VARIANT_ID`, where an `ID` is split by it.
    pub variant: Option<&'static str>,
    /// Where the engine comes from, when the distribution itself is in `ids`.
    pub engine: EngineSource,
    /// The same for a distribution that only names the family in its `ID_LIKE`.
    pub relative: EngineSource,
}

/// Where an engine comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineSource {
    /// The install script of `--engine-install-url`.
    Script,
    /// Docker's RPM repository for another distribution.
    RpmRepository(&'static str),
    /// Docker's Debian-style repository of the upstream distribution (`debian`, `ubuntu`).
    DebRepository(&'static str),
    /// The distribution's own packages.
    Packages(&'static str),
    /// SUSE Linux Enterprise: the containers module, then the package.
    SuseModule,
    /// Alpine's community repository.
    Alpine,
    /// Amazon Linux: `docker` of the distribution (2023) or of its extras (2).
    Amazon,
    /// An image that comes with its engine, or never has one: nothing can be installed.
    Image,
}

/// Docker's own packages.
pub const DOCKER_CE: &str = "docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin";

const CENTOS_REPOSITORY: &str = "https://download.docker.com/linux/centos";
const RHEL_REPOSITORY: &str = "https://download.docker.com/linux/rhel";

const fn family(
    name: &'static str,
    ids: &'static [&'static str],
    engine: EngineSource,
    relative: EngineSource,
) -> Family {
    Family { name, ids, variant: None, engine, relative }
}

/// In the order in which they are tried; a `variant` stands before its plain `ID`.
pub const FAMILIES: &[Family] = &[
    family("ubuntu(systemd)", &["ubuntu"], EngineSource::Script, EngineSource::DebRepository("ubuntu")),
    family("debian", &["debian"], EngineSource::Script, EngineSource::DebRepository("debian")),
    family("raspbian", &["raspbian"], EngineSource::Script, EngineSource::Script),
    family("centos", &["centos"], EngineSource::Script, EngineSource::RpmRepository(CENTOS_REPOSITORY)),
    family("redhat", &["rhel"], EngineSource::Script, EngineSource::RpmRepository(RHEL_REPOSITORY)),
    family("rocky", &["rocky"], EngineSource::Script, EngineSource::RpmRepository(RHEL_REPOSITORY)),
    family(
        "almalinux",
        &["almalinux"],
        EngineSource::RpmRepository(RHEL_REPOSITORY),
        EngineSource::RpmRepository(RHEL_REPOSITORY),
    ),
    family(
        "ol",
        &["ol"],
        EngineSource::RpmRepository(CENTOS_REPOSITORY),
        EngineSource::RpmRepository(CENTOS_REPOSITORY),
    ),
    family("amzn", &["amzn"], EngineSource::Amazon, EngineSource::Packages("docker")),
    Family {
        variant: Some("coreos"),
        ..family("Fedora CoreOS", &["fedora"], EngineSource::Image, EngineSource::Image)
    },
    family("fedora", &["fedora"], EngineSource::Script, EngineSource::Packages("moby-engine")),
    family(
        "SUSE",
        &["opensuse-microos", "opensuse-leap-micro", "sle-micro", "sl-micro"],
        EngineSource::Image,
        EngineSource::Image,
    ),
    family("SUSE", &["sles", "sled", "sles_sap"], EngineSource::SuseModule, EngineSource::Packages("docker")),
    family(
        "SUSE",
        &["opensuse", "opensuse-leap", "opensuse-tumbleweed", "opensuse-slowroll", "suse"],
        EngineSource::Packages("docker"),
        EngineSource::Packages("docker"),
    ),
    family("arch", &["arch", "archarm"], EngineSource::Packages("docker"), EngineSource::Packages("docker")),
    family("alpine", &["alpine"], EngineSource::Alpine, EngineSource::Alpine),
    family("flatcar", &["flatcar"], EngineSource::Image, EngineSource::Image),
    family("coreOS", &["coreos"], EngineSource::Image, EngineSource::Image),
];

/// A host of no known family that runs systemd and has an engine: nothing is installed.
pub const SYSTEMD: Family = family("systemd", &[], EngineSource::Image, EngineSource::Image);

/// A family, and where this very distribution gets its engine from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The family.
    pub family: &'static Family,
    /// Its own source, or the one for relatives.
    pub engine: EngineSource,
}

/// Decides the family: `ID`, then each word of `ID_LIKE` from left to right, then "systemd with an engine".
///
/// # Errors
/// `OS type not recognized`.
pub fn recognise(os: &OsRelease, has_systemd_engine: bool) -> Result<Match> {
    let of = |id: &str| {
        FAMILIES.iter().find(|family| {
            let variant = family.variant.is_none_or(|variant| variant == os.get("VARIANT_ID"));
            family.ids.contains(&id) && variant
        })
    };
    if let Some(family) = of(os.id()) {
        return Ok(Match { family, engine: family.engine });
    }
    if let Some(family) = os.id_like().find_map(of) {
        return Ok(Match { family, engine: family.relative });
    }
    if has_systemd_engine {
        return Ok(Match { family: &SYSTEMD, engine: EngineSource::Image });
    }
    let like = os.get("ID_LIKE");
    let like = if like.is_empty() { String::new() } else { format!(" (ID_LIKE={like})") };
    Err(Error::msg("OS type not recognized")
        .hint(format!("the host's /etc/os-release says ID={}{like}", os.id()))
        .hint("any host with systemd will do once Docker is installed there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(&'static str, EngineSource)> {
        recognise(&OsRelease::parse(text), false).ok().map(|found| (found.family.name, found.engine))
    }

    #[test]
    fn ids_decide_before_relatives() {
        assert_eq!(found("ID=ubuntu\nID_LIKE=debian"), Some(("ubuntu(systemd)", EngineSource::Script)));
        assert_eq!(found("ID=raspbian\nID_LIKE=debian"), Some(("raspbian", EngineSource::Script)));
        assert_eq!(found("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\""), Some(("rocky", EngineSource::Script)));
        assert_eq!(found("ID=amzn\nID_LIKE=fedora\nVERSION_ID=2023"), Some(("amzn", EngineSource::Amazon)));
        assert_eq!(found("ID=flatcar\nID_LIKE=coreos"), Some(("flatcar", EngineSource::Image)));
    }

    #[test]
    fn relatives_get_the_upstream_repository() {
        let ubuntu = Some(("ubuntu(systemd)", EngineSource::DebRepository("ubuntu")));
        assert_eq!(found("ID=linuxmint\nID_LIKE=\"ubuntu debian\""), ubuntu);
        assert_eq!(found("ID=kali\nID_LIKE=debian"), Some(("debian", EngineSource::DebRepository("debian"))));
        let redhat = Some(("redhat", EngineSource::RpmRepository(RHEL_REPOSITORY)));
        assert_eq!(found("ID=eurolinux\nID_LIKE=\"rhel fedora centos\""), redhat);
        assert_eq!(found("ID=endeavouros\nID_LIKE=arch"), Some(("arch", EngineSource::Packages("docker"))));
    }

    #[test]
    fn fedora_splits_on_its_variant() {
        assert_eq!(found("ID=fedora\nVARIANT_ID=coreos"), Some(("Fedora CoreOS", EngineSource::Image)));
        assert_eq!(found("ID=fedora\nVARIANT_ID=server"), Some(("fedora", EngineSource::Script)));
    }

    #[test]
    fn an_unknown_host_needs_an_engine_of_its_own() {
        let os = OsRelease::parse("ID=void");
        let error = recognise(&os, false).expect_err("unknown");
        assert_eq!(error.message(), "OS type not recognized");
        assert!(error.hints()[0].contains("ID=void"));
        assert_eq!(recognise(&os, true).expect("has an engine").family.name, "systemd");
    }

    #[test]
    fn no_id_belongs_to_two_families() {
        let mut ids: Vec<_> = FAMILIES.iter().flat_map(|f| f.ids.iter().map(move |id| (id, f.variant))).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
