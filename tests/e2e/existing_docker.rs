//! Hosts on which Docker runs already: nothing of the user's is lost.

use crate::support::lab::{Lab, busybox_image};

#[test]
fn a_container_survives_when_the_engine_allows_it() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    // live-restore is what lets an engine restart without its containers.
    host.text("echo '{\"live-restore\": true}' > /etc/docker/daemon.json; systemctl restart docker");
    let image = std::fs::read(busybox_image()).expect("the image");
    std::fs::write(std::path::Path::new(&lab.home.path().join("image.tar")), &image).expect("a copy");
    let copy = lab.home.path().join("image.tar").display().to_string();
    let mut scp = lab.command("scp");
    scp.args(["-q", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-i", &lab.key(), &copy]);
    scp.arg(format!("root@{}:/root/image.tar", host.ip));
    crate::support::run::Run::of(&mut scp).succeeds();
    host.text("docker import /root/image.tar busybox");
    let id = host.text("docker run -d --name kept busybox /bin/busybox sleep 1000");

    lab.create(&host, "web", &[]).succeeds();
    let running = lab.docker("web", &["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"]).succeeds().stdout;
    assert_eq!(running, format!("{id} kept\n"));
    let daemon_json = host.text("cat /etc/docker/daemon.json");
    assert_eq!(daemon_json, "{\"live-restore\": true}");
}

#[test]
fn keys_of_daemon_json_that_clash_are_moved_aside_with_a_copy() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    host.text("echo '{\"hosts\": [\"fd://\"], \"labels\": [\"mine=1\"]}' > /etc/docker/daemon.json");
    lab.create(&host, "web", &[]).succeeds();
    lab.docker("web", &["info", "--format", "{{.Labels}}"]).succeeds().says("mine=1");
    let backup = host.text("cat /etc/docker/daemon.json.docker-machine.bak");
    assert!(backup.contains("fd://"), "{backup}");
}
