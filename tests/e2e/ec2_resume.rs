//! A `create` of a machine that an earlier one has made and kept: it goes on, and whatever stops it, what was there
//! before is there after it. Only `rm` removes.

use crate::support::region::{Instance, Moment, Region};

/// What lets a `create` or `provision` end when the computer is there and Docker is not.
const FAILING: &str = "fail.sh";

/// A machine whose `create` failed while Docker was installed: it is kept. Its instance.
fn kept(region: &Region, name: &str) -> Instance {
    region.create(name, &failing(region)).fails(1).complains("the machine is kept");
    region.live_instances().pop().expect("the instance")
}

/// The flags of a `create` that comes as far as installing Docker.
fn failing(region: &Region) -> [&'static str; 2] {
    ["--engine-install-url", Box::leak(region.url(FAILING).into_boxed_str())]
}

/// The instance must be alive, and its machine in the store.
#[track_caller]
fn survives(region: &Region, name: &str, instance: &str, what: &str) {
    let alive = region.live_instances();
    assert!(alive.iter().any(|one| one.id == instance && one.state != "shutting-down"), "{what}: {alive:?}");
    assert!(region.machine_folder(name).join("config.json").exists(), "{what}: the record is gone");
}

#[test]
fn a_kept_machine_that_was_stopped_is_started_and_gone_on_with() {
    let region = Region::new();
    let instance = kept(&region, "web");
    region.run(&["stop", "web"]).succeeds();
    let run = region.create("web", &[]).succeeds();
    survives(&region, "web", &instance.id, "create");
    assert!(!run.stdout.contains("Launching instance..."), "{run:#?}");
    assert!(run.stdout.contains(&format!("Starting instance {}...", instance.id)), "{run:#?}");
    region.docker("web", &["version"]).succeeds();
    assert_eq!(region.calls_of("RunInstances").len(), 1);
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn a_second_create_that_fails_keeps_what_the_first_one_made_and_says_what() {
    let region = Region::new();
    let instance = kept(&region, "web");
    region.fault("deny DescribeInstances");
    let run = region.create("web", &["--amazonec2-terminate-on-failure"]).fails(1);
    survives(&region, "web", &instance.id, "denied");
    let run = run.complains(&format!("hint: kept: instance {} in us-east-1\n", instance.id));
    run.complains("`docker-machine rm web` removes it");
    region.fault("clear");
    region.aws(&format!("ec2 terminate-instances --instance-ids {}", instance.id));
    region.wait_state(&instance.id, "terminated");
    let run = region.create("web", &[]).fails(1).complains("is terminated").complains("the record of \"web\" is kept");
    assert!(!run.stderr.contains("provision"), "{run:#?}");
    assert_eq!(region.calls_of("RunInstances").len(), 1, "a second instance was launched unasked");
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn of_a_second_try_only_the_instance_that_it_launched_itself_is_taken_back() {
    let region = Region::new();
    // The first one dies with a key pair and a group, and before the launch.
    let killed = region.kill_at("RunInstances", Moment::Before, &mut region.create_command("web", &[]));
    assert_eq!(killed.as_deref(), Some("RunInstances"));
    let before = region.left();
    assert!(!before.is_empty());
    region.fault("error RunInstances IdempotentParameterMismatch other --times 1");
    let flags = [&failing(&region)[..], &["--amazonec2-terminate-on-failure"]].concat();
    region.create("web", &flags).fails(1).complains("hint: kept: key pair web in us-east-1\n");
    assert_eq!(region.left(), before);
    assert_eq!(region.instances().len(), 1, "none was launched");
    assert!(region.machine_folder("web").join("config.json").exists());
    region.fault("clear");
    region.create("web", &[]).succeeds();
    region.docker("web", &["version"]).succeeds();
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}
