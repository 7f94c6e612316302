//! `create --driver generic` on a bare Debian host, and what is on the host afterwards.

use crate::support::lab::{Lab, Sudo, busybox_image};
use crate::support::run::Run;

#[test]
fn root_login_gives_a_secured_docker_host() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    lab.create(&host, "web", &["--engine-label", "tier=front"])
        .succeeds()
        .quietly()
        .says("Creating CA: ")
        .says("Provisioning with debian...\n")
        .says("Docker is up and running!\nTo see how to connect your Docker Client");

    lab.docker("web", &["import", &busybox_image(), "busybox"]).succeeds();
    let run = ["run", "--rm", "busybox", "/bin/busybox", "echo", "hello"];
    assert_eq!(lab.docker("web", &run).succeeds().stdout, "hello\n");
    lab.docker("web", &["info", "--format", "{{.Labels}}"]).succeeds().says("tier=front").says("provider=generic");

    let modes = host.text("stat -c '%a %U %n' /etc/docker/*.pem");
    assert_eq!(
        modes,
        "644 root /etc/docker/ca.pem\n600 root /etc/docker/server-key.pem\n644 root /etc/docker/server.pem"
    );
    let drop_in = host.text("cat /etc/systemd/system/docker.service.d/10-machine.conf");
    for part in ["[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd ", "--tlsverify", "tcp://0.0.0.0:2376"] {
        assert!(drop_in.contains(part), "no {part:?} in {drop_in}");
    }
    assert_eq!(host.text("hostname"), "web");
}

#[test]
fn a_sudo_user_is_enough_and_config_points_the_docker_cli_at_the_host() {
    let lab = Lab::new();
    let host = lab.host("web").with_user("admin", Sudo::NoPassword).up();
    lab.create(&host, "web", &[]).succeeds().quietly().says("Docker is up and running!");

    let cli = crate::support::lab::docker_cli();
    let line =
        format!("{cli} $({} config web) version --format '{{{{.Server.Version}}}}'", crate::support::lab::PROGRAM);
    let version = Run::of(lab.command("bash").args(["-c", &line])).succeeds().stdout;
    assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{version}");

    let listing = lab.run(&["ls"]).succeeds().quietly().stdout;
    let row = listing.lines().nth(1).expect("a row");
    assert!(row.starts_with("web    -        generic   Running   tcp://"), "{listing}");
    assert!(row.contains(&format!("v{}", version.trim())), "{listing}");
}

#[test]
fn without_certificates_the_daemon_refuses() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();

    let address = format!("tcp://{}:2376", host.ip);
    let cli = crate::support::lab::docker_cli();
    let plain = Run::of(lab.command(&cli).args(["-H", &address, "version"]));
    assert_ne!(plain.status, 0, "{plain:?}");
    let folder = lab.machine_folder("web");
    let ca = folder.join("ca.pem");
    let no_client_certificate =
        Run::of(lab.command(&cli).args(["-H", &address, "--tlsverify", "--tlscacert"]).arg(&ca).arg("version"));
    assert_ne!(no_client_certificate.status, 0, "{no_client_certificate:?}");
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn after_a_reboot_docker_is_up_on_tls_by_itself() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    host.power(&["reboot"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(180);
    while lab.run(&["env", "web"]).status != 0 {
        assert!(std::time::Instant::now() < deadline, "Docker is not back: {:?}", lab.run(&["env", "web"]));
    }
    lab.docker("web", &["version"]).succeeds();
}
