//! Golden invocations of machines on EC2, in the region: the life cycle, and records that the original has written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::player::{Stage, play_file, replace_all};
use crate::support::lab::PROGRAM;
use crate::support::region::Region;

/// A record that the original wrote, with placeholders for what differs from machine to machine.
const RECORD: &str = include_str!("../stores/ec2/machines/web/config.json");

/// A region, and the program as `docker-machine`.
struct Cloud {
    region: Region,
    programs: PathBuf,
}

impl Cloud {
    fn new() -> Self {
        let region = Region::new();
        let programs = region.home.path().join("bin");
        fs::create_dir(&programs).expect("a folder");
        symlink(PROGRAM, programs.join("docker-machine")).expect("a link");
        Self { region, programs }
    }

    fn record_file(&self, name: &str) -> PathBuf {
        self.region.machine_folder(name).join("config.json")
    }

    fn read_record(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.record_file(name)).expect("a record")).expect("JSON")
    }

    /// Creates a machine, and puts the record there that the original would have written.
    fn create_as_the_original(&self, name: &str) {
        self.region.create(name, &[]).succeeds();
        let driver = &self.read_record(name)["Driver"];
        let mut record = RECORD.to_owned();
        for (placeholder, field) in [
            ("<IP>", "/IPAddress"),
            ("<AMI>", "/AMI"),
            ("<INSTANCE>", "/InstanceId"),
            ("<PRIVATE>", "/PrivateIPAddress"),
            ("<GROUP>", "/SecurityGroupIds/0"),
            ("<VPC>", "/VpcId"),
            ("<SUBNET>", "/SubnetId"),
        ] {
            record = record.replace(placeholder, driver.pointer(field).and_then(|it| it.as_str()).expect("a text"));
        }
        let file = self.record_file(name);
        fs::write(&file, self.filled(&record, name)).expect("a record");
        fs::remove_file(file.with_file_name("known_hosts")).expect("the original knows no host keys");
    }

    /// The record of a machine whose `create` was killed before it made a key pair.
    fn put_half(&self, name: &str) {
        let patterns = [(r#""(KeyName|SSHKeyPath)": "[^"]*""#, r#""$1": """#), (r#"\[\s*"<GROUP>"\s*\]"#, "null")];
        let file = self.record_file(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, self.filled(&replace_all(RECORD, &patterns), name)).expect("a record");
    }

    /// What becomes of an instance behind the program's back.
    fn lose(&self, name: &str, state: &str) {
        let record = self.read_record(name);
        let instance = record["Driver"]["InstanceId"].as_str().expect("its id");
        match state {
            "terminated" => {
                self.region.aws(&format!("ec2 terminate-instances --instance-ids {instance}"));
                self.region.wait_state(instance, state);
            }
            "unknown" => drop(self.region.text(&["forget", instance])),
            _ => panic!("no such state: {state}"),
        }
    }

    fn filled(&self, record: &str, name: &str) -> String {
        let record = record.replace("<NAME>", name).replace("<STORE>", &self.store().display().to_string());
        let record = record.replace("<ENDPOINT>", &self.region.text(&["endpoint"]));
        replace_all(&record, &[(r#""<[A-Z]+>""#, r#""""#)])
    }
}

impl Stage for Cloud {
    fn prepare(&mut self, word: &str, rest: &str) {
        match (word, rest.split_once(' ')) {
            ("fault", _) => self.region.fault(rest),
            ("original", None) => self.create_as_the_original(rest),
            ("killed", None) => self.put_half(rest),
            ("instance", Some((name, state))) => self.lose(name, state),
            _ => panic!("nothing is known of `{word}: {rest}`"),
        }
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = self.region.command("/bin/bash");
        command.args(["-c", script]).stdin(Stdio::null()).current_dir(self.region.home.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.programs.display()));
        command
    }

    fn store(&self) -> PathBuf {
        self.region.home.path().join(".docker")
    }

    fn with_placeholders(&self, text: &str) -> String {
        let patterns = [
            (r"\bi-[0-9a-f]{17}\b", "<INSTANCE>"),
            (r"\bami-[0-9a-f]{17}\b", "<AMI>"),
            (r"request id: [0-9A-Za-z-]+", "request id: <REQUEST>"),
            (r"\b54\.\d+\.\d+\.\d+\b", "<IP>"),
            (r"\bv?\d+\.\d+\.\d+\+dfsg\d\b", "<DOCKER>"),
        ];
        replace_all(text, &patterns)
    }
}

#[test]
fn programs_see_the_life_cycle_that_the_original_showed() {
    let mut cloud = Cloud::new();
    play_file(&mut cloud, "lifecycle.txt");
    cloud.region.sent_nothing_empty();
}

#[test]
fn records_of_the_original_are_used_whatever_became_of_the_instance() {
    let mut cloud = Cloud::new();
    play_file(&mut cloud, "stores-ec2.txt");
    cloud.region.sent_nothing_empty();
    // The original never deletes a group, and its records do not tell whose it is.
    assert!(cloud.region.left().iter().all(|line| line.contains("\tsecurity-group\t")), "{:?}", cloud.region.left());
}
