//! What holds before and around every command: help, version, grammar, environment; more is in `tests/golden/`.

use snapbox::str;

use crate::support::Sandbox;

#[test]
fn help_is_the_answer_to_nothing_and_to_every_form_of_asking() {
    let sandbox = Sandbox::new();
    for line in ["", "help", "h", "-h", "--help", "-help", "''"] {
        sandbox.run(line).shows(str![[r#"
<app help>
[exit status: 0]

"#]]);
    }
    for line in ["help ls", "h ls", "ls -h", "ls web --help", "ls -help"] {
        sandbox.run(line).shows(str![[r#"
<help of ls>
[exit status: 0]

"#]]);
    }
}

#[test]
fn help_and_version_leave_the_home_alone() {
    let sandbox = Sandbox::new();
    for line in ["", "version", "--version", "help ls", "create --help", "completion bash"] {
        assert_eq!(sandbox.run(line).output().status, Some(0), "{line}");
    }
    assert_eq!(sandbox.run("ls --nope").output().status, Some(1));
    assert!(!sandbox.has(".docker"));
}

#[test]
fn the_version_is_the_third_word_before_a_comma() {
    let sandbox = Sandbox::new();
    for line in ["--version", "-v", "version", "-v ls"] {
        let output = sandbox.run(line).output();
        let words: Vec<&str> = output.stdout.split_whitespace().collect();
        assert_eq!(words[..4], ["docker-machine", "version", concat!(env!("CARGO_PKG_VERSION"), ","), "build"]);
        assert_eq!((words.len(), output.stdout.lines().count(), output.status), (5, 1, Some(0)));
    }
}

#[test]
fn an_unknown_command_is_refused() {
    let sandbox = Sandbox::new();
    for line in ["bogus", "help bogus", "bogus --help"] {
        sandbox.run(line).shows(str![[r#"
------- stderr -------
docker-machine: 'bogus' is not a docker-machine command. See 'docker-machine --help'.
[exit status: 1]

"#]]);
    }
}

#[test]
fn create_shows_the_flags_of_the_driver_it_is_asked_for() {
    let sandbox = Sandbox::new();
    for line in ["create -d generic --help", "create --help --driver=generic", "create -driver generic -h"] {
        let output = sandbox.run(line).output();
        assert!(output.stdout.contains("\n   --generic-ip-address "), "{line}: {output:?}");
        assert_eq!((output.stderr.as_str(), output.status), ("", Some(0)));
    }
    let chosen = sandbox.run("create --help").env("MACHINE_DRIVER", "none").output();
    assert!(chosen.stdout.contains("\n   --url "), "{chosen:?}");
}

#[test]
fn create_help_needs_no_driver() {
    let output = Sandbox::new().run("create --help").output();
    assert!(output.stdout.contains("\n   --engine-opt ") && output.stderr.is_empty(), "{output:?}");
    assert_eq!(output.status, Some(0));
}

#[test]
fn create_refuses_what_its_driver_does_not_know() {
    let sandbox = Sandbox::new();
    sandbox.run("create -d generic --generic-ssh-port x n").shows(str![[r#"
Incorrect Usage.

<help of create>
------- stderr -------
invalid value "x" for flag -generic-ssh-port: parse error
[exit status: 1]

"#]]);
}

#[test]
fn no_name_and_no_default_machine_is_an_error() {
    let sandbox = Sandbox::new();
    for command in ["config", "env", "inspect", "ip", "status", "url"] {
        sandbox.run(command).shows(str![[r#"
------- stderr -------
Error: No machine name(s) specified and no "default" machine exists
[exit status: 1]

"#]]);
    }
}

#[test]
fn a_name_that_leaves_the_store_is_a_machine_that_does_not_exist() {
    let sandbox = Sandbox::new();
    sandbox.write(".docker/machines/web/config.json", "{}");
    for line in ["inspect ../machines/web", "ip ../machines/web", "url ../machines/web", "config ../machines/web"] {
        sandbox.run(line).shows(str![[r#"
------- stderr -------
Docker machine "../machines/web" does not exist. Use "docker-machine ls" to list machines. Use "docker-machine create" to add a new one.
[exit status: 1]

"#]]);
    }
}

#[test]
fn debug_shows_what_an_error_was_caused_by() {
    let sandbox = Sandbox::new();
    sandbox.write(".docker/machines/cut/config.json", "{");
    let plain = sandbox.run("status cut").output();
    assert!(!plain.stderr.contains("caused by"), "{plain:?}");
    let seen = sandbox.run("--debug status cut").output();
    let error = "Error getting migrated host: unexpected end of JSON input\nhint: ";
    assert!(seen.stderr.contains(error), "{seen:?}");
    assert!(seen.stderr.ends_with("\ncaused by: EOF while parsing an object at line 1 column 1\n"), "{seen:?}");

    sandbox.write(".docker/machines/closed/config.json", "");
    std::fs::remove_file(sandbox.path(".docker/machines/closed/config.json")).unwrap();
    let seen = sandbox.run("--debug status closed").output();
    assert!(seen.stderr.ends_with("\ncaused by: No such file or directory (os error 2)\n"), "{seen:?}");
}
