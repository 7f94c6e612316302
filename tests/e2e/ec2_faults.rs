//! What EC2 may refuse or fail at: the right words, the right exit status, and nothing left behind.

use std::fs;

use crate::support::region::Region;

/// A `create` that fails; nothing is left, and it can be repeated as it was.
fn fails_cleanly(region: &Region, what: &str, status: i32, words: &[&str]) {
    fails_cleanly_with(region, what, &[], status, words);
}

fn fails_cleanly_with(region: &Region, what: &str, flags: &[&str], status: i32, words: &[&str]) {
    let run = region.create("aws01", flags).fails(status);
    for word in words {
        assert!(run.stderr.contains(word), "{what}: no {word:?} in {run:#?}");
    }
    region.fault("clear");
    assert_eq!(region.left(), [""; 0], "{what}");
    assert!(!region.machine_folder("aws01").exists(), "{what}: {run:#?}");
}

/// How the calls of one action were answered, in their order.
fn answers(region: &Region, action: &str) -> Vec<u16> {
    region.calls_of(action).iter().map(|call| call.status.expect("an answer")).collect()
}

#[test]
fn without_or_with_wrong_credentials_nothing_is_made() {
    let region = Region::new();
    region.configure("");
    fails_cleanly(&region, "none", 1, &["amazonec2 driver requires AWS credentials configured with"]);
    region.configure("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wrong\n");
    fails_cleanly(
        &region,
        "wrong",
        1,
        &["\nAuthFailure: AWS was not able to validate the provided access credentials\n\tstatus code: 401"],
    );
}

#[test]
fn a_failed_lookup_of_the_default_vpc_is_told_as_itself_and_a_missing_vpc_with_the_flags_to_give() {
    let region = Region::new();
    let without_patience = ["--amazonec2-retries", "0"];
    let failures = [
        ("deny DescribeVpcs,DescribeAccountAttributes", "\nUnauthorizedOperation: "),
        ("throttle", "\nRequestLimitExceeded: Request limit exceeded.\n"),
        ("unavailable", "\nUnavailable: "),
        ("down", "\nRequestError: send request failed: connection closed"),
    ];
    for (fault, line) in failures {
        region.fault(fault);
        fails_cleanly_with(&region, fault, &without_patience, 1, &[line, "\nhint: "]);
    }
    region.fault("deny DescribeSubnets");
    let subnet = ["--amazonec2-subnet-id", "subnet-0123456789abcdef0"];
    fails_cleanly_with(&region, "a subnet", &subnet, 1, &["\nUnauthorizedOperation: ", "ec2:DescribeSubnets"]);
    region.text(&["no-default-vpc"]);
    fails_cleanly(&region, "no default VPC", 1, &["amazonec2 driver requires either the --amazonec2-subnet-id"]);
    // What the account lacks is known although nobody may look at its attributes.
    region.fault("deny DescribeAccountAttributes");
    fails_cleanly(&region, "no default VPC", 1, &["amazonec2 driver requires either the --amazonec2-subnet-id"]);
}

/// Every action of the minimal policy without which there is no machine: what is denied, the exit status, and the action
/// that is named. A launch with tags or with a role needs more than its own action.
const NEEDED: &[(&str, i32, &str)] = &[
    ("DescribeVpcs,DescribeAccountAttributes", 1, "ec2:DescribeVpcs"),
    ("DescribeSubnets", 3, "ec2:DescribeSubnets"),
    ("DescribeSecurityGroups", 1, "ec2:DescribeSecurityGroups"),
    ("CreateSecurityGroup", 1, "ec2:CreateSecurityGroup"),
    ("AuthorizeSecurityGroupIngress", 1, "ec2:AuthorizeSecurityGroupIngress"),
    ("CreateTags", 1, "ec2:CreateTags"),
    ("PassRole", 1, "iam:PassRole"),
    ("RunInstances", 1, "ec2:RunInstances"),
    ("DescribeImages,GetParameters", 1, "ssm:GetParameters"),
    // The instance is launched by then: it is removed unseen.
    ("DescribeInstances", 1, "ec2:DescribeInstances"),
];

#[test]
fn a_needed_action_that_is_denied_is_named_and_leaves_nothing() {
    let region = Region::new();
    for (denied, status, named) in NEEDED {
        region.fault(&format!("deny {denied}"));
        let role: &[&str] = if *denied == "PassRole" { &["--amazonec2-iam-instance-profile", "builder"] } else { &[] };
        fails_cleanly_with(&region, denied, role, *status, &["UnauthorizedOperation: You are not authorized", named]);
    }
    // What cannot be taken back is named, and goes with `rm`.
    region.fault("deny RunInstances,DeleteKeyPair");
    let run = region.create("aws01", &[]).fails(1).complains("ec2:RunInstances").complains("left: key pair aws01");
    assert!(run.stderr.contains("run `docker-machine rm aws01` to try again"), "{run:#?}");
    region.run(&["rm", "-y", "aws01"]).fails(1).complains("ec2:DeleteKeyPair");
    region.fault("clear");
    region.run(&["rm", "-y", "aws01"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn an_instance_that_ec2_does_not_know_yet_is_not_taken_for_gone() {
    let region = Region::new();
    region.fault("unknown 2");
    region.fault("deny DescribeInstances");
    fails_cleanly(&region, "unknown", 1, &["ec2:DescribeInstances", "nothing was left behind"]);
    assert_eq!(answers(&region, "TerminateInstances"), [400, 400, 200]);
}

#[test]
fn what_is_only_looked_up_may_be_denied_and_what_acts_says_that_it_is() {
    let region = Region::with_docker();
    region.fault("deny DescribeImages,DescribeInstanceTypes,DescribeVpcs,DescribeKeyPairs,ImportKeyPair");
    region.create("aws01", &[]).succeeds().says("Using image resolve:ssm:/aws/service/canonical/ubuntu/server/26.04/");
    assert_eq!(region.calls_of("ImportKeyPair").len(), 1);
    region.fault("clear");
    let instance = region.live_instances().pop().expect("the instance");
    let record = fs::read_to_string(region.machine_folder("aws01").join("config.json")).expect("a record");
    assert!(record.contains(&format!("\"AMI\": \"{}\"", instance.image)), "{record}");

    region.fault("deny StopInstances,StartInstances,RebootInstances,TerminateInstances");
    for (command, action) in [("stop", "Stop"), ("kill", "Stop"), ("restart", "Reboot")] {
        let run = region.run(&[command, "aws01"]).fails(1);
        run.complains("UnauthorizedOperation: ").complains(&format!("ec2:{action}Instances"));
    }
    region.run(&["status", "aws01"]).succeeds().says("Running");
    region.run(&["rm", "-y", "aws01"]).fails(1).complains("ec2:TerminateInstances");
    assert!(region.machine_folder("aws01").exists());

    region.fault("clear");
    region.run(&["stop", "aws01"]).succeeds();
    region.fault("deny StartInstances,TerminateInstances");
    region.run(&["start", "aws01"]).fails(1).complains("UnauthorizedOperation: ").complains("ec2:StartInstances");
    region.run(&["status", "aws01"]).succeeds().says("Stopped");
    region.run(&["rm", "-f", "aws01"]).succeeds().complains(&instance.id);
    assert!(!region.machine_folder("aws01").exists());
    assert_eq!(region.live_instances().len(), 1);
}

#[test]
fn capacity_in_another_zone_is_found() {
    let region = Region::with_docker();
    region.fault("capacity us-east-1a us-east-1b");
    region.create("aws01", &[]).succeeds();
    assert_eq!(region.live_instances()[0].zone, "us-east-1c");
    assert_eq!(region.calls_of("RunInstances").len(), 3, "a full zone was asked again");
    region.run(&["rm", "-y", "aws01"]).succeeds();
    region.fault("clear");
    region.fault("capacity");
    fails_cleanly(&region, "nowhere", 1, &["InsufficientInstanceCapacity"]);
}

#[test]
fn throttling_and_late_knowledge_only_take_time() {
    let region = Region::with_docker();
    region.fault("throttle --times 3");
    region.fault("throttle --action RunInstances --times 2");
    // What was made a moment ago is not known everywhere.
    region.fault("unknown 3");
    region.fault("error AuthorizeSecurityGroupIngress InvalidGroup.NotFound unknown-group --times 2");
    region.fault("error RunInstances InvalidGroup.NotFound unknown-group --times 1");
    region.fault("error RunInstances InvalidKeyPair.NotFound unknown-key --times 1");
    region.create("aws01", &[]).succeeds();
    let calls = region.calls();
    assert_eq!(calls.iter().filter(|call| call.status == Some(503)).count(), 3 + 2, "{calls:#?}");
    assert_eq!(answers(&region, "RunInstances"), [503, 503, 400, 400, 200]);
    assert_eq!(answers(&region, "AuthorizeSecurityGroupIngress"), [400, 400, 200]);
    let launch = calls.iter().rposition(|call| call.action == "RunInstances").expect("the launch");
    let looks = calls[launch..].iter().filter(|call| call.action == "DescribeInstances").count();
    assert!(looks > 3, "the instance was known after {looks} looks");
    assert_eq!(region.live_instances().len(), 1);
    region.run(&["rm", "-y", "aws01"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn an_instance_that_dies_while_pending_ends_the_create_with_its_reason() {
    let region = Region::new();
    region.fault("dies");
    fails_cleanly(&region, "dies", 1, &["terminated", "Internal error on launch"]);
    region.create("aws01", &[]).succeeds();
}

#[test]
fn an_api_that_is_down_is_said_so_by_ls_in_time() {
    let region = Region::with_docker();
    // Its calls alone would go on for half an hour.
    region.create("aws01", &["--amazonec2-retries", "100"]).succeeds();
    region.fault("down");
    let began = std::time::Instant::now();
    let run = region.run(&["ls", "-t", "3", "--format", "{{.Name}}|{{.State}}|{{.Error}}"]).succeeds();
    assert!(began.elapsed() < std::time::Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(run.stdout, "aws01|Timeout|\n", "{run:#?}");
    region.run(&["ls", "-q"]).succeeds();
}
