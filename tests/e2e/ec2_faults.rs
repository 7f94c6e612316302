//! What EC2 may refuse or fail at: the right words, the right exit status, and nothing left behind.

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
    region.text(&["no-default-vpc"]);
    fails_cleanly(&region, "no default VPC", 1, &["amazonec2 driver requires either the --amazonec2-subnet-id"]);
    // What the account lacks is known although nobody may look at its attributes.
    region.fault("deny DescribeAccountAttributes");
    fails_cleanly(&region, "no default VPC", 1, &["amazonec2 driver requires either the --amazonec2-subnet-id"]);
}

#[test]
fn a_denied_action_is_named_and_leaves_nothing() {
    let region = Region::new();
    let needed = [
        "CreateSecurityGroup",
        "AuthorizeSecurityGroupIngress",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "RunInstances",
    ];
    for action in needed {
        region.fault(&format!("deny {action}"));
        let status = if action == "DescribeSubnets" { 3 } else { 1 };
        fails_cleanly(&region, action, status, &["UnauthorizedOperation"]);
    }
    // What is only looked up, or has another way.
    for action in ["DescribeKeyPairs", "DescribeInstanceTypes", "DescribeVpcs", "ImportKeyPair"] {
        region.fault(&format!("deny {action}"));
        region.create("aws01", &[]).succeeds();
        region.fault("clear");
        region.run(&["rm", "-y", "aws01"]).succeeds();
        assert_eq!(region.left(), [""; 0], "{action}");
    }
}

#[test]
fn rm_that_is_denied_fails_and_keeps_the_machine_and_force_names_what_is_left() {
    let region = Region::new();
    region.create("aws01", &[]).succeeds();
    let id = region.live_instances().pop().expect("the instance").id;
    region.fault("deny TerminateInstances");
    region.run(&["rm", "-y", "aws01"]).fails(1).complains("UnauthorizedOperation");
    assert!(region.machine_folder("aws01").exists());
    region.run(&["rm", "-f", "aws01"]).succeeds().complains(&id);
    assert!(!region.machine_folder("aws01").exists());
    assert_eq!(region.live_instances().len(), 1);
}

#[test]
fn capacity_in_another_zone_is_found() {
    let region = Region::new();
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
    let region = Region::new();
    region.fault("throttle --for 10");
    region.fault("unknown 5");
    region.create("aws01", &[]).succeeds();
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
    let region = Region::new();
    region.create("aws01", &[]).succeeds();
    region.fault("down");
    let began = std::time::Instant::now();
    let run = region.run(&["ls", "--format", "{{.Name}}|{{.State}}|{{.Error}}"]).succeeds();
    assert!(began.elapsed() < std::time::Duration::from_secs(12), "{:?}", began.elapsed());
    assert!(run.stdout.starts_with("aws01|") && !run.stdout.contains("Running"), "{run:#?}");
    assert_eq!(run.stdout.lines().count(), 1, "{run:#?}");
    region.run(&["ls", "-q"]).succeeds();
}
