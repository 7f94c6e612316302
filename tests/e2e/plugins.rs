//! Machines of a driver plugin on real hosts: a program in Go makes them, we do the rest.

use std::path::Path;

use crate::plugin_programs::Plugins;
use crate::support::lab::{Lab, busybox_image};
use crate::support::midway::Midway;
use crate::support::region::Region;
use crate::support::run::Run;

/// A lab whose hosts the plugin `acme` makes.
struct Scene {
    lab: Lab,
    plugins: Plugins,
}

impl Scene {
    fn new() -> Self {
        let (lab, plugins) = (Lab::new(), Plugins::new(&["acme"]));
        lab.set("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", plugins.bin().display()));
        for (variable, value) in plugins.variables("acme") {
            lab.set(&variable, value);
        }
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab");
        let namespace = format!("/proc/{}/ns/net", std::process::id());
        lab.set("ACME_LAB", format!("{} {} {namespace}", program.display(), lab.region()));
        Self { lab, plugins }
    }

    fn create_command(&self, name: &str) -> std::process::Command {
        let mut command = self.lab.command(crate::support::lab::PROGRAM);
        command.args(["create", "--driver", "acme", "--acme-token", "secret"]);
        command.args(["--engine-install-url", &self.lab.url("install.sh"), name]);
        command
    }

    fn create(&self, name: &str) -> Run {
        Run::of(&mut self.create_command(name))
    }

    /// Runs, and no plugin is left.
    #[track_caller]
    fn run(&self, args: &[&str]) -> Run {
        let run = self.lab.run(args);
        assert_eq!(self.plugins.processes(), [0; 0], "{args:?}: {run:?}");
        run
    }

    #[track_caller]
    fn runs_a_container(&self, machine: &str) {
        self.lab.docker(machine, &["import", &busybox_image(), "busybox"]).succeeds();
        let args = ["run", "--rm", "busybox", "/bin/busybox", "echo", "hello"];
        assert_eq!(self.lab.docker(machine, &args).succeeds().stdout, "hello\n");
    }

    fn ip(&self, machine: &str) -> String {
        self.run(&["ip", machine]).succeeds().stdout.trim_end().to_owned()
    }
}

#[test]
fn the_whole_walk() {
    let scene = Scene::new();
    scene.create("web").succeeds().says("(web) Booting server...\n").says("Docker is up and running!\n");
    scene.create("db").succeeds();
    let listed = scene.run(&["ls", "--format", "{{.Name}} {{.DriverName}} {{.State}} {{.URL}}"]).succeeds().stdout;
    let (web, db) = (scene.ip("web"), scene.ip("db"));
    let row = |name: &str, ip: &str| format!("{name} acme Running tcp://{ip}:2376\n");
    assert_eq!(listed, row("db", &db) + &row("web", &web));
    scene.runs_a_container("web");
    scene.run(&["config", "web"]).succeeds().says("--tlsverify").says(&format!("tcp://{web}:2376"));
    scene.run(&["inspect", "web"]).succeeds().says("\"Token\": \"secret\"");

    scene.run(&["ssh", "web", "echo from web >/tmp/a"]).succeeds();
    scene.run(&["scp", "web:/tmp/a", "db:/tmp/b"]).succeeds();
    assert_eq!(scene.run(&["ssh", "db", "cat /tmp/b"]).succeeds().stdout, "from web\n");
    assert_eq!(scene.run(&["--native-ssh", "ssh", "db", "cat /tmp/b"]).succeeds().stdout, "from web\n");

    // It comes back somewhere else.
    scene.run(&["stop", "web"]).succeeds().says("Machine \"web\" was stopped.\n");
    assert_eq!(scene.run(&["status", "web"]).succeeds().stdout, "Stopped\n");
    scene.run(&["env", "web"]).fails(1).complains("Host is not running");
    let (network, _) = web.rsplit_once('.').expect("an address");
    let moved = format!("{network}.177");
    scene.lab.set("PLUGIN_START_OPTIONS", format!("--ip {moved}"));
    scene.run(&["start", "web"]).succeeds().says(&format!("has the new address {moved}: its certificate is renewed"));
    assert_eq!(scene.ip("web"), moved);
    scene.runs_a_container("web");

    scene.run(&["upgrade", "web"]).succeeds();
    scene.run(&["restart", "web"]).succeeds();
    scene.run(&["regenerate-certs", "-f", "web"]).succeeds();
    scene.run(&["provision", "web"]).succeeds();
    scene.runs_a_container("web");
    scene.run(&["kill", "db"]).succeeds().says("Machine \"db\" was killed.\n");
    assert_eq!(scene.run(&["status", "db"]).succeeds().stdout, "Stopped\n");

    scene.run(&["rm", "-y", "web", "db"]).succeeds().says("Successfully removed web\n");
    assert_eq!(scene.plugins.servers(), [""; 0]);
    assert_eq!(scene.run(&["ls", "-q"]).succeeds().stdout, "");
}

/// Kills a `create` at a line, and lets the same command make a machine that works, with one server.
fn killed_at(lines: &[&str]) {
    let scene = Scene::new();
    for line in lines {
        scene.lab.set("ACME_FAULTS", "");
        Midway::at(line, &mut scene.create_command("web")).kill();
        scene.plugins.are_gone();
        scene.run(&["ls"]).succeeds();
        scene.create("web").succeeds();
        scene.runs_a_container("web");
        assert_eq!(scene.plugins.servers(), ["web"], "after {line:?}");
        scene.run(&["rm", "-y", "web"]).succeeds();
        assert_eq!(scene.plugins.servers(), [""; 0], "after {line:?}");
    }
}

#[test]
fn a_create_that_was_killed_before_and_after_the_driver_s_part_is_finished_by_the_same_command() {
    killed_at(&[
        "Running pre-create checks...",
        "Waiting for machine to be running",
        "Detecting operating system",
        "Provisioning with",
    ]);
}

#[test]
fn ctrl_c_in_the_middle_of_a_create_waits_for_the_driver_and_removes_what_it_made() {
    let scene = Scene::new();
    scene.lab.set("ACME_FAULTS", "pause=unnamed:3s");
    let mut create = Midway::at("(web) Creating server...", &mut scene.create_command("web"));
    scene.plugins.have_servers(&["web"]);
    create.send("-INT");
    let run = create.end().fails(130).says("Waiting for the driver to end what it has begun...");
    assert!(run.stderr.contains("nothing was left behind"), "{run:?}");
    assert_eq!(scene.plugins.servers(), [""; 0]);
    assert_eq!(scene.plugins.processes(), [0; 0]);
    assert_eq!(scene.run(&["ls", "-q"]).succeeds().stdout, "");
}

/// A scene in which no host stands behind a server: what matters is over before anybody logs in.
fn on_paper() -> Scene {
    let scene = Scene::new();
    scene.lab.set("ACME_LAB", "");
    scene
}

/// The moments inside the driver's part: what it says there, and how many servers there are then.
const MOMENTS: [(&str, &str, usize); 4] = [
    ("key", "(web) Creating SSH key...", 0),
    ("unnamed", "(web) Creating server...", 1),
    ("server", "(web) Booting server...", 1),
    ("up", "(web) Server is up", 1),
];

#[test]
fn killed_inside_the_driver_s_part_no_process_is_left_and_nothing_is_made_twice() {
    for (place, line, servers) in MOMENTS {
        let scene = on_paper();
        scene.lab.set("ACME_FAULTS", format!("pause={place}:60s"));
        let create = Midway::at(line, &mut scene.create_command("web"));
        scene.plugins.have_servers(&["web"][..servers]);
        create.kill();
        scene.plugins.are_gone();
        scene.run(&["ls"]).succeeds().says("web ");
        scene.run(&["inspect", "web"]).succeeds();

        scene.lab.set("ACME_FAULTS", "Create=error:enough");
        let again = scene.create("web").says("Driver acme finds no computer of the earlier creation");
        match servers {
            0 => _ = again.fails(1).complains("enough"),
            // The driver itself finds that the name is taken.
            _ => _ = again.fails(3).complains("is used already"),
        }
        assert_eq!(scene.plugins.servers(), ["web"][..servers], "{place}");
        scene.run(&["rm", "-y", "web"]);
        assert_eq!(scene.run(&["ls", "-q"]).succeeds().stdout, "", "{place}");
    }
}

#[test]
fn a_plugin_that_is_killed_inside_its_part_leaves_a_record_and_a_word_about_it() {
    for (place, line, servers) in MOMENTS {
        let scene = on_paper();
        scene.lab.set("ACME_FAULTS", format!("pause={place}:60s"));
        let mut create = Midway::at(line, &mut scene.create_command("web"));
        scene.plugins.have_servers(&["web"][..servers]);
        for plugin in scene.plugins.named("acme") {
            Run::of(std::process::Command::new("kill").args(["-9", &plugin.to_string()])).succeeds();
        }
        create
            .end()
            .fails(1)
            .complains("has ended (signal 9)")
            .complains("only it knew what it had made")
            .complains("look for this name in the provider's console");
        assert_eq!(scene.plugins.processes(), [0; 0]);
        scene.run(&["ls"]).succeeds().says("web ");
        scene.run(&["rm", "-y", "web"]).succeeds();
    }
}

#[test]
fn ctrl_c_waits_no_longer_than_a_driver_deserves_and_takes_what_it_can_name() {
    let scene = on_paper();
    scene.lab.set("ACME_FAULTS", "pause=server:120s");
    let mut create = Midway::at("(web) Booting server...", &mut scene.create_command("web"));
    create.send("-INT");
    let run = create.end().fails(130).complains("only it knew what it had made");
    assert_eq!(scene.plugins.servers(), [""; 0], "{run:?}");
    assert_eq!(scene.plugins.processes(), [0; 0]);
}

#[test]
fn our_own_driver_as_a_plugin_does_what_it_does_built_in() {
    let lab = Lab::new();
    let (one, two) = (lab.host("one").up(), lab.host("two").up());
    let plugins = Plugins::new(&[]);
    let link = plugins.program("generic-next");
    std::os::unix::fs::symlink(crate::support::lab::PROGRAM, link).expect("a link");
    lab.set("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", plugins.bin().display()));
    lab.create(&one, "one", &[]).succeeds();
    lab.create(&two, "two", &["--driver", "generic-next"]).succeeds();
    let record = |machine: &str| {
        let text = std::fs::read_to_string(lab.machine_folder(machine).join("config.json")).expect("a record");
        text.replace(machine, "NAME").replace(&one.ip, "IP").replace(&two.ip, "IP").replace("generic-next", "generic")
    };
    assert_eq!(record("two"), record("one"));
    lab.docker("two", &["version"]).succeeds();
    for line in [&["status"][..], &["url"], &["ip"], &["ssh", "true"]] {
        let mut words = line.to_vec();
        words.insert(1, "two");
        lab.run(&words).succeeds();
    }
    assert_eq!(plugins.processes(), [0; 0]);
    lab.run(&["stop", "two"]).fails(1).complains("generic driver does not support stop");
    lab.run(&["restart", "two"]).succeeds();
    lab.docker("two", &["version"]).succeeds();
    lab.run(&["rm", "-y", "two"]).succeeds();
}

#[test]
fn two_plugins_and_ec2_are_listed_together_while_one_of_them_hangs() {
    let (region, plugins) = (Region::new(), Plugins::new(&["alpha", "beta"]));
    region.set("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", plugins.bin().display()));
    for (variable, value) in ["alpha", "beta"].iter().flat_map(|name| plugins.variables(name)) {
        region.set(&variable, value);
    }
    region.set("BETA_FAULTS", "GetURL=hang");
    region.create("aws01", &[]).succeeds();
    for (driver, name) in [("alpha", "one"), ("beta", "two")] {
        plugins.add_server(&format!("srv-{name}"), name, "127.0.0.1", 1);
        let record = serde_json::json!({
            "ConfigVersion": 3,
            "Driver": {"IPAddress": "127.0.0.1", "MachineName": name, "ServerID": format!("srv-{name}")},
            "DriverName": driver,
            "HostOptions": {"EngineOptions": {}, "SwarmOptions": {}, "AuthOptions": {}},
            "Name": name,
        });
        std::fs::create_dir_all(region.machine_folder(name)).expect("a folder");
        std::fs::write(region.machine_folder(name).join("config.json"), record.to_string()).expect("a record");
    }
    let listed = region.run(&["ls", "-t", "5", "--format", "{{.Name}} {{.DriverName}} {{.State}}"]).succeeds().stdout;
    assert_eq!(listed, "aws01 amazonec2 Running\none alpha Running\ntwo beta Timeout\n");
    assert_eq!(plugins.processes(), [0; 0]);
}
