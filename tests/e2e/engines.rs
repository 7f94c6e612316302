//! Every Debian that people have, each with its own engine: from `create` to `rm`, a second `provision`, new
//! certificates, and an upgrade to the next engine under a running container.

use crate::support::lab::{Lab, LabHost, busybox_image};

/// A Debian and the engine in its archive.
struct System {
    name: &'static str,
    /// The first number of its version.
    major: u32,
}

const BOOKWORM: System = System { name: "bookworm", major: 20 };
const TRIXIE: System = System { name: "trixie", major: 26 };
// The only one that gets newer.
const SID: System = System { name: "sid", major: 28 };

impl System {
    /// The version of an engine on a host must be this system's.
    #[track_caller]
    fn made(&self, version: &str) {
        let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).expect("a version");
        assert!(major == self.major || self.name == SID.name && major > self.major, "{version} on {}", self.name);
    }
}

const ECHO: [&str; 6] = ["run", "--rm", "busybox", "/bin/busybox", "echo", "hello"];

fn version(lab: &Lab) -> String {
    lab.docker("web", &["version", "--format", "{{.Server.Version}}"]).succeeds().stdout.trim_end().to_owned()
}

/// The main walk, with a second `provision` and new certificates on the way.
fn walk(system: &System) {
    let lab = Lab::new();
    let host = lab.host("web").system(system.name).up();
    lab.create(&host, "web", &[]).succeeds().quietly().says("Docker is up and running!\n");
    lab.docker("web", &["import", &busybox_image(), "busybox"]).succeeds();
    assert_eq!(lab.docker("web", &ECHO).succeeds().stdout, "hello\n");
    let version = version(&lab);
    system.made(&version);
    let row = lab.run(&["ls", "--format", "{{.Name}} {{.State}} {{.DockerVersion}} {{.Error}}"]).succeeds().quietly();
    assert_eq!(row.stdout, format!("web Running v{version} \n"));
    assert_eq!(lab.run(&["ssh", "web", "hostname"]).succeeds().quietly().stdout, "web\n");

    let state = "pidof dockerd; ls -l --time-style=full-iso /etc/docker /etc/systemd/system/docker.service.d; \
                 stat -c '%y %n' /etc/hosts /etc/hostname";
    let before = host.text(state);
    lab.run(&["provision", "web"]).succeeds().quietly();
    assert_eq!(host.text(state), before, "a second provision changes nothing and restarts nothing");

    let serial = "openssl x509 -in /etc/docker/server.pem -noout -serial";
    let before = host.text(serial);
    lab.run(&["regenerate-certs", "-f", "web"]).succeeds().quietly();
    assert_ne!(host.text(serial), before);
    assert_eq!(lab.docker("web", &ECHO).succeeds().stdout, "hello\n");

    lab.run(&["rm", "-y", "web"]).succeeds().quietly();
    assert_eq!(lab.run(&["ls", "-q"]).succeeds().stdout, "");
}

/// An upgrade of the engine that the host's package source offers now, with a container that goes on meanwhile.
fn upgrades(lab: &Lab, host: &LabHost<'_>, from: &System, to: &System) {
    let before = version(lab);
    from.made(&before);
    lab.docker("web", &["import", &busybox_image(), "busybox"]).succeeds();
    let run = ["run", "-d", "--name", "kept", "busybox", "/bin/busybox", "sleep", "100000"];
    lab.docker("web", &run).succeeds();
    let kept = || {
        let what = "{{.Id}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}}";
        lab.docker("web", &["inspect", "-f", what, "kept"]).succeeds().stdout
    };
    let container = kept();

    let run = lab.run(&["upgrade", "web"]).succeeds().quietly();
    let after = version(lab);
    to.made(&after);
    let line = run.stdout.lines().last().expect("a last line");
    assert!(line.starts_with(&format!("Docker on \"web\" is now {after}")), "{after}: {run:#?}");
    assert_eq!(kept(), container);
    assert_eq!(lab.docker("web", &["exec", "kept", "/bin/busybox", "echo", "here"]).succeeds().stdout, "here\n");
    assert_eq!(lab.docker("web", &ECHO).succeeds().stdout, "hello\n");

    // It is the newest one, and its unit still starts as it was configured.
    let engine = host.text("pidof dockerd");
    lab.run(&["provision", "web"]).succeeds().quietly();
    lab.run(&["upgrade", "web"]).succeeds().quietly().says("Docker on \"web\" stays ");
    assert_eq!(host.text("pidof dockerd"), engine);
    assert_eq!(kept(), container);
}

/// Writes a file on the host.
fn write(host: &LabHost<'_>, path: &str, text: &str) {
    host.text(&format!("mkdir -p \"$(dirname {path})\"; printf '%s\\n' '{text}' >{path}"));
}

/// The setting that lets containers outlive their engine.
fn keeps_containers(host: &LabHost<'_>) {
    write(host, "/etc/docker/daemon.json", "{\"live-restore\": true}");
}

/// A host with its system's own engine, whose package source has another system's too.
fn upgrades_on(system: &System, to: &System, preferences: &str) {
    let lab = Lab::new();
    let host = lab.host("web").system(system.name).with_docker().up();
    keeps_containers(&host);
    lab.create(&host, "web", &[]).succeeds().quietly();
    write(&host, "/etc/apt/sources.list.d/next.list", &lab.engine_of(to.name));
    write(&host, "/etc/apt/preferences.d/next", preferences);
    upgrades(&lab, &host, system, to);
}

#[test]
fn bookworm_from_create_to_rm() {
    walk(&BOOKWORM);
}

#[test]
fn trixie_from_create_to_rm() {
    walk(&TRIXIE);
}

#[test]
fn sid_from_create_to_rm() {
    walk(&SID);
}

#[test]
fn bookworm_upgrades_to_the_engine_of_trixie_under_a_container() {
    // Trixie's runc wants a newer C library.
    upgrades_on(&BOOKWORM, &TRIXIE, "Package: runc\nPin: origin \"10.90.0.1\"\nPin-Priority: -1");
}

#[test]
fn trixie_upgrades_to_the_engine_of_sid_under_a_container() {
    upgrades_on(&TRIXIE, &SID, "");
}

#[test]
fn sid_upgrades_from_the_engine_of_trixie_under_a_container() {
    let lab = Lab::new();
    let host = lab.host("web").system(SID.name).up();
    keeps_containers(&host);
    write(&host, "/etc/apt/sources.list.d/earlier.list", &lab.engine_of(TRIXIE.name));
    let earlier = "/etc/apt/preferences.d/earlier";
    write(
        &host,
        earlier,
        "Package: docker.io docker-cli containerd runc\nPin: origin \"10.90.0.1\"\nPin-Priority: 1001",
    );
    lab.create(&host, "web", &[]).succeeds().quietly();
    host.text(&format!("rm {earlier}"));
    upgrades(&lab, &host, &TRIXIE, &SID);
}
