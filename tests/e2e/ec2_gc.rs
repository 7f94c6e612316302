//! `gc`: what nobody's record leads to any more is found by its tag and removed; what is anybody else's never is.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::lab::PROGRAM;
use crate::support::region::{Moment, Region};
use crate::support::run::Run;

/// A `create` in the store of `folder`, below the user's home, that is killed when its instance was launched.
fn launched(region: &Region, folder: &str, machine: &str, more: &[&str]) {
    let mut command = region.command(PROGRAM);
    command.args(["--storage-path"]).arg(region.home.path().join(folder));
    command.args(["create", "--driver", "amazonec2"]).args(more).arg(machine).stdin(Stdio::null());
    assert_eq!(region.kill_at("RunInstances", Moment::After, &mut command).as_deref(), Some("RunInstances"));
}

/// The ids of what is left in the account, of the machine with this `Name` or of all.
fn left(region: &Region, machine: &str) -> Vec<String> {
    let mut ids: Vec<String> = region
        .left()
        .iter()
        .filter(|line| line.contains(&format!("Name={machine}")))
        .filter_map(|line| line.split('\t').nth(2).map(str::to_owned))
        .collect();
    ids.sort();
    ids
}

/// A volume that outlived the instance of `machine`.
fn volume_that_is_left(region: &Region, machine: &str) -> String {
    let record = fs::read_to_string(region.machine_folder(machine).join("config.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    let tag = |name: &str, key: &str| {
        format!("{{Key=docker-machine:{name},Value={}}}", record["Driver"][key].as_str().expect("an id"))
    };
    let tags = format!("{{Key=Name,Value={machine}}},{},{}", tag("id", "Id"), tag("store", "StoreId"));
    region.aws(&format!(
        "ec2 create-volume --availability-zone us-east-1a --size 1 --query VolumeId --output text \
         --tag-specifications ResourceType=volume,Tags=[{tags}]"
    ))
}

/// Forgets a machine of which everything is left.
fn given_up(region: &Region, machine: &str) {
    region.fault("deny TerminateInstances");
    region.run(&["rm", "-f", machine]).succeeds().complains("UnauthorizedOperation");
    region.fault("clear");
    assert!(!region.machine_folder(machine).exists());
}

/// docker-machine in the store of `folder`.
fn run_in(region: &Region, folder: &str, args: &[&str]) -> Run {
    Run::of(region.command(PROGRAM).arg("--storage-path").arg(region.home.path().join(folder)).args(args))
}

#[test]
fn copied_moved_renamed_and_restored_stores_remove_nothing_that_another_one_uses() {
    let region = Region::new();
    let at = |folder: &str| region.home.path().join(folder);
    let copy = |from: &str, to: &str| Run::of(Command::new("cp").arg("-a").args([at(from), at(to)])).succeeds();
    let gc = |folder: &str| run_in(&region, folder, &["gc", "--yes", "--young"]).succeeds();
    launched(&region, "a", "both", &[]);
    copy("a", "copy");
    launched(&region, "a", "later", &[]);
    let all = region.left();
    let later = left(&region, "later").into_iter().find(|id| id.starts_with("i-")).expect("an instance");
    let run = gc("copy").says(&later).says("a machine's folder may have been moved, or the store copied");
    assert!(!run.stdout.contains("Removed"), "{run:#?}");
    assert_eq!(region.left(), all);

    // What the copy makes is the copy's: the original does not even see it.
    launched(&region, "copy", "own", &[]);
    let own = left(&region, "own").into_iter().find(|id| id.starts_with("i-")).expect("an instance");
    let all = region.left();
    assert!(!gc("a").stdout.contains(&own));
    gc("copy");

    // A machine's folder goes to another store; a store is renamed, and a backup comes to its place.
    fs::create_dir_all(at("b/machines")).expect("a store");
    fs::rename(at("a/machines/later"), at("b/machines/later")).expect("its folder moves");
    gc("a").says(&later);
    copy("a", "backup");
    fs::rename(at("a"), at("renamed")).expect("the store is renamed");
    launched(&region, "renamed", "after", &[]);
    fs::rename(at("backup"), at("a")).expect("the backup comes back");
    for folder in ["a", "renamed", "b", "copy"] {
        gc(folder);
    }
    assert_eq!(region.left().iter().filter(|line| all.contains(line)).count(), all.len(), "{:?}", region.left());

    // Each store removes its machines, whatever id they were made under; what is named goes without a record.
    run_in(&region, "copy", &["rm", "-y", "both", "own"]).succeeds();
    run_in(&region, "b", &["rm", "-y", "later"]).succeeds();
    fs::remove_dir_all(at("renamed/machines/after")).expect("a record is lost");
    let after = left(&region, "after").into_iter().find(|id| id.starts_with("i-")).expect("an instance");
    run_in(&region, "renamed", &["gc", "--yes", "i-0123"])
        .fails(1)
        .complains("nothing of a machine that is gone has the id i-0123");
    gc("renamed").says(&format!("`docker-machine gc --yes {after}` removes them"));
    run_in(&region, "renamed", &["gc", "--yes", &after]).succeeds().says(&format!("Removed instance {after}"));
    // These still have the record that they had before they were copied.
    run_in(&region, "renamed", &["rm", "-y", "both"]).succeeds();
    gc("renamed");
    gc("copy");
    assert_eq!(region.left(), [""; 0]);
}

/// A machine whose `create` was killed is on its way at first, then is said to need help; it is not lost.
fn is_unfinished(region: &Region, machine: &str) {
    assert_eq!(region.run(&["status", machine]).succeeds().stdout, "Starting\n");
    region
        .run(&["start", machine])
        .fails(1)
        .complains(&format!("`docker-machine provision {machine}` goes on with it"));
    let record = fs::File::open(region.machine_folder(machine).join("config.json")).expect("a record");
    record.set_modified(std::time::UNIX_EPOCH).expect("its time");
    region.run(&["status", machine]).fails(1).complains(&format!("the creation of \"{machine}\" has not ended"));
}

/// What can be removed is listed or removed by a command that nothing else is changed by.
fn only_looks(region: &Region) {
    let changed: Vec<_> = region.calls().into_iter().filter(|call| !call.action.starts_with("Describe")).collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

#[test]
fn what_was_made_for_machines_that_are_gone_is_listed_and_removed_and_nothing_else() {
    let region = Region::new();
    region.run(&["gc", "--yes"]).succeeds().says("Nothing was ever made from this store.\n");
    launched(&region, "foreign", "foreign", &["--amazonec2-security-group", "foreign"]);
    launched(&region, ".docker", "kept", &["--amazonec2-security-group", "shared"]);
    let spot = ["--amazonec2-request-spot-instance", "--amazonec2-security-group", "lost"];
    launched(&region, ".docker", "lost", &[&spot[..], &["--amazonec2-security-group", "shared"]].concat());
    is_unfinished(&region, "kept");
    let volume = volume_that_is_left(&region, "lost");
    given_up(&region, "lost");
    let (foreign, kept, lost) = (left(&region, "foreign"), left(&region, "kept"), left(&region, "lost"));
    assert_eq!(lost.len(), 6, "spot request, instance, two volumes, key pair, group: {lost:?}");
    region.forget_calls();

    region.run(&["gc"]).succeeds().says("5 things of machines that are gone are younger than an hour");
    let young = region.run(&["gc", "--young"]).succeeds().says("Nothing was removed").stdout;
    region.text(&["older", "3"]);
    let old = region.run(&["gc", "--region", "eu-west-1"]).succeeds().says("Nothing was removed").stdout;
    for id in lost.iter().filter(|id| !id.starts_with("vol-") || **id == volume) {
        let row = |text: &str| text.lines().find(|row| row.contains(id)).expect("a row").to_owned();
        assert!(row(&young).contains("us-east-1   lost"), "{young}");
        assert!(row(&old).ends_with("3 hours") || id.starts_with("sg-") && row(&old).ends_with('-'), "{old}");
    }
    assert_eq!(old.lines().count(), 1 + 5 + 1, "a heading, five things, a sentence: {old}");
    only_looks(&region);

    let run = region.run(&["gc", "--yes"]).succeeds();
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("Removed ")).count(), 5, "{run:#?}");
    assert_eq!(left(&region, "lost"), [""; 0]);
    assert_eq!((left(&region, "foreign"), left(&region, "kept")), (foreign, kept));
    region.run(&["gc"]).succeeds().says("Nothing is left of machines that are gone.\n");
    region.run(&["rm", "-y", "kept"]).succeeds();
    region
        .run(&["--storage-path", region.home.path().join("foreign").to_str().expect("UTF-8"), "rm", "-y", "foreign"])
        .succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn what_cannot_be_removed_or_told_is_said_and_left() {
    let region = Region::new();
    launched(&region, ".docker", "lost", &[]);
    let folder = region.machine_folder("lost");
    given_up(&region, "lost");
    let before = left(&region, "lost");

    region.fault("deny TerminateInstances");
    let run = region.run(&["gc", "--yes", "--young"]).fails(1).complains("UnauthorizedOperation");
    run.complains("3 of 3 could not be removed");
    assert_eq!(left(&region, "lost"), before);
    region.fault("clear");

    // A record that cannot be read may be that of any machine.
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("config.json"), "{").expect("a record");
    region.forget_calls();
    region
        .run(&["gc", "--yes", "--young"])
        .fails(1)
        .complains("without it gc cannot tell what belongs to this machine");
    assert_eq!(region.calls().len(), 0);
    fs::remove_dir_all(&folder).expect("the folder");

    // In a region that does not answer as EC2 does nothing is looked for, in the others it is.
    region.fault("error DescribeInstances OptInRequired --region ap-east-1");
    let run = region.run(&["gc", "--yes", "--young", "--region", "ap-east-1"]).fails(1);
    run.complains("region ap-east-1: OptInRequired").says("Removed instance ");
    assert_eq!(region.left(), [""; 0]);
}
