//! Driver plugins: a Go program that misbehaves in every way that one can.

use std::fs;
use std::time::{Duration, Instant};

use crate::plugin_programs::Plugins;
use crate::support::sandbox::{Invocation, Output, Sandbox};

/// A home, and plugins on `PATH`. `ci-test` is the name for which a `create` ends behind the driver's part.
struct Scene {
    home: Sandbox,
    plugins: Plugins,
    faults: Vec<(String, String)>,
}

impl Scene {
    fn new(names: &[&str]) -> Self {
        let plugins = Plugins::new(names);
        let variables = names.iter().flat_map(|name| plugins.variables(name)).collect();
        Self { home: Sandbox::new(), plugins, faults: variables }
    }

    fn with(mut self, variable: &str, value: &str) -> Self {
        self.faults.push((variable.to_owned(), value.to_owned()));
        self
    }

    fn faults(&mut self, text: &str) {
        self.faults.push(("CI_TEST_FAULTS".to_owned(), text.to_owned()));
    }

    fn run(&self, line: &str) -> Invocation<'_> {
        let mut run = self.home.run(line).env("PATH", format!("{}:/usr/bin:/bin", self.plugins.bin().display()));
        for (variable, value) in &self.faults {
            run = run.env(variable, value);
        }
        run
    }

    /// Runs, and no plugin is left.
    #[track_caller]
    fn ran(&self, line: &str) -> Output {
        let output = self.run(line).output();
        assert_eq!(self.plugins.processes(), [0; 0], "{line}: {output:?}");
        output
    }

    #[track_caller]
    fn succeeds(&self, line: &str) -> String {
        let output = self.ran(line);
        assert_eq!(output.status, Some(0), "{output:?}");
        output.stdout
    }

    #[track_caller]
    fn fails(&self, line: &str) -> String {
        let output = self.ran(line);
        assert_eq!(output.status, Some(1), "{output:?}");
        output.stderr
    }

    fn create(&self) -> String {
        self.succeeds("create -d ci-test --ci-test-token t m")
    }

    /// A machine with a running server, as an earlier program left it.
    fn machine(&self, driver: &str, name: &str) {
        self.plugins.add_server(&format!("srv-{name}"), name, "127.0.0.1", 1);
        let state = format!(
            r#"{{"IPAddress": "127.0.0.1", "MachineName": "{name}", "StorePath": "{}", "ServerID": "srv-{name}"}}"#,
            self.home.path(".docker/machine").display()
        );
        self.home.write(
            &format!(".docker/machine/machines/{name}/config.json"),
            format!(r#"{{"ConfigVersion": 3, "Driver": {state}, "DriverName": "{driver}", "HostOptions": {{"EngineOptions": {{}}, "SwarmOptions": {{}}, "AuthOptions": {{}}}}, "Name": "{name}"}}"#),
        );
    }

    fn record(&self, name: &str) -> String {
        let places = [".docker/machine/machines", ".docker/machines"];
        let file = places.iter().map(|place| format!("{place}/{name}/config.json")).find(|file| self.home.has(file));
        self.home.read(&file.expect("a record"))
    }
}

const TOKEN: &str = "create -d ci-test --ci-test-token t m";

#[test]
fn a_plugin_is_started_bare_with_two_variables_and_nothing_to_read() {
    let scene = Scene::new(&["ci-test"]);
    scene.create();
    // One was asked for its flags.
    assert_eq!(scene.plugins.starts(), ["ci-test 0 ci-test 0 EOF"; 2]);
    scene.succeeds("status m");
    assert_eq!(scene.plugins.starts().len(), 3);
    assert_eq!(scene.succeeds("ls -q"), "m\n");
    assert_eq!(scene.plugins.starts().len(), 3, "a listing of names asks nobody");
}

#[test]
fn every_command_of_a_machine_without_docker_works() {
    let scene = Scene::new(&["ci-test"]);
    let said = scene.create();
    assert!(said.contains("(m) Creating server...\n"), "{said}");
    assert_eq!(scene.plugins.servers(), ["m"]);
    assert!(scene.succeeds("ls").contains("m      -        ci-test   Running   tcp://127.0.0.1:2376"));
    assert_eq!(scene.succeeds("ip m"), "127.0.0.1\n");
    assert_eq!(scene.succeeds("url m"), "tcp://127.0.0.1:2376\n");
    assert!(scene.succeeds("inspect m").contains("\"Token\": \"t\""));
    assert!(scene.succeeds("stop m").contains("Machine \"m\" was stopped.\n"));
    assert_eq!(scene.succeeds("status m"), "Stopped\n");
    assert_eq!(scene.fails("url m"), "Host is not running\n");
    let listed = scene.succeeds("ls");
    assert!(listed.contains("Stopped") && !listed.contains("not running"), "{listed}");
    scene.succeeds("rm -y m");
    assert_eq!(scene.plugins.servers(), [""; 0]);
    assert_eq!(scene.succeeds("ls -q"), "");
}

#[test]
fn flags_of_all_kinds_reach_the_driver_and_its_state_the_record() {
    let scene = Scene::new(&["ci-test"]).with("CI_TEST_SIZE", "0x20").with("CI_TEST_TAG", "a, b");
    let help = scene.succeeds("create -d ci-test --help");
    for text in ["--ci-test-offset \"-129\"", "--ci-test-token ", "[$CI_TEST_TOKEN]", "Labels with a default"] {
        assert!(help.contains(text), "no {text}: {help}");
    }
    scene.succeeds("create -d ci-test --ci-test-token s<e>c&ret --ci-test-private --ci-test-offset=7 m");
    let record = scene.record("m");
    for text in [
        r#""Token": "s\u003ce\u003ec\u0026ret","#,
        r#""Size": 32,"#,
        r#""Offset": 7,"#,
        r#""Private": true,"#,
        "\"Tags\": [\n            \"a\",\n            \"b\"\n        ],",
        "\"Labels\": [\n            \"a=1\",\n            \"b=2\"\n        ],",
        r#""Big": 9007199254740993,"#,
        r#""Ratio": 1e+21,"#,
        r#""html": "\u003ca\u003e\u0026b","#,
        r#""SwarmHost": "tcp://0.0.0.0:3376","#,
    ] {
        assert!(record.contains(text), "no {text}: {record}");
    }
    assert!(record.find("\"IPAddress\"") < record.find("\"Token\""), "{record}");
    scene.succeeds("stop m");
    assert_eq!(scene.record("m"), record, "nothing of the state has changed");
}

#[test]
fn a_driver_may_have_no_flags_many_or_some_that_no_command_line_can_have() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.faults("no-flags");
    assert!(!scene.succeeds("create -d ci-test --help").contains("ci-test-token"));
    scene.faults("many-flags");
    assert!(scene.succeeds("create -d ci-test --help").contains("--ci-test-more-59 "));
    scene.faults("strange-flag");
    let help = scene.succeeds("create -d ci-test --help");
    assert!(help.contains("--ci-test-token") && !help.contains("strange"), "{help}");
    assert!(help.contains("title \\x1b]0;x\\x07") && help.contains("\"red\\x1b[31m\""), "{help}");
    assert!(!help.contains('\u{1b}'), "{help}");
    scene.create();
}

#[test]
fn a_plugin_that_does_not_come_up_is_told_apart() {
    let mut scene = Scene::new(&["ci-test"]);
    for (fault, told) in [
        ("exit", "the address of its server is missing: the driver plugin "),
        ("exit", "has ended (exit status 7)\nhint: it said: cannot load libvirt.so: \\x1b[31mnot found\n"),
        ("banner", "its first line must be like 127.0.0.1:38211, but is \"Welcome to my driver\""),
        ("public", "but is \"0.0.0.0:4711\""),
        ("closed", "connect: connection refused"),
        ("http", "unexpected HTTP response: 404 Not Found"),
        ("none", "Failed to dial the plugin server in 10s"),
    ] {
        scene.faults(&format!("address={fault}"));
        let stderr = scene.fails(TOKEN);
        assert!(stderr.contains(told), "{fault}: {stderr}");
    }
    assert!(!scene.home.has(".docker/machines/m"));
}

#[test]
fn a_port_of_somebody_else_is_told_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut scene = Scene::new(&["ci-test"]).with("PLUGIN_FOREIGN", &listener.local_addr().unwrap().to_string());
    scene.faults("address=foreign");
    let heard = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 27];
        stream.read_exact(&mut bytes).unwrap();
        stream.write_all(b"HTTP/1.0 200 Connected to Go RPC\n\n").unwrap();
        let mut rest = Vec::new();
        _ = stream.read_to_end(&mut rest);
        rest
    });
    let stderr = scene.fails(TOKEN);
    assert!(stderr.contains("does not belong to the driver plugin: another program listens there"), "{stderr}");
    assert_eq!(heard.join().unwrap(), b"");
}

#[test]
fn a_long_create_is_kept_alive() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.faults("Create=sleep:13s");
    scene.create();
    assert_eq!(scene.plugins.servers(), ["m"]);
}

#[test]
fn a_plugin_that_dies_in_a_call_is_reported_with_its_last_words() {
    let mut scene = Scene::new(&["ci-test"]);
    for (fault, told) in [
        ("die", "has ended (exit status 3)\nhint: it said: the driver gives up\n"),
        ("kill", "unexpected EOF: the driver plugin "),
        ("kill", "has ended (signal 9)\n"),
        ("panic", "Error in driver during machine creation: Panic in the driver: a panic\n"),
    ] {
        scene.faults(&format!("Create={fault}"));
        let stderr = scene.fails(TOKEN);
        assert!(stderr.contains(told), "{fault}: {stderr}");
    }
    scene.faults("");
    scene.create();
    for call in ["GetState", "Stop", "GetConfigRaw", "Remove"] {
        scene.faults(&format!("{call}=die"));
        let line = if call == "Remove" { "rm -y m" } else { "stop m" };
        let output = scene.ran(line);
        assert!(output.stderr.contains("exit status 3") || call == "GetConfigRaw", "{call}: {output:?}");
        scene.succeeds("ls -q");
    }
    assert_eq!(scene.plugins.servers(), ["m"]);
}

#[test]
fn a_plugin_may_end_without_an_answer_to_close_or_not_at_all() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.faults("no-goodbye");
    scene.create();
    scene.faults("deaf");
    let began = Instant::now();
    assert_eq!(scene.succeeds("status m"), "Running\n");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn errors_of_a_driver_are_shown_harmlessly_in_its_own_words() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.faults("PreCreateCheck=odd-error");
    let output = scene.ran(TOKEN);
    assert_eq!(output.status, Some(3));
    assert_eq!(output.stderr, "Error with pre-create check: \"say \\\"no\\\"\\nto <b> \u{fffd}\u{fffd}\"\n");
    scene.faults("Create=error:out_of_<servers>");
    let stderr = scene.fails(TOKEN);
    let told = "Error creating machine: Error in driver during machine creation: out of <servers>\n";
    assert!(stderr.starts_with(told), "{stderr}");
    scene.faults("SetConfigFromFlags=error:no");
    let stderr = scene.fails(TOKEN);
    assert!(stderr.starts_with("Error setting machine configuration from flags provided: no\n"), "{stderr}");
}

#[test]
fn what_a_plugin_prints_is_shown_line_by_line_and_obeyed_by_no_terminal() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.faults("long-line evil-line late-line");
    let output = scene.ran(&format!("-D {TOKEN}"));
    assert_eq!(output.status, Some(0), "{output:?}");
    assert!(output.stdout.contains(&format!("(m) {}\n", "x".repeat(70_000))));
    assert!(output.stdout.contains("(m) behind the long line\n"));
    assert!(output.stdout.contains("(m) evil \\x1b]0;title\\x07 line \u{fffd}\n"));
    assert!(output.stderr.contains("(m) DBG | evil \\x1b[2J debug\n"));
    assert!(!output.stdout.contains("after Close"));
    // What programs read is the answer alone.
    assert_eq!(scene.succeeds("status m"), "Running\n");
    scene.faults("chatty");
    assert_eq!(scene.succeeds("ip m"), "127.0.0.1\n");
}

#[test]
fn a_megabyte_of_state_survives() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.faults("big-state");
    scene.create();
    scene.faults("");
    scene.succeeds("stop m");
    assert!(scene.record("m").contains(&"x".repeat(1 << 20)));
}

#[test]
fn a_state_that_is_no_json_is_not_saved() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.create();
    let record = scene.record("m");
    scene.faults("bad-state");
    let stderr = scene.fails("stop m");
    assert!(stderr.contains("gives a state that cannot be saved"), "{stderr}");
    assert_eq!(scene.record("m"), record);
}

#[test]
fn the_record_has_the_name_that_the_driver_calls_itself() {
    let scene = Scene::new(&["ci-test", "other"]).with("PLUGIN_CALLS_ITSELF", "ci-test");
    scene.succeeds("create -d other --other-token t m");
    assert!(scene.record("m").contains("\"DriverName\": \"ci-test\""));
    let scene = scene.with("PLUGIN_CALLS_ITSELF", "../ci-test");
    assert!(scene.fails("create -d other --other-token t n").contains("which cannot be a driver's name"));
}

#[test]
fn old_plugins_are_understood_and_new_versions_refused() {
    let mut scene = Scene::new(&["ci-test"]);
    scene.faults("old");
    assert!(scene.succeeds("create -d ci-test --help").contains("--ci-test-token"));
    scene.faults("version2");
    assert!(scene.fails(TOKEN).starts_with("Driver binary uses an incompatible API version (2)\n"));
}

#[test]
fn a_missing_plugin_is_said_at_create_and_costs_nothing_later() {
    let scene = Scene::new(&["ci-test"]);
    let stderr = scene.fails("create -d nobody m");
    assert!(stderr.starts_with(
        "Driver \"nobody\" not found. Do you have the plugin binary \"docker-machine-driver-nobody\" accessible in your PATH?\n"
    ));
    scene.create();
    fs::remove_file(scene.plugins.program("ci-test")).unwrap();
    let listed = scene.succeeds("ls");
    assert!(listed.contains("not-found") && listed.contains("Error"), "{listed}");
    assert!(scene.fails("rm -y m").contains("Driver \"ci-test\" not found."));
    assert_eq!(scene.succeeds("ls -q"), "m\n");
    scene.succeeds("rm -f m");
    assert_eq!(scene.succeeds("ls -q"), "");
}

#[test]
fn one_that_hangs_does_not_keep_the_others_from_being_listed() {
    let scene = Scene::new(&["alpha", "beta"]).with("BETA_FAULTS", "GetURL=hang");
    for (driver, name) in [("alpha", "one"), ("beta", "two"), ("alpha", "three")] {
        scene.machine(driver, name);
    }
    let began = Instant::now();
    let listed = scene.succeeds("ls -t 2");
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    let row = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(row("one").contains("Running") && row("three").contains("Running"), "{listed}");
    assert!(row("two").contains("Timeout"), "{listed}");
}

#[test]
fn a_plugin_that_answers_nothing_at_all_is_given_up() {
    let scene = Scene::new(&["beta"]).with("BETA_FAULTS", "address=mute");
    scene.machine("beta", "two");
    let listed = scene.succeeds("ls -t 1");
    assert!(listed.contains("Timeout"), "{listed}");
}

#[test]
fn a_plugin_may_be_a_script_that_starts_it() {
    let scene = Scene::new(&["ci-test"]);
    fs::rename(scene.plugins.program("ci-test"), scene.plugins.bin().join("real")).unwrap();
    let real = scene.plugins.bin().join("inner");
    fs::create_dir(&real).unwrap();
    fs::rename(scene.plugins.bin().join("real"), real.join("docker-machine-driver-ci-test")).unwrap();
    scene.plugins.script("ci-test", &format!("#!/bin/sh\n{}/docker-machine-driver-ci-test\n", real.display()));
    scene.create();
    assert_eq!(scene.plugins.servers(), ["m"]);
}

#[test]
fn nothing_of_a_plugin_is_left_when_we_are_killed() {
    let scene = Scene::new(&["ci-test"]).with("CI_TEST_FAULTS", "GetState=hang");
    scene.machine("ci-test", "m");
    let output = scene.run("status m").killed_after(Duration::from_secs(2));
    assert_eq!(output.status, None);
    scene.plugins.are_gone();
}

#[test]
fn drivers_lists_what_there_is_and_what_keeps_it_from_starting() {
    let scene = Scene::new(&["acme", "broken"]).with("BROKEN_FAULTS", "address=exit");
    let path = |name: &str| scene.plugins.program(name).display().to_string();
    let listed = scene.succeeds("drivers");
    let row = |text: &str, name: &str| {
        let row = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_default();
        row.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row(&listed, "acme"), ["acme", &path("acme")]);
    assert_eq!(row(&listed, "generic"), ["generic", "built", "in"]);
    assert_eq!(scene.plugins.starts(), [""; 0], "nothing is started");
    let checked = scene.succeeds("drivers --check");
    assert_eq!(row(&checked, "acme"), ["acme", &path("acme"), "7"]);
    assert!(checked.contains("cannot load libvirt.so: \\x1b[31mnot found"), "{checked}");
    let json: serde_json::Value = serde_json::from_str(&scene.succeeds("drivers --check --format json")).unwrap();
    let acme = json.as_array().unwrap().iter().find(|driver| driver["Name"] == "acme").unwrap();
    assert_eq!((&acme["Source"], &acme["Flags"], &acme["APIVersion"]), (&"plugin".into(), &7.into(), &1.into()));
    assert!(json.as_array().unwrap().iter().any(|driver| driver["Name"] == "broken" && driver["Error"].is_string()));
}

#[test]
fn a_provider_serves_the_original_s_drivers() {
    let scene = Scene::new(&["acme"]);
    let stderr = scene.fails("create -d google m");
    assert_eq!(stderr.lines().count(), 3, "{stderr}");
    assert!(stderr.contains("MACHINE_DRIVER_PROVIDER") && stderr.contains("rancher-machine"), "{stderr}");
    let provider = scene.plugins.program("acme").display().to_string();
    let scene = scene.with("MACHINE_DRIVER_PROVIDER", &provider);
    assert!(scene.succeeds("create -d google --help").contains("--acme-token"));
    assert_eq!(scene.plugins.starts(), ["acme 0 google 0 EOF"]);
    let listed = scene.succeeds("drivers");
    assert!(listed.lines().any(|line| line.starts_with("google ") && line.contains(&provider)), "{listed}");
}

#[test]
fn a_tab_knows_plugins_and_their_flags_and_starts_none_twice() {
    let scene = Scene::new(&["acme"]);
    let tab = |line: &str| {
        let line = format!("docker-machine {line}");
        let words = ["__complete", "bash", line.as_str(), " "];
        let mut run = scene.home.run_words(words).env("PATH", format!("{}:/usr/bin", scene.plugins.bin().display()));
        for (variable, value) in &scene.faults {
            run = run.env(variable, value);
        }
        run.output().stdout
    };
    assert_eq!(tab("create -d ac"), "words\nacme \n");
    assert_eq!(tab("create -d acme --acme-t"), "words\n--acme-tag \n--acme-token \n");
    assert_eq!(tab("create -d acme --acme-s"), "words\n--acme-size \n");
    assert_eq!(scene.plugins.starts().len(), 1);
    // Another program of this name is asked again.
    let program = scene.plugins.program("acme");
    let text = fs::read(&program).unwrap();
    scene.plugins.program_of("acme", &[text.as_slice(), b"\n"].concat());
    assert_eq!(tab("create -d acme --acme-s"), "words\n--acme-size \n");
    assert_eq!(scene.plugins.starts().len(), 2);
}
