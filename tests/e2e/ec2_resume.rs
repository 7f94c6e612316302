//! A `create` of a machine that an earlier one has made and kept: it goes on, and whatever stops it, what was there
//! before is there after it. Only `rm` removes.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::lab::PROGRAM;
use crate::support::midway::Midway;
use crate::support::region::{ACCOUNTS, Instance, Moment, Region};
use crate::support::run::Run;

/// What lets a `create` or `provision` end when the computer is there and Docker is not.
pub const FAILING: &str = "fail.sh";

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
pub fn survives(region: &Region, name: &str, instance: &str, what: &str) {
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
    let run = run.complains(&format!("hint: kept: instance {} in us-east-1, account {}\n", instance.id, ACCOUNTS.0));
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
    region
        .create("web", &flags)
        .fails(1)
        .complains(&format!("hint: kept: key pair web in us-east-1, account {}\n", ACCOUNTS.0));
    assert_eq!(region.left(), before);
    assert_eq!(region.instances().len(), 1, "none was launched");
    assert!(region.machine_folder("web").join("config.json").exists());
    region.fault("clear");
    region.create("web", &[]).succeeds();
    region.docker("web", &["version"]).succeeds();
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

/// Starts a program whose output is read.
fn begun(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Presses Ctrl-C.
fn interrupt(child: &Child) {
    _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
}

/// How a program ended, within a minute.
fn ended(mut child: Child) -> Run {
    let end = Instant::now() + Duration::from_secs(60);
    while child.try_wait().expect("its state").is_none() {
        assert!(Instant::now() < end, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { stdout: text(output.stdout), stderr: text(output.stderr), status: output.status.code().unwrap_or(-1) }
}

/// A `create` that is interrupted while its first launch is held, and goes on when that has been answered with this
/// fault. It is held again before it removes the key pair: EC2 has been asked for the instance six times by then, with
/// pauses of two seconds, and an SDK that was not stopped has tried the launch once more within four.
fn interrupted_while_launching(region: &Region, fault: &str) -> Midway {
    region.fault("pause before RunInstances");
    region.fault(fault);
    region.fault("pause before DeleteKeyPair");
    let mut command = region.create_command("web", &["--amazonec2-retries", "20"]);
    let mut create = Midway::when("RunInstances", &mut command, |create| {
        region.held_call(&mut create.child).is_some_and(|call| call.action == "RunInstances")
    });
    create.send("-INT");
    create.says("Removing what was made...");
    region.fault("resume");
    create
}

#[test]
fn an_interrupted_launch_that_is_throttled_is_not_tried_again() {
    let region = Region::new();
    let mut create = interrupted_while_launching(&region, "throttle --action RunInstances --times 1");
    let held = region.held_call(&mut create.child).expect("it is taken back");
    assert_eq!(held.action, "DeleteKeyPair");
    region.fault("resume");
    create.end().fails(130).complains("nothing was left behind");
    let launches: Vec<_> = region.calls_of("RunInstances").iter().map(|call| call.status).collect();
    assert_eq!(launches, [Some(503)], "it was tried again");
    assert_eq!(region.instances().len(), 0, "one was launched after all");
    assert_eq!(region.left(), [""; 0]);
    assert!(!region.machine_folder("web").exists());
}

#[test]
fn the_record_of_an_interrupted_launch_that_nobody_answered_is_kept() {
    let region = Region::new();
    let mut create = interrupted_while_launching(&region, "down --action RunInstances --times 1");
    let held = region.held_call(&mut create.child).expect("it is taken back");
    assert_eq!(held.action, "DeleteKeyPair");
    region.fault("resume");
    let run = create.end().fails(130).complains("EC2 has not answered whether it launched an instance");
    run.complains("run `docker-machine rm web` to try again");
    assert_eq!(region.calls_of("RunInstances").len(), 1, "it was tried again");
    assert!(region.machine_folder("web").join("config.json").exists(), "the record is gone");
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn ctrl_c_while_a_failed_create_is_taken_back_keeps_the_record_and_ends() {
    let region = Region::new();
    region.fault("deny DescribeInstances");
    region.fault("pause before TerminateInstances");
    let mut child = begun(&mut region.create_command("web", &[]));
    assert_eq!(region.held_call(&mut child).expect("it is taken back").action, "TerminateInstances");
    let began = Instant::now();
    interrupt(&child);
    let run = ended(child).fails(130).complains("the removal was interrupted").complains("left: instance i-");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    run.complains("`docker-machine rm web` to try again");
    region.fault("clear");
    assert_eq!(region.live_instances().len(), 1);
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn rm_waits_for_a_create_that_gc_does_not_see_and_another_one_is_refused() {
    let region = Region::new();
    region.fault("pause after RunInstances");
    let mut creating = begun(&mut region.create_command("web", &[]));
    assert_eq!(region.held_call(&mut creating).expect("a launch").action, "RunInstances");
    let mut remove = region.command(PROGRAM);
    let mut removing = begun(remove.args(["rm", "-y", "web"]));
    region.run(&["gc", "--yes", "--young"]).succeeds();
    region.create("web", &[]).fails(1).complains("Docker machine \"web\" already exists").complains("is working on it");
    assert!(removing.try_wait().expect("its state").is_none(), "rm did not wait");
    assert_eq!(region.live_instances().len(), 1, "somebody removed it");
    region.fault("resume");
    ended(creating).succeeds();
    ended(removing).succeeds().says("Successfully removed web");
    assert_eq!(region.left(), [""; 0]);
    assert_eq!(region.run(&["ls", "-q"]).succeeds().stdout, "");
}

#[test]
fn rm_by_force_ends_with_what_it_leaves() {
    let region = Region::new();
    let instance = kept(&region, "web");
    region.fault("deny TerminateInstances");
    let mut both = region.command("sh");
    let run =
        Run::of(both.args(["-c", "\"$0\" rm -f web 2>&1", PROGRAM])).succeeds().says("Successfully removed web\n");
    let last = run.stdout.lines().last().expect("a line");
    assert!(last.contains("web") && last.contains(&instance.id), "{run:#?}");
    region.fault("clear");
    region.run(&["gc", "--yes", "--young"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn a_create_that_fails_leaves_the_group_that_another_process_made() {
    let region = Region::new();
    let killed = region.kill_at("RunInstances", Moment::Before, &mut region.create_command("web", &[]));
    assert_eq!(killed.as_deref(), Some("RunInstances"));
    let before = region.left();
    assert!(before.iter().any(|one| one.contains("sg-")), "{before:?}");
    region.fault("deny RunInstances");
    region.create("db", &[]).fails(1).complains("nothing was left behind");
    assert_eq!(region.left(), before);
    region.fault("clear");
    region.run(&["rm", "-y", "web"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn an_instance_that_ec2_has_shown_before_and_does_not_know_is_not_waited_for_like_a_new_one() {
    let region = Region::new();
    let instance = kept(&region, "web");
    region.text(&["forget", &instance.id]);
    region.forget_calls();
    let run = region.create("web", &["--amazonec2-terminate-on-failure"]).fails(1);
    let run = run.complains(&format!("instance {} not found", instance.id));
    run.complains("the record of \"web\" is kept").complains("`docker-machine rm web` removes it");
    let looks = region.calls_of("DescribeInstances").len();
    assert!(looks < 12, "{looks} looks");
    let record = std::fs::File::options().write(true).open(region.machine_folder("web").join("config.json"));
    let record = record.expect("the record is kept");
    let written = record.metadata().and_then(|record| record.modified()).expect("its time");
    // `rm` waits for what may be new, and this is not any more.
    record.set_modified(written - Duration::from_secs(3600)).expect("its time is set");
    region.run(&["rm", "-y", "web"]).succeeds();
    assert!(!region.machine_folder("web").exists());
}
