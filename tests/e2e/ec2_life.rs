//! The life of an instance: what keeps it from being logged in to, and what happens to it from outside.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::region::{Instance, Region};

/// A security group that lets nobody in, and the flags to use it as it is.
fn closed_group(region: &Region) -> [&'static str; 3] {
    let vpc = region.aws("ec2 describe-vpcs --filters Name=is-default,Values=true --query Vpcs[0].VpcId --output text");
    region.aws(&format!("ec2 create-security-group --group-name closed --description closed --vpc-id {vpc}"));
    ["--amazonec2-security-group", "closed", "--amazonec2-security-group-readonly"]
}

/// Runs a `create` that cannot log in; while it waits, something happens to its instance.
fn meanwhile(region: &Region, flags: &[&str], happens: impl FnOnce(&Instance)) -> (Output, Duration) {
    let mut command = region.create_command("aws01", flags);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("create starts");
    let end = Instant::now() + Duration::from_secs(180);
    let instance = loop {
        assert!(Instant::now() < end, "no instance runs: {:?}", region.instances());
        match region.live_instances().pop() {
            Some(instance) if instance.state == "running" => break instance,
            _ => std::thread::sleep(Duration::from_millis(200)),
        }
    };
    let began = Instant::now();
    happens(&instance);
    let output = child.wait_with_output().expect("create ends");
    (output, began.elapsed())
}

#[test]
fn a_group_that_lets_nobody_in_is_named_and_nothing_is_left_but_it() {
    let region = Region::new();
    let flags = closed_group(&region);
    let mut command = region.create_command("aws01", &flags);
    let run = crate::support::run::Run::of(command.env("MACHINE_SSH_TIMEOUT", "5")).fails(1);
    let run = run.complains("Error creating machine: Error detecting OS: Too many retries waiting for SSH");
    run.complains("no answer").complains("hint: does the security group closed (sg-").complains("nothing was left");
    assert!(!region.machine_folder("aws01").exists());

    // Nobody waits for minutes for an instance that has ended meanwhile.
    let terminate = |one: &Instance| _ = region.aws(&format!("ec2 terminate-instances --instance-ids {}", one.id));
    let (output, took) = meanwhile(&region, &flags, terminate);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("is terminated: ") && said.contains("nothing was left"), "{said}");
    // Otherwise it would wait for five minutes.
    assert!(took < Duration::from_secs(180), "{took:?}");
    let left = region.left();
    assert!(left.len() == 1 && left[0].ends_with("\tclosed"), "{left:?}");
}
