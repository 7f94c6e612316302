//! Many machines: how many calls, processes and seconds they cost.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::lab::PROGRAM;
use crate::support::region::Region;
use crate::support::run::Run;

/// Copies a machine's record for an instance that exists on paper.
fn add_to_store(region: &Region, like: &str, name: &str, instance: &str) {
    let record = fs::read_to_string(region.machine_folder(like).join("config.json")).expect("a record");
    let mut record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    record["Name"] = name.into();
    record["Driver"]["MachineName"] = name.into();
    record["Driver"]["InstanceId"] = instance.into();
    let folder = region.machine_folder(name);
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("config.json"), record.to_string()).expect("a record");
}

#[test]
fn ls_of_three_hundred_machines_is_two_calls() {
    let region = Region::new();
    region.create("aws01", &[]).succeeds();
    let ids = region.text(&["paper", "299"]);
    for (number, id) in ids.lines().enumerate() {
        add_to_store(&region, "aws01", &format!("paper{number:03}"), id);
    }
    region.forget_calls();
    let began = Instant::now();
    let run = region.run(&["ls", "--format", "{{.Name}} {{.State}}", "-t", "3"]).succeeds();
    let took = began.elapsed();
    assert_eq!(run.stdout.lines().filter(|line| line.ends_with(" Running")).count(), 300, "{run:#?}");
    let calls = region.calls();
    assert!(calls.len() <= 2 && calls.iter().all(|call| call.action == "DescribeInstances"), "{calls:#?}");
    assert!(took < Duration::from_secs(10), "{took:?}");

    region.forget_calls();
    region.run(&["ls", "-q"]).succeeds();
    region.run(&["inspect", "paper000"]).succeeds();
    region.run(&["ls", "--filter", "name=paper00", "-q"]).succeeds();
    assert_eq!(region.calls().len(), 0);
}

#[test]
fn many_machines_are_made_stopped_and_started_at_once() {
    let region = Region::new();
    let names = ["aws01", "aws02", "aws03"];
    region.run(&[&["create", "--driver", "amazonec2"], names.as_slice()].concat()).succeeds();
    let stop = format!("{PROGRAM} stop {}", names.join(" "));
    let screen = Run::of(region.command("script").args(["-qec", &stop, "/dev/null"])).succeeds().stdout;
    for name in names {
        // On a terminal steps come and go on a line of the machine's own; what came of them stays.
        let stopped = format!("({name}) Machine \"{name}\" was stopped.\r\n");
        assert!(screen.contains(&stopped) && screen.contains(&format!("({name}) Done in ")), "{screen}");
        assert!(!screen.contains(&format!("({name}) Stopping \"{name}\"...\r\n")), "{screen}");
    }
    assert!(region.live_instances().iter().all(|instance| instance.power == "stopped"));
    let piped = region.run(&[&["start"], names.as_slice()].concat()).succeeds().stdout;
    for name in names {
        assert!(piped.contains(&format!("({name}) Starting \"{name}\"...\n")), "{piped}");
    }
    assert!(!piped.contains("Done in"), "{piped}");
    region.run(&[&["rm", "-y"], names.as_slice()].concat()).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn one_of_several_that_fails_leaves_the_others() {
    let region = Region::new();
    region.fault("error RunInstances InvalidParameterValue no --times 1");
    let run = region.run(&["create", "--driver", "amazonec2", "aws01", "aws02"]).fails(1);
    assert!(run.stderr.contains("InvalidParameterValue"), "{run:#?}");
    assert_eq!(region.run(&["ls", "-q"]).succeeds().stdout.lines().count(), 1);
    assert_eq!(region.live_instances().len(), 1);
}
