//! Two accounts: what one of them does not find is not gone, and the other one's machines are nobody else's.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::support::lab::PROGRAM;
use crate::support::region::{ACCESS_KEY, ACCOUNTS, Call, Moment, OTHER_KEYS, Region, SECRET_KEY};
use crate::support::run::Run;

/// A user who is somebody else with `AWS_PROFILE=other`.
fn two_accounts() -> Region {
    let region = Region::new();
    let (id, secret) = OTHER_KEYS;
    region.configure(&format!(
        "[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n\
         [other]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
    ));
    region
}

/// docker-machine as the other one.
fn as_other(region: &Region, args: &[&str]) -> Run {
    Run::of(region.command(PROGRAM).env("AWS_PROFILE", "other").args(args).stdin(Stdio::null()))
}

fn record(region: &Region, machine: &str) -> Value {
    serde_json::from_slice(&fs::read(region.machine_folder(machine).join("config.json")).expect("a record"))
        .expect("JSON")
}

/// Sets fields of the driver in a record, or takes them away; it was written long ago.
fn set(region: &Region, machine: &str, fields: &[(&str, Value)]) {
    let mut record = record(region, machine);
    let driver = record["Driver"].as_object_mut().expect("an object");
    for (key, value) in fields {
        driver.insert((*key).to_owned(), value.clone());
    }
    driver.retain(|_, value| !value.is_null() || value.is_array());
    fs::write(region.machine_folder(machine).join("config.json"), record.to_string()).expect("a record");
    aged(region, machine);
}

/// The machine's folder as it was a day ago.
fn aged(region: &Region, machine: &str) {
    let file = fs::File::open(region.machine_folder(machine).join("config.json")).expect("a record");
    file.set_modified(std::time::UNIX_EPOCH).expect("its time");
}

/// A `create` that was killed when its instance was launched.
fn half_made(region: &Region, machine: &str) {
    let mut command = region.create_command(machine, &[]);
    assert_eq!(region.kill_at("RunInstances", Moment::After, &mut command).as_deref(), Some("RunInstances"));
}

/// What the other one changed, which must be nothing.
fn changed_by_other(region: &Region) -> Vec<Call> {
    let is_change = |call: &Call| call.key == OTHER_KEYS.0 && !call.action.starts_with("Describe");
    region.calls().into_iter().filter(|call| is_change(call) && call.status == Some(200)).collect()
}

#[test]
fn gc_says_which_account_it_cannot_look_into() {
    let region = two_accounts();
    half_made(&region, "web");
    half_made(&region, "db");
    let ((mine, other), left) = (ACCOUNTS, region.left());
    let run = as_other(&region, &["gc", "--yes", "--young"]).fails(1);
    let run = run.complains("cannot look where machines of this store were made").complains("AWS_PROFILE");
    let run = run.complains(&format!("AWS account {mine}")).complains(&format!("of account {other}"));
    assert_eq!(run.stderr.matches("cannot look").count(), 1, "once for an account: {run:#?}");
    assert!(!run.stdout.contains("Nothing is left"), "{run:#?}");
    region.run(&["gc"]).succeeds().says("Nothing is left of machines that are gone.\n");
    assert_eq!(region.left(), left);
}

#[test]
fn no_command_of_another_account_takes_a_machine_for_gone() {
    let region = two_accounts();
    region.create("web", &[]).succeeds();
    let (mine, other) = ACCOUNTS;
    assert_eq!(record(&region, "web")["Driver"]["OwnerId"], mine);
    let id = region.live_instances()[0].id.clone();
    let (left, before) = (region.left(), record(&region, "web"));
    let reason = format!(
        "instance {id} of \"web\" was made in AWS account {mine}, but these credentials are of account {other}"
    );
    aged(&region, "web");
    region.forget_calls();
    for command in [
        &["status", "web"][..],
        &["ip", "web"],
        &["url", "web"],
        &["env", "web"],
        &["ssh", "web", "true"],
        &["start", "web"],
        &["stop", "web"],
        &["kill", "web"],
        &["restart", "web"],
        &["provision", "web"],
        &["regenerate-certs", "-f", "web"],
        &["rm", "-y", "web"],
    ] {
        let run = as_other(&region, command).fails(1).complains(&reason);
        run.complains(&format!("hint: set AWS_PROFILE to a profile of account {mine}"));
        assert_eq!((region.left(), &record(&region, "web")), (left.clone(), &before), "{command:?}");
    }
    let row =
        as_other(&region, &["ls"]).succeeds().stdout.lines().find(|row| row.starts_with("web")).map(str::to_owned);
    let row = row.expect("a row");
    assert!(row.contains("Error") && row.contains(&reason), "{row}");
    assert_eq!(changed_by_other(&region).len(), 0);

    // Nobody is asked who answers while everything is found.
    region.forget_calls();
    region.run(&["ls"]).succeeds().says("Running");
    assert_eq!(region.calls_of("DescribeSecurityGroups").len(), 0);

    // Forgotten all the same, in a copy of the store: what is left is named, with its account.
    let copy = region.home.path().join("copy");
    let store = region.home.path().join(".docker");
    Run::of(std::process::Command::new("cp").arg("-a").args([&store, &copy])).succeeds();
    let run = as_other(&region, &["--storage-path", copy.to_str().expect("UTF-8"), "rm", "-f", "web"]).succeeds();
    let run = run.complains(&reason);
    let run = run.complains(&format!("\"web\" may have left: instance {id} in us-east-1, account {mine}"));
    assert!(!run.stderr.contains("`docker-machine rm -f"), "it is what was typed: {run:#?}");
    assert_eq!(region.left(), left);

    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn a_create_is_gone_on_with_and_removed_only_in_its_account() {
    let region = two_accounts();
    half_made(&region, "web");
    let left = region.left();
    region.forget_calls();
    let create = as_other(&region, &["create", "--driver", "amazonec2", "web"]).fails(1);
    create.complains("\"web\" was begun in AWS account 123456789012, but").complains("`docker-machine rm web`");
    as_other(&region, &["rm", "-y", "web"]).fails(1).complains("\"web\" was begun in AWS account");
    assert_eq!((changed_by_other(&region).len(), region.left()), (0, left));
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn what_is_gone_is_gone_in_its_account_and_old_records_go_by_their_vpc() {
    let region = two_accounts();
    half_made(&region, "web");
    let id = region.live_instances()[0].id.clone();
    let vpc = record(&region, "web")["Driver"]["VpcId"].clone();
    // As the original writes it: no tags of ours, no account.
    let original = [
        ("InstanceId", id.clone().into()),
        ("ClientToken", Value::Null),
        ("OwnerId", Value::Null),
        ("StoreId", Value::Null),
    ];
    set(&region, "web", &original);
    fs::remove_file(region.machine_folder("web").join(".creating")).expect("its mark");
    let reason = format!(
        "was made in {} (us-east-1), which AWS account 444455556666 does not have",
        vpc.as_str().expect("an id")
    );
    as_other(&region, &["status", "web"]).fails(1).complains(&reason);
    as_other(&region, &["rm", "-y", "web"]).fails(1).complains(&reason).complains("`docker-machine rm -f web`");
    assert_eq!(region.live_instances().len(), 1);

    // `rm` may have written down what it learned.
    aged(&region, "web");
    // An hour after its end EC2 does not know an instance any more.
    region.aws(&format!("ec2 terminate-instances --instance-ids {id}"));
    region.wait_state(&id, "terminated");
    region.text(&["forget", &id]);
    let unknown = format!("InvalidInstanceID.NotFound: The instance ID '{id}' does not exist");
    region.run(&["status", "web"]).fails(1).complains(&unknown);

    // The same account number at another endpoint, without the machine's VPC.
    set(
        &region,
        "web",
        &[("OwnerId", ACCOUNTS.0.into()), ("VpcId", "vpc-0123".into()), ("EndpointUrl", "http://a".into())],
    );
    let elsewhere = format!("was made at http://a, but {} is asked now", region.text(&["endpoint"]));
    region.run(&["rm", "-y", "web"]).fails(1).complains(&elsewhere).complains("hint: set AWS_ENDPOINT_URL=http://a");

    // Who answers cannot be told: EC2's own words, and nothing is forgotten.
    set(&region, "web", &[("VpcId", vpc), ("EndpointUrl", Value::Null)]);
    region.fault("deny DescribeSecurityGroups");
    region.run(&["status", "web"]).fails(1).complains(&unknown);
    region
        .run(&["rm", "-y", "web"])
        .fails(1)
        .complains("the account that answers cannot be told: UnauthorizedOperation");
    region.fault("clear");
    assert!(region.machine_folder("web").exists());

    let run = region.run(&["rm", "-y", "web"]).succeeds();
    run.says("Remote instance does not exist, proceeding with removing local reference");
    assert!(region.left().iter().all(|line| line.contains("security-group")), "{:?}", region.left());
}
