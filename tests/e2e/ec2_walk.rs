//! What a user does with EC2, step by step: real computers, real dockerd, the real docker CLI.

use crate::support::lab::busybox_image;
use crate::support::region::Region;

/// Runs a container on a machine.
fn runs_a_container(region: &Region, machine: &str) {
    region.docker(machine, &["import", &busybox_image(), "busybox"]).succeeds();
    let args = ["run", "--rm", "busybox", "/bin/busybox", "echo", "hello"];
    assert_eq!(region.docker(machine, &args).succeeds().stdout, "hello\n");
}

fn ip(region: &Region, machine: &str) -> String {
    region.run(&["ip", machine]).succeeds().stdout.trim_end().to_owned()
}

#[test]
fn two_machines_from_create_to_rm() {
    let region = Region::new();
    region.run(&["create", "--driver", "amazonec2", "aws01", "aws02"]).succeeds();
    let listed = region.run(&["ls", "--format", "{{.Name}} {{.DriverName}} {{.State}} {{.URL}}"]).succeeds().stdout;
    let (first, second) = (ip(&region, "aws01"), ip(&region, "aws02"));
    let row = |name: &str, ip: &str| format!("{name} amazonec2 Running tcp://{ip}:2376\n");
    assert_eq!(listed, row("aws01", &first) + &row("aws02", &second));

    runs_a_container(&region, "aws01");
    runs_a_container(&region, "aws02");
    let mut bare = region.command(crate::support::lab::docker_cli());
    crate::support::run::Run::of(bare.args(["-H", &format!("tcp://{first}:2376"), "ps"])).fails(1);
    region.run(&["config", "aws01"]).succeeds().says("--tlsverify").says(&format!("tcp://{first}:2376"));

    region.run(&["ssh", "aws01", "echo from one >/tmp/a"]).succeeds();
    region.run(&["scp", "aws01:/tmp/a", "aws02:/tmp/b"]).succeeds();
    assert_eq!(region.run(&["ssh", "aws02", "cat /tmp/b"]).succeeds().stdout, "from one\n");
    let drop_in = "sudo cat /etc/systemd/system/docker.service.d/10-machine.conf; sudo ls /etc/docker";
    region.run(&["ssh", "aws01", drop_in]).succeeds().says("ExecStart=").says("server-key.pem");
    region.run(&["upgrade", "aws01", "aws02"]).succeeds();

    region.run(&["rm", "-y", "aws01", "aws02"]).succeeds().says("Successfully removed aws01\n");
    assert_eq!(region.left(), [""; 0]);
    assert_eq!(region.run(&["ls", "-q"]).succeeds().stdout, "");
}

/// A container that comes back after a boot, and writes a line down whenever it starts.
fn keeps_a_container(region: &Region, machine: &str, instance: &str) {
    region.docker(machine, &["import", &busybox_image(), "busybox"]).succeeds();
    let script = "echo started >>/srv/starts; exec /bin/busybox sleep 100000";
    let run = ["run", "-d", "--restart=always", "-v", "/srv:/srv", "busybox", "/bin/busybox", "sh", "-c", script];
    region.docker(machine, &run).succeeds();
    let settings = r#"echo '{"max-concurrent-downloads": 4}' >/etc/docker/daemon.json"#;
    region.inside(instance, settings).succeeds();
}

/// How often the container has started, how often the engine has since the boot, and what has become of its settings.
fn starts(region: &Region, instance: &str) -> (usize, usize, String) {
    let count = |script: &str| region.inside(instance, script).succeeds().stdout.lines().count();
    let engine = "journalctl -b -q -u docker.service _PID=1 -o cat | grep '^Starting'";
    let settings =
        "cat /etc/docker/daemon.json; docker info -f '{{.LiveRestoreEnabled}}'; ls /etc/docker | grep held || :";
    (count("cat /srv/starts"), count(engine), region.inside(instance, settings).succeeds().stdout)
}

#[test]
fn stop_and_start_reach_the_computer_and_a_new_address_needs_nothing_from_the_user() {
    let region = Region::new();
    region.create("aws01", &[]).succeeds();
    let before = ip(&region, "aws01");
    let id = region.live_instances().pop().expect("the instance").id;
    keeps_a_container(&region, "aws01", &id);
    // Nothing but a launch needs the key pair.
    region.aws("ec2 delete-key-pair --key-name aws01");

    region.run(&["stop", "aws01"]).succeeds().says("Machine \"aws01\" was stopped.\n");
    let instance = region.live_instances().pop().expect("the instance");
    assert_eq!((instance.state.as_str(), instance.power.as_str()), ("stopped", "stopped"));
    assert_eq!(region.run(&["status", "aws01"]).succeeds().stdout, "Stopped\n");
    region.run(&["ip", "aws01"]).fails(1);

    region.run(&["start", "aws01"]).succeeds();
    assert_ne!(ip(&region, "aws01"), before);
    region.docker("aws01", &["version"]).succeeds();
    // Once before and once after the stop; the engine restarts once, for its certificate, without its containers.
    let settings = "{\"max-concurrent-downloads\": 4}\nfalse\n";
    assert_eq!(starts(&region, &id), (2, 2, settings.to_owned()));
    runs_a_container(&region, "aws01");
    assert_eq!(region.run(&["ssh", "aws01", "echo here"]).succeeds().stdout, "here\n");

    let boot = "cat /proc/sys/kernel/random/boot_id; stat -c %Y /run/systemd";
    let booted = region.inside(&instance.id, boot).succeeds().stdout;
    region.run(&["restart", "aws01"]).succeeds();
    assert_ne!(region.inside(&instance.id, boot).succeeds().stdout, booted);
    region.docker("aws01", &["version"]).succeeds();
    assert_eq!(starts(&region, &id), (3, 1, settings.to_owned()), "nothing to renew at the same address");

    region.run(&["kill", "aws01"]).succeeds().says("Machine \"aws01\" was killed.\n");
    region.run(&["rm", "-y", "aws01"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn two_aws_regions_and_a_chosen_image() {
    let region = Region::new();
    let images = region.text(&["images", "ap-northeast-1"]);
    let image = images.lines().find(|line| line.contains("noble-24.04-amd64-server-2026")).expect("the image");
    let image = image.split('\t').next().expect("its id");
    region.create("aws001", &[]).succeeds();
    region.create("aws-test01", &["--amazonec2-region", "ap-northeast-1", "--amazonec2-ami", image]).succeeds();
    let there = region.live_instances().into_iter().find(|one| one.region == "ap-northeast-1").expect("the second");
    assert_eq!(there.image, image);
    let listed = region.run(&["ls", "--format", "{{.Name}} {{.State}}"]).succeeds();
    listed.says("aws-test01 Running\n").says("aws001 Running\n");
    region.docker("aws-test01", &["version"]).succeeds();
    region.run(&["rm", "-y", "aws001", "aws-test01"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn what_happens_behind_the_program_s_back_is_seen_and_can_be_removed() {
    let region = Region::new();
    region.create("aws01", &[]).succeeds();
    let id = region.live_instances().pop().expect("the instance").id;

    region.inside(&id, "systemctl poweroff").succeeds();
    region.wait_state(&id, "stopped");
    assert_eq!(region.run(&["status", "aws01"]).succeeds().stdout, "Stopped\n");
    region.run(&["start", "aws01"]).succeeds();

    region.aws(&format!("ec2 terminate-instances --instance-ids {id}"));
    region.wait_state(&id, "terminated");
    assert_eq!(region.run(&["status", "aws01"]).succeeds().stdout, "Error\n");
    let row = region.run(&["ls", "--format", "{{.State}}|{{.Error}}"]).succeeds().stdout;
    assert!(row.starts_with("Error|instance ") && row.contains("terminated") && row.lines().count() == 1, "{row}");
    region.run(&["start", "aws01"]).fails(1).complains("terminated");

    region.text(&["forget", &id]);
    // EC2 may not know an instance yet whose record was written a moment ago.
    let record = region.machine_folder("aws01").join("config.json");
    for (minutes, state) in [(0, "Starting\n"), (10, "Error\n")] {
        let written = docker_machine::clock::now() - std::time::Duration::from_secs(60 * minutes);
        let file = std::fs::File::options().append(true).open(&record).expect("the record");
        file.set_modified(written).expect("the time of its last change");
        assert_eq!(region.run(&["ls", "--format", "{{.State}}"]).succeeds().stdout, state);
    }
    region.aws("ec2 delete-key-pair --key-name aws01");
    region.run(&["rm", "-y", "aws01"]).succeeds().says("Successfully removed aws01\n");
    assert_eq!(region.left(), [""; 0]);
}
