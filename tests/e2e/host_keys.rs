//! The first contact: whose host key is verified, whose is refused before anything is sent, and whose is believed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::lab::{Lab, LabHost};
use crate::support::region::Region;
use crate::support::run::Run;

const TRUST: &str = "{{.HostKey.Type}} {{.HostKey.Fingerprint}} {{.HostKey.Trust}}";

/// `SHA256:…` of the computer's own key.
const FINGERPRINT: &str = "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2";

/// What sshd wrote when somebody tried to log in.
const LOGINS: &str = "journalctl --no-pager -u ssh | grep -E 'Accepted|Failed|authenticating' || true";

fn trust(lab: &Lab, machine: &str) -> String {
    lab.run(&["inspect", "-f", TRUST, machine]).succeeds().stdout.trim_end().to_owned()
}

fn create(region: &Region, machine: &str, more: &[&str], vars: &[(&str, &str)]) -> Run {
    Run::of(region.create_command(machine, more).envs(vars.iter().copied()))
}

#[test]
fn a_new_instance_is_verified_by_its_console_and_logged_in_to_with_an_ed25519_key() {
    let region = Region::with_docker();
    let run = create(&region, "aws01", &[], &[("MACHINE_SSH_HOST_KEYS", "strict"), ("MACHINE_DEBUG", "1")]).succeeds();
    let id = region.live_instances().pop().expect("the instance").id;
    let own = region.inside(&id, FINGERPRINT).succeeds().stdout;
    assert_eq!(trust(&region, "aws01"), format!("ED25519 {} verified by the EC2 console", own.trim()), "{run:#?}");
    let calls = region.calls_of("GetConsoleOutput");
    assert!(calls.iter().all(|call| call.params.get("Latest").is_some_and(|latest| latest == "true")), "{calls:#?}");
    // Programs get the record as it always was.
    let record = region.run(&["inspect", "aws01"]).succeeds().stdout;
    assert!(!record.contains("HostKey"), "{record}");
    // The original's file name, in a form that OpenSSH and Go read.
    let key = region.machine_folder("aws01").join("id_rsa");
    assert_eq!(fs::metadata(&key).expect("the key").permissions().mode() & 0o777, 0o600);
    let public = Run::of(Command::new("ssh-keygen").arg("-y").arg("-f").arg(&key)).succeeds().stdout;
    assert!(public.starts_with("ssh-ed25519 "), "{public}");
    let imported = region.aws(
        "ec2 describe-key-pairs --key-names aws01 --include-public-key --query KeyPairs[0].PublicKey --output text",
    );
    assert_eq!(imported.split_whitespace().nth(1), public.split_whitespace().nth(1));
    for client in [&["ssh", "aws01", "hostname"][..], &["--native-ssh", "ssh", "aws01", "hostname"]] {
        region.run(client).succeeds();
    }
}

#[test]
fn an_instance_whose_console_shows_another_key_is_sent_nothing() {
    let region = Region::with_docker();
    region.fault("console wrong-key");
    region.fault("deny TerminateInstances");
    let run = region.create("aws01", &[]).fails(1);
    let instance = region.live_instances().pop().expect("the instance stays, as nobody may terminate it");
    let own = region.inside(&instance.id, FINGERPRINT).succeeds().stdout;
    let shown = format!("shown ED25519 {}; somebody may be listening in", own.trim());
    assert!(run.stderr.contains("is not the one of the EC2 console: there ED25519 SHA256:"), "{run:#?}");
    assert!(run.stderr.contains(&shown), "{run:#?}");
    let seen = region.inside(&instance.id, "journalctl --no-pager -u ssh").succeeds().stdout;
    assert!(seen.contains("[preauth]"), "nobody knocked: {seen}");
    assert_eq!(region.inside(&instance.id, LOGINS).succeeds().stdout, "");
    assert!(!region.machine_folder("aws01").join("known_hosts").exists());
    region.fault("clear");
    region.run(&["rm", "-y", "aws01"]).succeeds();
}

#[test]
fn a_restart_is_a_first_contact_where_no_key_is_pinned() {
    let region = Region::new();
    region.create("aws01", &[]).succeeds();
    let instance = region.live_instances().pop().expect("the instance");
    let pins = region.machine_folder("aws01").join("known_hosts");
    let boot = || region.inside(&instance.id, "cat /proc/sys/kernel/random/boot_id").succeeds().stdout;
    fs::remove_file(&pins).expect("a key is pinned");
    region.fault("console wrong-key");
    let before = boot();
    let run = region.run(&["restart", "aws01"]).fails(1);
    run.complains("is not the one of the EC2 console: there ED25519 SHA256:");
    assert_eq!(region.calls_of("RebootInstances").len(), 0);
    assert_eq!((boot(), pins.exists()), (before, false));
    region.fault("clear");
    region.run(&["restart", "aws01"]).succeeds();
    assert!(trust(&region, "aws01").ends_with(" verified by the EC2 console"));
}

#[test]
fn a_console_that_is_late_is_waited_for() {
    let region = Region::with_docker();
    region.fault("console late 3");
    region.create("aws01", &[]).succeeds();
    assert!(region.calls_of("GetConsoleOutput").len() > 3);
    assert!(trust(&region, "aws01").ends_with(" verified by the EC2 console"));
}

#[test]
fn a_console_that_stays_empty_is_not_waited_for_for_ever() {
    let region = Region::with_docker();
    region.fault("console empty");
    region.create("aws01", &[]).succeeds();
    assert!(trust(&region, "aws01").ends_with(" trusted on first use: the console shows no host keys"));
    let asked = region.calls_of("GetConsoleOutput").len();
    region.run(&["provision", "aws01"]).succeeds();
    assert_eq!(region.calls_of("GetConsoleOutput").len(), asked, "a pinned key is nobody's question any more");
}

#[test]
fn a_type_without_the_latest_output_is_verified_if_ec2_has_it_and_never_waited_for() {
    let region = Region::with_docker();
    region.fault("console empty");
    region.create("aws01", &["--amazonec2-instance-type", "t2.micro"]).succeeds();
    assert!(trust(&region, "aws01").ends_with(" trusted on first use: the console shows no host keys"));
    let calls = region.calls_of("GetConsoleOutput");
    let latest: Vec<_> = calls.iter().map(|call| (call.params.contains_key("Latest"), call.status)).collect();
    assert!(latest.chunks(2).all(|pair| pair == [(true, Some(400)), (false, Some(200))]), "{latest:?}");

    // Who demands it waits for as long as for a login; the machine that is kept is verified later.
    let (name, strict) = ("aws02", ("MACHINE_SSH_HOST_KEYS", "strict"));
    let kind = ["--amazonec2-instance-type", "t2.micro"];
    let run = create(&region, name, &kind, &[strict, ("MACHINE_SSH_TIMEOUT", "8")]).fails(1);
    run.complains("cannot be verified: the console shows no host keys").complains("MACHINE_SSH_HOST_KEYS=tofu");
    region.fault("clear");
    create(&region, name, &kind, &[strict]).succeeds();
    assert!(trust(&region, name).ends_with(" verified by the EC2 console"));
}

#[test]
fn who_may_not_read_the_console_trusts_the_first_key_or_demands_more() {
    let region = Region::with_docker();
    region.fault("deny GetConsoleOutput");
    let run = create(&region, "aws01", &[], &[("MACHINE_DEBUG", "1")]).succeeds();
    let told = "nobody vouches for the host key of \"aws01\": ec2:GetConsoleOutput is not allowed";
    assert_eq!(run.stderr.matches(told).count() + run.stdout.matches(told).count(), 1, "{run:#?}");
    assert_eq!(region.calls_of("GetConsoleOutput").len(), 1);
    assert!(trust(&region, "aws01").ends_with(" trusted on first use: ec2:GetConsoleOutput is not allowed"));
    // What is pinned is good enough afterwards.
    let strict = ("MACHINE_SSH_HOST_KEYS", "strict");
    region.set(strict.0, strict.1);
    region.run(&["ssh", "aws01", "true"]).succeeds();
    let run = create(&region, "aws02", &[], &[]).fails(1);
    run.complains("cannot be verified: ec2:GetConsoleOutput is not allowed");
}

#[test]
fn rsa_keys_are_made_for_who_asks() {
    let region = Region::with_docker();
    region.create("aws01", &["--amazonec2-ssh-key-type", "dsa"]).fails(1).complains("neither ed25519 nor rsa");
    region.create("aws01", &["--amazonec2-ssh-key-type", "rsa"]).succeeds();
    let key = fs::read_to_string(region.machine_folder("aws01").join("id_rsa")).expect("the key");
    assert!(key.starts_with("-----BEGIN RSA PRIVATE KEY-----"), "the original's form");
}

/// Whether anybody has tried to log in since the last look.
fn logins(host: &LabHost<'_>) -> String {
    host.text(&LOGINS.replace("--no-pager", "--no-pager --cursor-file=/run/looked"))
}

#[test]
fn a_host_whose_key_was_told_is_verified_or_sent_nothing() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    logins(&host);
    let own = host.text(FINGERPRINT);
    let wrong = "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ";
    let run = lab.create(&host, "web", &["--generic-ssh-host-key", wrong]).fails(1);
    assert!(run.stderr.contains(&format!("there {wrong}, shown ED25519 {own}; somebody")), "{run:#?}");
    assert_eq!(logins(&host), "");
    assert!(!lab.machine_folder("web").exists());
    lab.create(&host, "web", &["--generic-ssh-host-key", "SHA256:abc"]).fails(1).complains("no SHA-256 fingerprint");
    lab.create(&host, "web", &["--generic-ssh-host-key", "no.pub"]).fails(1).complains("no.pub");

    lab.create(&host, "web", &["--generic-ssh-host-key", &own]).succeeds();
    assert_eq!(trust(&lab, "web"), format!("ED25519 {own} verified by --generic-ssh-host-key"));

    let file = lab.home.path().join("host.pub");
    fs::write(&file, host.text("cat /etc/ssh/ssh_host_ecdsa_key.pub")).expect("the file");
    lab.set("GENERIC_SSH_HOST_KEY", file.display().to_string());
    lab.set("MACHINE_SSH_HOST_KEYS", "strict");
    lab.create(&host, "again", &[]).succeeds();
    assert!(trust(&lab, "again").starts_with("ECDSA SHA256:"), "{}", trust(&lab, "again"));
}

#[test]
fn a_host_that_the_user_knows_is_verified_or_sent_nothing() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    logins(&host);
    let folder = lab.home.path().join(".ssh");
    fs::create_dir(&folder).expect("~/.ssh");
    let file = folder.join("known_hosts");
    let write = |name: &str, key: &str| fs::write(&file, format!("{name} {key}\n")).expect("known_hosts");
    let (own, key) = (host.text(FINGERPRINT), host.text("cat /etc/ssh/ssh_host_ed25519_key.pub"));

    write(&host.ip, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ");
    let run = lab.create(&host, "web", &[]).fails(1);
    assert!(run.stderr.contains(".ssh/known_hosts: there ED25519 SHA256:"), "{run:#?}");
    assert!(run.stderr.contains(&format!("shown ED25519 {own}; somebody may be listening in")), "{run:#?}");
    assert_eq!(logins(&host), "");

    // Strict: in no known_hosts, then known under a hash.
    lab.set("MACHINE_SSH_HOST_KEYS", "strict");
    write("192.0.2.1", &key);
    lab.create(&host, "web", &[])
        .fails(1)
        .complains("--generic-ssh-host-key is not given, and no known_hosts file has");
    assert_eq!(logins(&host), "");
    write(&host.ip, &key);
    Run::of(Command::new("ssh-keygen").arg("-q").arg("-H").arg("-f").arg(&file)).succeeds();
    assert!(!fs::read_to_string(&file).expect("known_hosts").contains(&host.ip));
    lab.create(&host, "web", &[]).succeeds();
    assert_eq!(trust(&lab, "web"), format!("ED25519 {own} verified by {}", file.display()));

    // Another port has an entry of its own.
    host.text("printf 'Port 22\\nPort 2200\\n' >/etc/ssh/sshd_config.d/port.conf && systemctl restart ssh");
    write(&format!("[{}]:2200", host.ip), &key);
    lab.create(&host, "again", &["--generic-ssh-port", "2200"]).succeeds();
    assert!(trust(&lab, "again").contains(" verified by "));
}

#[test]
fn a_host_that_signs_with_sha1_only_is_refused() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    host.text("echo 'HostKeyAlgorithms ssh-rsa' >/etc/ssh/sshd_config.d/old.conf && systemctl restart ssh");
    logins(&host);
    let run = lab.create(&host, "web", &[]).fails(1);
    run.complains("it signs with ssh-rsa only").complains("hint: ssh-rsa means SHA-1");
    assert_eq!(logins(&host), "");
}
