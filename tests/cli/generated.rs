//! The file that is made from the program itself: all help texts.
//!
//! `UPDATE_GENERATED=1 cargo test --test cli generated` rewrites them.

use std::fs;
use std::path::Path;

use docker_machine::env::Env;
use docker_machine::version::{BUILD, VERSION};

use crate::support::Sandbox;

/// Compares a file of the repository with what the program makes of it now, or rewrites it.
#[track_caller]
fn check(path: &str, now: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if Env::from_process().var("UPDATE_GENERATED").is_some() {
        fs::create_dir_all(file.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(&file, now).expect("the file can be written");
        return;
    }
    let then = fs::read_to_string(&file).unwrap_or_default();
    if then != now {
        let line = then.lines().zip(now.lines()).position(|(then, now)| then != now).map_or(0, |index| index + 1);
        panic!("{path} is out of date from line {line} on: UPDATE_GENERATED=1 cargo test --test cli generated");
    }
}

#[test]
fn help_texts_are_up_to_date() {
    let sandbox = Sandbox::new();
    // The width of the home folder's name moves the columns.
    let output_of = |line: &str| sandbox.run(line).env("HOME", "/home/tester").output();
    let app = output_of("help").stdout;
    let commands = app.split_once("Commands:\n").expect("the list of commands").1;
    let names = commands.lines().take_while(|line| *line != "  ").filter_map(|line| line.split_whitespace().next());
    let lines = ["help".to_owned()].into_iter().chain(names.map(|name| format!("help {name}")));
    let drivers = ["none", "generic"].map(|driver| format!("create --driver {driver} --help"));
    let mut all = String::new();
    for line in lines.chain(drivers) {
        let output = output_of(&line);
        assert_eq!((output.stderr.as_str(), output.status), ("", Some(0)), "{line}");
        all += &format!("$ docker-machine {line}\n{}\n", output.stdout);
    }
    let stamp = format!("Version: {VERSION}, build {BUILD}");
    check("tests/cli/help.txt", &all.replace(&stamp, "Version: VERSION, build BUILD"));
}

/// A file of its own: the driver may be left out of a build.
#[test]
#[cfg(feature = "amazonec2")]
fn the_help_of_the_amazonec2_driver_is_up_to_date() {
    let output = Sandbox::new().run("create --driver amazonec2 --help").env("HOME", "/home/tester").output();
    assert_eq!((output.stderr.as_str(), output.status), ("", Some(0)));
    check("tests/cli/help-amazonec2.txt", &output.stdout);
}
