//! The ways of creating an EC2 machine: whose keys, which image, which addresses, which market.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::region::Region;
use crate::support::run::Run;

/// A key of the user's own.
fn key(folder: &Path, name: &str) -> PathBuf {
    key_with(folder, name, "")
}

fn key_with(folder: &Path, name: &str, passphrase: &str) -> PathBuf {
    let path = folder.join(name);
    let mut command = std::process::Command::new("ssh-keygen");
    Run::of(command.args(["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f"]).arg(&path)).succeeds();
    path
}

/// Plain `ssh -i`, without the program.
fn plain_ssh(region: &Region, key: &Path, user: &str, address: &str, script: &str) -> Run {
    let mut command = region.command("ssh");
    command.args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"]);
    command.args(["-o", "IdentitiesOnly=yes", "-i"]).arg(key).arg(format!("{user}@{address}")).arg(script);
    Run::of(command.stdin(Stdio::null()))
}

fn address(region: &Region) -> String {
    region.live_instances().pop().and_then(|one| one.public).expect("a public address")
}

/// What `RunInstances` is told by a `create` with these flags, which EC2 then refuses.
fn asked(region: &Region, flags: &[&str]) -> BTreeMap<String, String> {
    region.forget_calls();
    region.create("aws01", flags).fails(1).complains("nothing was left behind");
    let calls = region.calls();
    let empty: Vec<_> = calls.iter().filter(|call| call.params.values().any(String::is_empty)).collect();
    assert!(empty.is_empty(), "{empty:#?}");
    calls.into_iter().find(|call| call.action == "RunInstances").expect("the launch").params
}

#[test]
fn what_the_flags_say_reaches_the_launch_and_nothing_empty_does() {
    const ADDRESS: &str = "NetworkInterface.1.AssociatePublicIpAddress";
    const DISK: &str = "BlockDeviceMapping.1.Ebs";
    let region = Region::new();
    region.fault("error RunInstances InvalidParameterValue no");
    let cases: [(&str, &[(&str, &str)]); 8] = [
        ("", &[(ADDRESS, "true"), ("MetadataOptions.HttpTokens", "required"), ("DISK.VolumeType", "gp3")]),
        (
            "ipv6-address-count=2 enable-primary-ipv6",
            &[(ADDRESS, "true"), ("NetworkInterface.1.Ipv6AddressCount", "2"), ("EnablePrimaryIpv6", "true")],
        ),
        ("ipv6-address-count=1 ipv6-address-only", &[(ADDRESS, "false"), ("NetworkInterface.1.Ipv6AddressCount", "1")]),
        ("use-private-address", &[(ADDRESS, "true")]),
        ("volume-kms-key=alias/mine", &[("DISK.Encrypted", "true"), ("DISK.KmsKeyId", "alias/mine")]),
        (
            "encrypt-ebs-volume volume-type=io2 volume-iops=4000 root-size=40",
            &[("DISK.Encrypted", "true"), ("DISK.Iops", "4000"), ("DISK.VolumeType", "io2"), ("DISK.VolumeSize", "40")],
        ),
        (
            "request-spot-instance spot-price=0.05 iam-instance-profile=web monitoring use-ebs-optimized-instance",
            &[
                ("InstanceMarketOptions.SpotOptions.MaxPrice", "0.05"),
                ("InstanceMarketOptions.SpotOptions.SpotInstanceType", "one-time"),
                ("IamInstanceProfile.Name", "web"),
                ("Monitoring.Enabled", "true"),
                ("EbsOptimized", "true"),
            ],
        ),
        (
            "tags=Name,web,team,a,team,b metadata-token=optional userdata= spot-price= instance-type=m5.large",
            &[
                ("TagSpecification.1.Tag.1.Value", "web"),
                ("TagSpecification.2.Tag.2.Value", "b"),
                ("MetadataOptions.HttpTokens", "optional"),
                ("InstanceType", "m5.large"),
            ],
        ),
    ];
    for (flags, expected) in cases {
        let flags: Vec<String> = flags.split_whitespace().map(|flag| format!("--amazonec2-{flag}")).collect();
        let said = asked(&region, &flags.iter().map(String::as_str).collect::<Vec<_>>());
        for (parameter, value) in expected {
            let parameter = parameter.replace("DISK", DISK);
            assert_eq!(said.get(&parameter).map(String::as_str), Some(*value), "{flags:?}: {parameter} in {said:#?}");
        }
        let rules = region.calls_of("AuthorizeSecurityGroupIngress").pop().expect("the group's rules").params;
        let is_open = rules.iter().any(|(key, value)| key.contains("CidrIpv6") && value == "::/0");
        assert_eq!(is_open, flags.iter().any(|flag| flag.ends_with("ipv6-address-only")), "{rules:#?}");
        if flags.is_empty() {
            // As the account has it: `false` would be refused where encryption is the rule.
            assert!(!said.contains_key(&format!("{DISK}.Encrypted")), "{said:#?}");
        }
    }
}

#[test]
fn a_machine_on_which_docker_cannot_be_set_up_is_kept_or_removed_as_the_user_wants() {
    let region = Region::new();
    let broken = ["--engine-install-url", "http://10.90.0.1:9/none.sh"];
    region.create("aws01", &broken).fails(1).complains("docker-machine rm aws01");
    assert_eq!(region.live_instances().len(), 1);
    region.run(&["rm", "-y", "aws01"]).succeeds();
    let run = region.create("aws01", &[&broken[..], &["--amazonec2-terminate-on-failure"]].concat()).fails(1);
    run.complains("nothing was left behind");
    assert_eq!(region.left(), [""; 0]);
    assert!(!region.machine_folder("aws01").exists());
}

#[test]
fn an_existing_key_pair_is_used_and_kept_and_plain_ssh_works() {
    let region = Region::with_docker();
    let mine = key(region.home.path(), "mine");
    let public = mine.with_extension("pub");
    region.aws(&format!("ec2 import-key-pair --key-name mine --public-key-material fileb://{}", public.display()));
    // The public half can be had from the private one.
    fs::remove_file(&public).expect("the public key");
    let path = mine.to_str().expect("UTF-8");
    region.create("aws01", &["--amazonec2-keypair-name", "mine", "--amazonec2-ssh-keypath", path]).succeeds();
    let run = plain_ssh(&region, &mine, "ubuntu", &address(&region), "sudo docker version");
    run.succeeds().says("Server:");
    assert_eq!(region.calls_of("ImportKeyPair").len(), 0);
    region.run(&["rm", "-y", "aws01"]).succeeds();

    let locked = key_with(region.home.path(), "locked", "secret");
    let run = region.create("aws01", &["--amazonec2-ssh-keypath", locked.to_str().expect("UTF-8")]).fails(3);
    run.complains("is encrypted and no agent holds it");
    assert_eq!(region.calls_of("ImportKeyPair").len(), 0);
    let left = region.left();
    assert!(left.len() == 1 && left[0].contains("\tkey-pair\t") && left[0].contains("\tmine"), "{left:?}");
}

#[test]
fn further_keys_and_user_data_are_there_at_the_first_boot() {
    let region = Region::new();
    let home = region.home.path();
    let (extra, data) = (key(home, "extra"), home.join("user-data"));
    let theirs = fs::read_to_string(key(home, "theirs").with_extension("pub")).expect("a public key");
    let text = format!("#cloud-config\nssh_authorized_keys:\n- {theirs}runcmd:\n- echo done >/root/done\n");
    fs::write(&data, text).expect("user data");
    let public = extra.with_extension("pub");
    let flags = [
        "--amazonec2-ssh-authorized-key",
        public.to_str().expect("UTF-8"),
        "--amazonec2-userdata",
        data.to_str().expect("UTF-8"),
    ];
    region.create("aws01", &flags).succeeds();
    for own in ["extra", "theirs"] {
        plain_ssh(&region, &home.join(own), "ubuntu", &address(&region), "true").succeeds();
    }
    region.run(&["ssh", "aws01", "cloud-init status --wait; sudo cat /root/done"]).succeeds().says("done\n");
}

#[test]
fn a_spot_machine_runs_says_that_it_cannot_be_stopped_and_goes_without_a_trace() {
    let region = Region::with_docker();
    region.create("aws01", &["--amazonec2-request-spot-instance", "--amazonec2-spot-price="]).succeeds();
    assert!(region.left().iter().any(|line| line.contains("\tspot-request\t")));
    region.run(&["stop", "aws01"]).fails(1).complains("removed");
    // A one-time request ends with its instance, whoever may look at it.
    region.fault("deny DescribeSpotInstanceRequests,CancelSpotInstanceRequests");
    region.run(&["rm", "-y", "aws01"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn without_spot_capacity_the_fallback_is_on_demand_if_asked_for() {
    let region = Region::with_docker();
    region.fault("spot");
    region.create("aws01", &["--amazonec2-request-spot-instance"]).fails(1).complains("InsufficientInstanceCapacity");
    assert_eq!(region.left(), [""; 0]);
    region.create("aws01", &["--amazonec2-request-spot-instance", "--amazonec2-spot-fallback"]).succeeds();
    assert!(!region.left().iter().any(|line| line.contains("\tspot-request\t")));
}

#[test]
fn a_machine_of_a_private_network_is_reached_by_its_private_address() {
    let region = Region::with_docker();
    region.create("aws01", &["--amazonec2-private-address-only"]).succeeds();
    let instance = region.live_instances().pop().expect("the instance");
    assert_eq!(instance.public, None);
    let ip = region.run(&["ip", "aws01"]).succeeds().stdout;
    assert_eq!(Some(ip.trim_end()), instance.private.as_deref());
    region.docker("aws01", &["version"]).succeeds();
}

#[test]
fn an_arm_type_gets_an_arm_image_and_other_publishers_their_own_user_and_root_device() {
    let region = Region::with_docker();
    let named = |image: &str| {
        let all = region.text(&["images"]);
        let line = all.lines().find(|line| line.starts_with(image)).expect("a known image");
        line.to_owned()
    };
    region.create("arm", &["--amazonec2-instance-type", "t4g.small"]).succeeds();
    let image = named(&region.live_instances()[0].image);
    assert!(image.contains("\tarm64\t") && image.contains("resolute-26.04-arm64-server-20261103"), "{image}");
    let all = region.text(&["images"]);
    let debian = all.lines().find(|line| line.contains("debian-13-amd64")).and_then(|line| line.split('\t').next());
    let flags = ["--amazonec2-ami", debian.expect("its id"), "--amazonec2-ssh-user", "admin"];
    region.create("debian", &flags).succeeds();
    let launch = region.calls_of("RunInstances").pop().expect("the launch");
    assert_eq!(launch.params["BlockDeviceMapping.1.DeviceName"], "/dev/xvda");
    let wrong = ["--amazonec2-ami", debian.expect("its id"), "--amazonec2-instance-type", "t4g.small"];
    region.create("wrong", &wrong).fails(3).complains("arm64");
    assert!(!region.machine_folder("wrong").exists());
    region.run(&["rm", "-y", "arm", "debian"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}
