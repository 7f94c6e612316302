//! Many machines: how many calls, processes and seconds they cost.

use std::fs;

use crate::support::lab::PROGRAM;
use crate::support::midway::Midway;
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

/// The actions that were asked for since the last time.
fn actions(region: &Region) -> Vec<String> {
    let calls = region.calls();
    region.forget_calls();
    calls.into_iter().map(|call| call.action).collect()
}

#[test]
fn ls_of_three_hundred_machines_is_two_calls_and_one_process() {
    let region = Region::with_docker();
    region.create("aws01", &[]).succeeds();
    let ids = region.text(&["paper", "299"]);
    for (number, id) in ids.lines().enumerate() {
        add_to_store(&region, "aws01", &format!("paper{number:03}"), id);
    }
    region.forget_calls();
    let two = ["DescribeInstances", "DescribeInstances"];
    let run = region.run(&["ls", "--format", "{{.Name}} {{.State}}", "-t", "60"]).succeeds();
    assert_eq!(run.stdout.lines().filter(|line| line.ends_with(" Running")).count(), 300, "{run:#?}");
    assert_eq!(actions(&region), two);
    let running = region.run(&["ls", "--filter", "state=Running", "-q", "-t", "60"]).succeeds();
    assert_eq!(running.stdout.lines().count(), 300);
    assert_eq!(actions(&region), two);
    let rows =
        region.run(&["ls", "--filter", "state=Running", "--format", "{{.Name}} {{.URL}}", "-t", "60"]).succeeds();
    assert_eq!((rows.stdout.lines().count(), actions(&region)), (300, two.map(str::to_owned).to_vec()));
    let none = region.run(&["ls", "--filter", "state=Stopped", "-q", "-t", "60"]).succeeds();
    assert_eq!((none.stdout.as_str(), actions(&region)), ("", two.map(str::to_owned).to_vec()));

    // The whole table, with each engine asked for its version. Alone in a process namespace: the highest process number
    // counts processes and threads.
    let script = r#""$0" ls >table && cat /proc/sys/kernel/ns_last_pid"#;
    let mut alone = region.command("unshare");
    alone.args(["--pid", "--fork", "sh", "-c", script, PROGRAM]).current_dir(region.home.path());
    let processes: u32 = Run::of(&mut alone).succeeds().stdout.trim().parse().expect("a number");
    assert!(processes < 30, "{processes} processes and threads");
    assert_eq!(fs::read_to_string(region.home.path().join("table")).expect("the table").lines().count(), 301);
    assert_eq!(actions(&region), two);

    what_the_store_knows_is_not_asked_of_the_cloud(&region);
}

fn what_the_store_knows_is_not_asked_of_the_cloud(region: &Region) {
    for line in [
        "ls -q",
        "ls -q -t 60",
        "ls -q --filter name=paper00",
        "ls -q --filter driver=amazonec2",
        "ls -q --filter label=tier=web",
        "ls -q --filter swarm=boss",
        "ls -f {{.Name}}|{{.DriverName}}|{{.Swarm}}|{{.Active}}",
        "ls --filter name=nobody",
        "ls -f json --filter driver=none",
        "inspect paper000",
        "inspect -f {{.Driver.InstanceId}} paper000",
        "env -u",
        "version",
    ] {
        region.run(&line.split(' ').collect::<Vec<_>>()).succeeds().quietly();
    }
    // Nothing is active without DOCKER_HOST.
    region.run(&["active"]).fails(1).complains("No active host found");
    assert_eq!(actions(region), [""; 0]);
    // Others are asked for as few as they are about.
    region.run(&["ls", "-q", "--filter", "name=paper00", "--filter", "state=Running"]).succeeds();
    assert_eq!(actions(region), ["DescribeInstances"]);
    assert_eq!(region.text(&["probes"]), "0", "the metadata service was asked");
}

#[test]
fn many_machines_are_made_stopped_and_started_at_once() {
    let region = Region::with_docker();
    let names = ["aws01", "aws02", "aws03"];
    let screen = at_a_terminal(&region, &format!("create --driver amazonec2 {}", names.join(" ")));
    for name in names {
        assert!(screen.contains(&format!("({name}) Done in ")), "{screen}");
    }
    assert!(screen.trim_end().ends_with("status 0"), "{screen}");
    let turning = |c: char| ('\u{2800}'..='\u{28ff}').contains(&c);
    assert!(!screen.contains(turning), "a line of progress stayed:\n{screen}");
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
    interrupted_while_they_start(&region, &names);
    interrupted_while_they_are_removed(&region, &names);
}

/// All that is on a terminal after a call, and above it.
fn at_a_terminal(region: &Region, line: &str) -> String {
    let tmux = |words: &[&str]| {
        let mut command = region.command("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(region.home.path().join("tmux")).args(words);
        Run::of(command.env("TERM", "screen").env("LANG", "C.UTF-8")).succeeds().stdout
    };
    let script = format!("{PROGRAM} {line}; echo status $?; tmux wait-for -S done; exec sleep infinity");
    tmux(&["new-session", "-d", "-x", "120", "-y", "50", &script]);
    tmux(&["wait-for", "done"]);
    let screen = tmux(&["capture-pane", "-p", "-S", "-"]);
    tmux(&["kill-server"]);
    screen
}

/// A machine that has its new address by then keeps it in its record.
fn interrupted_while_they_start(region: &Region, names: &[&str]) {
    region.run(&[&["stop"], names].concat()).succeeds();
    let mut start = region.command(PROGRAM);
    let run = Midway::at("was started.", start.arg("start").args(names)).signal("-INT").fails(130);
    let mut run = run.complains("interrupted: 3 of 3 machines are not done: aws01, aws02, aws03\n");
    let addresses: Vec<Option<String>> = region.instances().into_iter().map(|instance| instance.public).collect();
    for name in names {
        run = run.complains(&format!("({name}) interrupted\n"));
        if run.stdout.contains(&format!("({name}) Machine \"{name}\" was started.")) {
            let record = fs::read_to_string(region.machine_folder(name).join("config.json")).expect("a record");
            let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
            let saved = record["Driver"]["IPAddress"].as_str().map(str::to_owned);
            assert!(addresses.contains(&saved), "{name} was at {saved:?}, and now at one of {addresses:?}");
        }
    }
}

/// Not even `rm -f` forgets a machine because of Ctrl-C.
fn interrupted_while_they_are_removed(region: &Region, names: &[&str]) {
    region.fault("pause before TerminateInstances");
    let mut command = region.command(PROGRAM);
    command.args(["rm", "-f"]).args(names);
    let removing = Midway::when("the first end", &mut command, |midway| {
        region.held_call(&mut midway.child).is_some_and(|call| call.action == "TerminateInstances")
    });
    let run = removing.signal("-INT").fails(130);
    region.fault("clear");
    let kept: Vec<&&str> = names.iter().filter(|name| region.machine_folder(name).exists()).collect();
    assert!(!kept.is_empty(), "{run:#?}");
    for name in &kept {
        let expected = format!("Error removing host \"{name}\": interrupted\nhint: ");
        assert!(run.stderr.contains(&expected), "{run:#?}");
    }
    assert!(run.stderr.contains(&format!("interrupted: {} of 3 machines are not done: ", kept.len())), "{run:#?}");
    let mut again = vec!["rm", "-y"];
    again.extend(kept.into_iter().copied());
    region.run(&again).succeeds();
    assert_eq!(region.left(), [""; 0]);
}

#[test]
fn one_of_several_that_fails_leaves_the_others() {
    let region = Region::with_docker();
    region.fault("error RunInstances InvalidParameterValue no --times 1");
    let run = region.run(&["create", "--driver", "amazonec2", "aws01", "aws02"]).fails(1);
    assert!(run.stderr.contains("InvalidParameterValue"), "{run:#?}");
    assert!(run.stderr.contains("\n1 of 2 machines failed: aws0"), "{run:#?}");
    assert_eq!(region.run(&["ls", "-q"]).succeeds().stdout.lines().count(), 1);
    assert_eq!(region.live_instances().len(), 1);
}
