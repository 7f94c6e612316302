//! `restart`, `start`, `stop`, `kill`, `status` and `rm` of a host that somebody else switches on and off.

use crate::support::lab::Lab;

#[test]
fn restart_comes_back_with_docker_and_really_has_restarted() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    let boot = "cat /proc/sys/kernel/random/boot_id";
    let started = "systemctl show -p UserspaceTimestampMonotonic; stat -c %Y /run/systemd";
    let before = (host.text(boot), host.text(started));
    lab.run(&["restart", "web"])
        .succeeds()
        .says("Restarting \"web\"...\n")
        .says("Restarted machines may have new IP addresses.");
    assert_ne!((host.text(boot), host.text(started)), before);
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn start_and_stop_say_why_not() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    lab.run(&["start", "web"]).fails(1).complains("Machine \"web\" is already running.\n");
    lab.run(&["stop", "web"]).fails(1).complains("generic driver does not support stop\n");
    lab.run(&["kill", "web"]).fails(1).complains("generic driver does not support kill\n");

    host.power(&["stop"]);
    assert_eq!(lab.run(&["status", "web"]).succeeds().stdout, "Stopped\n");
    lab.run(&["url", "web"]).fails(1).complains("Host is not running\n");
    lab.run(&["env", "web"]).fails(1).complains("Error checking TLS connection: Host is not running\n");
    lab.run(&["ssh", "web", "true"]).fails(1).complains("Cannot run SSH command: Host \"web\" is not running\n");
    lab.run(&["stop", "web"]).fails(1).complains("Machine \"web\" is already stopped.\n");
    lab.run(&["start", "web"]).fails(1).complains("generic driver does not support start\n");
    lab.run(&["ls"]).succeeds().says("Stopped");

    host.power(&["start"]);
    lab.run(&["status", "web"]).succeeds().says("Running\n");
    lab.run(&["rm", "-y", "web"]).succeeds().says("Successfully removed web\n");
    assert!(!lab.machine_folder("web").exists());
    assert_eq!(lab.run(&["ls", "-q"]).succeeds().stdout, "");
}
