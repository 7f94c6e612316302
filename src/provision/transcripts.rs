//! What provisioning does to a host of each family, as readable files: `tests/provision/FAMILY.txt`.
//!
//! A fake host answers as such a system would. `UPDATE_GENERATED=1 cargo test transcripts` writes the files anew.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::env::Env;
use crate::ssh::{Exec, Output};
use crate::store::EngineOptions;

/// A host that answers each script from a few facts, and keeps what it was told to do.
struct FakeHost {
    detect: String,
    engine: String,
    console: Console,
    transcript: Mutex<String>,
}

/// Fixed texts that every transcript would repeat.
const LIBRARIES: &[(&str, &str)] = &[
    ("engine_facts.sh", ENGINE_FACTS),
    ("detect.sh", include_str!("scripts/detect.sh")),
    ("packages.sh", plan::PACKAGES),
    ("signing_key.sh", include_str!("scripts/signing_key.sh")),
    ("listening.sh", LISTENING),
    ("systemd.sh", include_str!("scripts/systemd.sh")),
    ("openrc.sh", include_str!("scripts/openrc.sh")),
];

impl FakeHost {
    fn record(&self, script: &str) {
        let mut text = script.strip_prefix(script::PRELUDE).expect("every script begins alike").to_owned();
        for (name, library) in LIBRARIES {
            text = text.replace(library, &format!("# {name}\n"));
        }
        let text = text.split("}\nexec 9>").next().unwrap_or_default().replace("main() {\n", "");
        let mut transcript = self.transcript.lock().expect("no panic");
        let said = self.said(&transcript);
        transcript.push_str(&said);
        transcript.push_str(&format!("----- as root -----\n{text}-----\n"));
    }

    /// Console lines that the transcript does not have yet.
    fn said(&self, transcript: &str) -> String {
        let (stdout, stderr) = self.console.captured_text();
        let stderr: String = stderr.lines().map(|line| format!("(stderr) {line}\n")).collect();
        let lines = format!("{stderr}{stdout}");
        lines
            .lines()
            .filter(|line| !transcript.contains(&format!("{line}\n")))
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

#[async_trait]
impl Remote for FakeHost {
    async fn exec(&self, exec: &Exec) -> Result<Output> {
        assert!(!exec.command.contains("BEGIN"), "a command is in a process list: {}", exec.command);
        let script = String::from_utf8(exec.stdin.clone()).expect("text");
        assert!(is_shell(&script), "a shell cannot read:\n{script}");
        self.record(&script);
        let answer = if script.contains("One look at the host") {
            format!("{}{}", self.engine_now(), self.detect)
        } else if script.contains("What there is of an engine") {
            self.engine.clone()
        } else if script.contains("error configuring docker") {
            "@changed /etc/docker/ca.pem\n@restarted\n".to_owned()
        } else if script.contains("error upgrading docker") {
            "@fact old-pid 7\n@fact upgraded yes\n@fact engine-version Docker version 29.2.0, build y\n".to_owned()
        } else if script.contains("OLD_PID='7'") {
            String::new()
        } else {
            panic!("nobody told this host about:\n{script}");
        };
        Ok(Output { status: 0, stdout: format!("@ready\n{answer}").into(), stderr: vec![] })
    }
}

impl FakeHost {
    /// The engine is there from the beginning only if `detect` does not say otherwise.
    fn engine_now(&self) -> String {
        if self.detect.contains("@fact no-engine") { String::new() } else { self.engine.clone() }
    }
}

/// Whether a POSIX shell understands the script, without running it.
fn is_shell(script: &str) -> bool {
    let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).spawn().expect("a shell");
    shell.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("a reader");
    shell.wait().expect("an end").success()
}

/// A family's answers.
struct Case {
    file: &'static str,
    os_release: &'static str,
    /// More lines of the first look.
    facts: &'static str,
    /// The packaged command line; after the installation, if there is one.
    exec_start: &'static str,
    has_engine: bool,
}

fn case(file: &'static str, os_release: &'static str, exec_start: &'static str) -> Case {
    Case { file, os_release, facts: "", exec_start, has_engine: false }
}

const DOCKER_CE: &str = "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock";

fn cases() -> Vec<Case> {
    let wait = "@fact first-boot running\n@fact slow-clock yes\n";
    let podman = "@fact docker /usr/bin/docker\n@fact docker-target /usr/bin/docker\n@fact podman-docker yes\n@fact nm-cloud-setup enabled\n";
    let mirror = "@file daemon.json /etc/docker/daemon.json\n {\"hosts\": [\"fd://\"], \"mtu\": 1400}\n";
    vec![
        case("debian", "ID=debian\nVERSION_ID=\"12\"", "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS"),
        Case { facts: wait, ..case("ubuntu", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"26.04\"", DOCKER_CE) },
        case("linuxmint", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nUBUNTU_CODENAME=noble", DOCKER_CE),
        Case {
            facts: "@fact arch armv7l\n@fact controllers cpu pids\n",
            ..case("raspbian", "ID=raspbian\nID_LIKE=debian", DOCKER_CE)
        },
        case("centos", "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"10\"", DOCKER_CE),
        Case { facts: podman, ..case("rhel", "ID=\"rhel\"\nVERSION_ID=\"9.6\"", DOCKER_CE) },
        case("rocky", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", DOCKER_CE),
        case("almalinux", "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"", DOCKER_CE),
        case("oracle", "ID=\"ol\"\nID_LIKE=\"fedora\"", DOCKER_CE),
        case("fedora", "ID=fedora\nVERSION_ID=44", DOCKER_CE),
        case(
            "amazonlinux-2023",
            "ID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"",
            "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $OPTIONS $DOCKER_STORAGE_OPTIONS",
        ),
        case(
            "opensuse",
            "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"",
            "/usr/bin/dockerd --add-runtime oci=/usr/sbin/docker-runc $DOCKER_NETWORK_OPTIONS $DOCKER_OPTS",
        ),
        case(
            "sles",
            "ID=\"sles\"\nVERSION_ID=\"15.7\"",
            "/usr/bin/dockerd --add-runtime oci=/usr/sbin/docker-runc $DOCKER_OPTS",
        ),
        case("arch", "ID=arch", DOCKER_CE),
        Case { facts: "@fact init openrc\n", ..case("alpine", "ID=alpine\nVERSION_ID=3.23.0", "") },
        Case {
            has_engine: true,
            ..case(
                "fedora-coreos",
                "ID=fedora\nVARIANT_ID=coreos",
                "/usr/bin/dockerd --host=fd:// \\\n           --exec-opt native.cgroupdriver=systemd \\\n           $OPTIONS",
            )
        },
        Case {
            has_engine: true,
            ..case(
                "flatcar",
                "ID=flatcar\nID_LIKE=coreos",
                "/usr/bin/dockerd --host=fd:// --containerd=/run/containerd/containerd.sock $DOCKER_SELINUX $DOCKER_OPTS",
            )
        },
        Case { has_engine: true, facts: mirror, ..case("systemd-with-docker", "ID=void", DOCKER_CE) },
    ]
}

impl Case {
    fn host(&self) -> FakeHost {
        let init = if self.facts.contains("openrc") { "" } else { "@fact init systemd\n" };
        let file = |name: &str, text: &str| {
            let lines: String = text.lines().map(|line| format!(" {line}\n")).collect();
            format!("@file {name} /somewhere/{name}\n{lines}\n")
        };
        let missing = if self.has_engine { "" } else { "@fact no-engine yes\n" };
        let now = clock::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let detect = format!(
            "{}{init}{missing}@fact arch x86_64\n@fact host-name localhost\n@fact clock {now}\n@fact has-curl yes\n{}",
            file("os-release", self.os_release),
            self.facts
        );
        let detect = if self.facts.contains("slow-clock") {
            format!("{detect}@fact clock {}\n", now - 2 * 60 * 60 - 30)
        } else {
            detect
        };
        let service = if self.exec_start.is_empty() {
            "@fact init-script /etc/init.d/docker\n".to_owned()
        } else {
            file("unit", &format!("[Service]\nExecStart={}", self.exec_start))
        };
        let path = self.exec_start.split(' ').next().filter(|path| !path.is_empty()).unwrap_or("/usr/bin/dockerd");
        let engine = format!("@fact dockerd {path}\n@fact engine-version Docker version 29.1.0, build x\n{service}");
        FakeHost { detect, engine, console: Console::captured(&[]), transcript: Mutex::default() }
    }
}

fn options() -> EngineOptions {
    let list = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    EngineOptions {
        labels: list(&["note=it's 100% $HOME \"quoted\""]),
        env: list(&["HTTPS_PROXY=http://proxy:3128"]),
        arbitrary_flags: list(&["log-opt max-size=10m"]),
        registry_mirror: list(&["https://mirror.example"]),
        ..EngineOptions::default()
    }
}

fn certificates(_: &HostCertificates) -> Result<ServerCertificates> {
    let pem = |text: &str| format!("-----BEGIN {text}-----\n");
    Ok(ServerCertificates { ca: pem("CA"), server: pem("SERVER"), key: pem("KEY") })
}

async fn transcript(case: &Case) -> String {
    let host = case.host();
    let engine = options();
    let name = "web-1".parse().expect("a name");
    let wanted = Spec {
        name: &name,
        driver_name: "generic",
        engine_port: 2376,
        listen_ipv6: false,
        engine: &engine,
        keeps_containers: false,
    };
    let found = detect(&host, &host.console, &name).await.expect("a known family");
    let report = provision(&host, &host.console, &found, &wanted, &certificates).await.expect("a willing host");
    assert!(report.restarted, "{}", case.file);
    host.transcript.into_inner().expect("no panic")
}

/// Compares with the file, or writes it when asked to.
fn compare(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provision").join(format!("{file}.txt"));
    if Env::from_process().var("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, text).expect("a writable checkout");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{} differs: run with UPDATE_GENERATED=1 and look at the change", path.display());
}

#[tokio::test]
async fn every_family_is_provisioned_as_its_transcript_says() {
    for case in cases() {
        compare(case.file, &transcript(&case).await);
    }
}

#[tokio::test]
async fn a_host_that_is_as_wanted_is_only_compared() {
    let text = transcript(&again()).await;
    assert!(!text.contains("Installing Docker..."), "{text}");
    compare("debian-again", &text);
}

/// Debian with everything in place: no preparation is left to do.
fn again() -> Case {
    let facts =
        "@fact host-name web-1\n@file hostname /etc/hostname\n web-1\n@file hosts /etc/hosts\n 127.0.1.1 web-1\n";
    Case { has_engine: true, facts, ..case("debian-again", "ID=debian", "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS") }
}

#[tokio::test]
async fn an_upgrade_restarts_the_engine_only_for_a_change() {
    let host = again().host();
    let name = "web-1".parse().expect("a name");
    let found = detect(&host, &host.console, &name).await.expect("a known family");
    let upgraded = upgrade(&host, &host.console, &found, &name, 2376).await.expect("a willing host");
    assert_eq!(upgraded, Upgraded { changed: true, version: "29.2.0".into() });
    compare("upgrade", &host.transcript.into_inner().expect("no panic"));
}

#[tokio::test]
async fn the_key_is_on_standard_input_and_nowhere_else() {
    let text = transcript(&cases()[0]).await;
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("BEGIN KEY")).collect();
    assert_eq!(lines, ["SERVER_KEY_PEM='-----BEGIN KEY-----"]);
}
