//! What a process or a host that ended in the middle of a change left behind, and what becomes of it.

use std::path::Path;

use crate::support::lab::{Lab, PROGRAM};
use crate::support::region::Region;
use crate::support::run::Run;

/// Another key of the same kind in a file's place.
fn replace_key(file: &Path) {
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"]).arg(file);
    Run::of(&mut openssl).succeeds();
}

#[test]
fn a_key_without_its_certificate_is_replaced_with_it_here_and_on_the_host() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    let fits = "test \"$(openssl x509 -in /etc/docker/server.pem -noout -pubkey)\" = \
                     \"$(openssl pkey -in /etc/docker/server-key.pem -pubout)\"";
    host.text(fits);

    // Here: the program that wrote the new key never came to the certificate.
    replace_key(&lab.machine_folder("web").join("server-key.pem"));
    lab.run(&["provision", "web"]).succeeds();
    host.text(fits);
    lab.docker("web", &["version"]).succeeds();

    // On the host: the plug was pulled between the two.
    host.text("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out /etc/docker/server-key.pem");
    host.power(&["reboot"]);
    lab.run(&["provision", "web"]).succeeds();
    host.text(fits);
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn certificates_that_the_engine_does_not_start_with_are_taken_back() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    // Stands for whatever an engine may have against a certificate.
    let unit = "[Service]\nExecStartPre=/bin/cmp /etc/docker/server.pem /root/server.pem\n";
    host.text(&format!(
        "cp /etc/docker/server.pem /root; printf '{unit}' > /etc/systemd/system/docker.service.d/20-picky.conf"
    ));
    let files = "sha256sum /etc/docker/*.pem; stat -c '%a %n' /etc/docker/*; ls -A /etc/docker";
    let before = host.text(files);
    lab.run(&["regenerate-certs", "-f", "web"])
        .fails(1)
        .complains("error starting docker:\n")
        .complains("Docker runs with its earlier configuration again.");
    assert_eq!(host.text(files), before);
    lab.docker("web", &["version"]).succeeds();

    host.text("rm /etc/systemd/system/docker.service.d/20-picky.conf");
    lab.run(&["provision", "web"]).succeeds();
    assert_ne!(host.text(files), before);
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn a_switch_that_a_power_cut_left_on_is_taken_back() {
    let region = Region::new();
    region.create("aws01", &[]).succeeds();
    let id = region.live_instances().pop().expect("the instance").id;
    let inside = |script: &str| region.inside(&id, script).succeeds().stdout;
    let settings = "{\"max-concurrent-downloads\": 4}\n";
    // The first start of the engine while the switch is on does not end.
    let slow = "if [ -e /etc/docker/daemon.json.docker-machine.held ] && [ ! -e /root/cut ]; then touch /root/cut; \
                sleep 1000; fi";
    inside(&format!(
        "printf '{{\"max-concurrent-downloads\": 4}}\\n' >/etc/docker/daemon.json
         cd /etc/systemd/system/docker.service.d
         printf '%s\\n' '[Service]' \"ExecStartPre=/bin/sh -c '{slow}'\" >20-slow.conf"
    ));
    region.run(&["stop", "aws01"]).succeeds();
    // The new address needs a new certificate.
    let mut start = region.command(PROGRAM).args(["start", "aws01"]).spawn().expect("start begins");
    while region.inside(&id, "test -e /root/cut").status != 0 {
        assert!(start.try_wait().expect("its state").is_none(), "it ended without a restart of the engine");
    }
    let cut = inside("cat /etc/docker/daemon.json; ls /etc/docker");
    assert!(cut.contains("\"live-restore\": true") && cut.contains("held"), "{cut}");
    region.aws(&format!("ec2 stop-instances --force --instance-ids {id}"));
    region.wait_state(&id, "stopped");
    start.kill().expect("it can be killed");
    start.wait().expect("it ends");

    region.run(&["start", "aws01"]).succeeds();
    let left = "ls -A /etc/docker | grep docker-machine || :";
    let now = inside(&format!("cat /etc/docker/daemon.json; docker info -f '{{{{.LiveRestoreEnabled}}}}'; {left}"));
    assert_eq!(now, format!("{settings}false\n"));
    region.docker("aws01", &["version"]).succeeds();
    region.run(&["rm", "-y", "aws01"]).succeeds();
}
