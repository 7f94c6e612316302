//! Completion: what the shells' scripts are answered, and that the scripts are what `completion` prints.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::ssh::machine;
use crate::support::Sandbox;
use crate::support::sshd::Sshd;

/// bash's own `COMP_WORDBREAKS`.
const BREAKS: &str = " \t\n\"'><=;|&(:";

/// A home with three machines whose address is that of nobody.
fn home() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["db", "web-1", "web-2"] {
        add(&sandbox, name, "generic", "192.0.2.1", 22);
    }
    sandbox
}

fn add(sandbox: &Sandbox, name: &str, driver: &str, address: &str, port: u16) {
    let record = json!({
        "ConfigVersion": 3, "DriverName": driver, "Name": name,
        "Driver": {
            "IPAddress": address, "MachineName": name, "SSHUser": "root", "SSHPort": port, "SSHKeyPath": "",
            "StorePath": sandbox.path(".docker"), "EnginePort": 2376, "SSHKey": "",
        },
        "HostOptions": {"EngineOptions": {"Labels": ["tier=web", format!("name={name}")]}},
    });
    sandbox.write(&format!(".docker/machines/{name}/config.json"), record.to_string());
}

/// The answer to a TAB in bash at the end of `docker-machine LINE`, its lines joined with `|`.
fn tab(sandbox: &Sandbox, line: &str) -> String {
    let output = sandbox.run_words(["__complete", "bash", &format!("docker-machine {line}"), BREAKS]).output();
    assert_eq!((output.stderr.as_str(), output.status), ("", Some(0)), "{line}");
    output.stdout.trim_end_matches('\n').replace('\n', "|")
}

#[track_caller]
fn assert_tabs(sandbox: &Sandbox, cases: &[(&str, &str)]) {
    for (line, wanted) in cases {
        assert_eq!(tab(sandbox, line), *wanted, "{line}");
    }
}

#[test]
fn commands_and_names_are_completed() {
    assert_tabs(
        &home(),
        &[
            ("st", "words|start |status |stop "),
            ("rm ", "words|db |web-1 |web-2 "),
            ("rm web-1 w", "words|web-2 "),
            ("env web-1 ", "words"),
            ("ssh w", "words|web-1 |web-2 "),
            ("ssh web-1 ", "words"),
            ("help regen", "words|regenerate-certs "),
            ("completion z", "words|zsh "),
            ("no-such-command ", "words"),
            ("env db > ", "files"),
        ],
    );
}

#[test]
fn flags_are_completed_and_not_offered_twice() {
    assert_tabs(
        &home(),
        &[
            ("--st", "words|--storage-path "),
            ("-s /tmp --st", "words"),
            ("ls -", "words|--filter |--format |--help |--quiet |--timeout |-q |-t |-f |-h "),
            ("ls -q --", "words|--filter |--format |--help |--timeout "),
            ("ls --filter name=x --fi", "words|--filter "),
            ("ls -fi", "words|-filter "),
            ("rm -- -", "words"),
        ],
    );
}

#[test]
fn the_chosen_driver_s_flags_are_completed() {
    let sandbox = home();
    let generic = "words|--generic-engine-port |--generic-ip-address |--generic-ssh-host-key |--generic-ssh-key \
                   |--generic-ssh-port |--generic-ssh-user ";
    assert_tabs(
        &sandbox,
        &[
            ("create -d generic --generic-", generic),
            ("create --driver=generic m --generic-i", "words|--generic-ip-address "),
            ("create -d none --u", "words|--url "),
            ("create --generic-", "words"),
            ("create -d g", "words|generic "),
            #[cfg(feature = "amazonec2")]
            ("create -d amazonec2 --amazonec2-ssh-keyp", "words|--amazonec2-ssh-keypath "),
            #[cfg(feature = "amazonec2")]
            ("create -d amazonec2 --amazonec2-ssh-key-type r", "words|rsa "),
            ("create -d generic --generic-ssh-key ", "files"),
            ("create ", "words"),
        ],
    );
    let words = ["__complete", "zsh", "2", "docker-machine", "create", "--generic-ip"];
    let output = sandbox.run_words(words).env("MACHINE_DRIVER", "generic").output();
    assert!(output.stdout.contains("\n--generic-ip-address\t"), "{output:?}");
}

#[test]
fn values_are_completed() {
    assert_tabs(
        &home(),
        &[
            ("ls --filter ", "words|driver=|label=|name=|state=|swarm="),
            ("ls --filter driver=n", "words|none "),
            ("ls --filter label=t", "words|tier=web "),
            ("ls --filter=name=web", "words|web-1 |web-2 "),
            ("ls --filter state=St", "words|Starting |Stopped |Stopping "),
            ("ls --format=j", "words|json |jsonl "),
            ("ls -t ", "words"),
            ("env --shell f", "words|fish "),
            ("create --engine-storage-driver o", "words|overlay2 "),
            ("rm --force=", "words|true |false "),
            ("-s ", "dirs"),
            ("--tls-ca-cert ", "files"),
        ],
    );
}

/// A home with a machine on EC2 and a configuration of the AWS tools.
#[cfg(feature = "amazonec2")]
fn home_with_ec2() -> Sandbox {
    let sandbox = home();
    add(&sandbox, "aws01", "amazonec2", "192.0.2.1", 22);
    let file = ".docker/machines/aws01/config.json";
    let mut record: serde_json::Value = serde_json::from_str(&sandbox.read(file)).unwrap();
    let more = json!({"InstanceType": "x2gd.medium", "Region": "eu-isoe-west-1", "SecurityGroupNames": ["web", "ci"]});
    record["Driver"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sandbox.write(file, record.to_string());
    sandbox
        .write(".aws/config", "[default]\nregion = us-west-2\n[profile work]\nregion = xx-north-1\n[sso-session s]\n");
    sandbox.write(".aws/credentials", "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n[ci]\n");
    sandbox
}

#[test]
#[cfg(feature = "amazonec2")]
fn values_of_ec2_are_completed_from_what_this_computer_knows() {
    let sandbox = home_with_ec2();
    let create = |rest: &str| tab(&sandbox, &format!("create -d amazonec2 --amazonec2-{rest}"));
    for (rest, wanted) in [
        ("region eu-w", "words|eu-west-1 |eu-west-2 |eu-west-3 "),
        ("region=x", "words|xx-north-1 "),
        ("region eu-i", "words|eu-isoe-west-1 "),
        ("instance-type t4g.m", "words|t4g.medium |t4g.micro "),
        ("instance-type x", "words|x2gd.medium "),
        ("zone ", "words|a |b |c |d |e |f "),
        ("volume-type g", "words|gp2 |gp3 "),
        ("profile ", "words|ci |default |work "),
        ("security-group ", "words|ci |docker-machine |web "),
        ("ssh-user e", "words|ec2-user "),
        ("http-tokens ", "words|optional |required "),
        ("use-private-address=", "words|true |false "),
        ("userdata ", "files"),
        ("root-size ", "words"),
    ] {
        assert_eq!(create(rest), wanted, "{rest}");
    }
    assert_eq!(tab(&sandbox, "gc --region us-g"), "words|us-gov-east-1 |us-gov-west-1 ");

    sandbox.write("elsewhere", "[profile other]\n");
    let line = "docker-machine create -d amazonec2 --amazonec2-profile o";
    let output = sandbox.run_words(["__complete", "bash", line, BREAKS]).env("AWS_CONFIG_FILE", "elsewhere").output();
    assert_eq!(output.stdout, "words\nother \n");
}

#[test]
fn copies_know_machines_and_local_paths() {
    let sandbox = home();
    sandbox.write("data/with blank", "");
    sandbox.write("web.txt", "");
    assert_tabs(
        &sandbox,
        &[
            ("scp web", "words|web-1:|web-2:|web.txt "),
            ("scp root@web-1", "words|root@web-1:"),
            ("scp data/", "files"),
            ("scp web-1:/a d", "words|db:|data/"),
            ("mount d", "words|db:"),
            ("mount db:/srv ", "dirs"),
            ("--tls-ca-key=data/", "words|data/with\\ blank "),
            ("scp a b ", "words"),
        ],
    );
}

#[test]
fn the_store_is_the_one_of_the_line() {
    let sandbox = home();
    sandbox.write("other/machines/elsewhere/config.json", "damaged");
    let line = format!("-s {} rm ", sandbox.path("other").display());
    assert_tabs(&sandbox, &[(&line, "words|elsewhere "), ("-s ~/other rm ", "words|elsewhere ")]);
}

#[test]
fn nobody_is_contacted_unless_states_are_asked_for() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    add(&sandbox, "up", "generic", "127.0.0.1", address.port());
    // Nobody listens there, and nobody else will.
    add(&sandbox, "down", "generic", sandbox.address(), 9);
    assert_tabs(&sandbox, &[("start ", "words|down |up "), ("stop ", "words|down |up "), ("scp u", "words|up:")]);
    let region = ["__complete", "bash", "docker-machine create -d amazonec2 --amazonec2-region us-east-", BREAKS];
    let cloud = sandbox.run_words(region).env("AWS_ENDPOINT_URL", format!("http://{address}")).output();
    assert_eq!(cloud.stdout, "words\nus-east-1 \nus-east-2 \n");
    assert!(listener.accept().is_err(), "a TAB has contacted a machine");

    let states = |line: &str| {
        let words = ["__complete", "bash", &format!("docker-machine {line}"), BREAKS];
        sandbox.run_words(words).env("DOCKER_MACHINE_COMPLETE_STATES", "true").output().stdout
    };
    assert_eq!((states("start ").as_str(), states("stop ").as_str()), ("words\ndown \n", "words\nup \n"));
    assert!(listener.accept().is_ok());
}

#[test]
fn a_machine_that_does_not_answer_is_not_waited_for() {
    let (sandbox, server) = (Sandbox::new(), Sshd::start());
    machine(&sandbox, "web", &server);
    // The connection is made, and nobody ever speaks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let port = |port: u16| format!("\"SSHPort\": {port},");
    let record = sandbox.read("store/machines/web/config.json");
    let record = record.replace(&port(server.port()), &port(silent.local_addr().unwrap().port()));
    sandbox.write("store/machines/web/config.json", record);
    let start = Instant::now();
    assert_eq!(tab(&sandbox, "-s store scp web:/et"), "words");
    // TAB waits for two seconds; the SSH client itself would wait for twenty.
    assert!(start.elapsed() < Duration::from_secs(18), "{:?}", start.elapsed());
    assert!(silent.accept().is_ok(), "nobody was asked");
}

#[test]
fn names_and_flags_are_answered_in_a_moment() {
    let sandbox = Sandbox::new();
    for index in 0..50 {
        add(&sandbox, &format!("m{index}"), "generic", "192.0.2.1", 22);
    }
    let took = |line: &str| {
        let start = Instant::now();
        tab(&sandbox, line);
        start.elapsed()
    };
    // How fast the machine is at the moment is what the bare start of the program takes; other tests run, too, so the
    // fastest of some counts.
    let bare = || {
        let start = Instant::now();
        drop(sandbox.run("version").output());
        start.elapsed()
    };
    for line in ["rm ", "create -d generic --", "create -d amazonec2 --amazonec2-instance-type "] {
        let pairs = (0..20).map(|_| (bare(), took(line)));
        let (bare, fastest) = pairs.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1))).unwrap();
        assert!(fastest < 5 * bare, "{line}: {fastest:?}, bare start {bare:?}");
    }
}

#[test]
fn what_is_no_question_gets_no_answer() {
    let sandbox = home();
    for line in ["__complete", "__complete bash x", "__complete zsh", "__complete zsh 5 a", "__complete tcsh 0 a"] {
        let output = sandbox.run(line).output();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str(), output.status), ("", "", Some(0)), "{line}");
    }
}

#[test]
fn the_files_of_completions_are_what_is_printed() {
    let sandbox = Sandbox::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let mut files = 0;
    for (name, file) in [
        ("bash", "docker-machine.bash"),
        ("fish", "docker-machine.fish"),
        ("powershell", "docker-machine.ps1"),
        ("prompt", "docker-machine-prompt.bash"),
        ("wrapper", "docker-machine-wrapper.bash"),
        ("zsh", "_docker-machine"),
    ] {
        let output = sandbox.run(&format!("completion {name}")).output();
        assert_eq!(output.stdout, std::fs::read_to_string(folder.join(file)).unwrap(), "{name}");
        files += 1;
    }
    assert_eq!(folder.read_dir().unwrap().count(), files, "a file that nothing prints");
}

#[test]
fn manual_pages_are_written_for_man() {
    let sandbox = Sandbox::new();
    let output = sandbox.run("man man1").output();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str(), output.status), ("", "", Some(0)));
    let page = sandbox.read("man1/docker-machine-scp.1");
    assert!(page.starts_with(".ie ") && page.contains("\n.TH docker-machine-scp 1 "), "{page}");
    assert_eq!(sandbox.run("man").output().stdout, sandbox.read("man1/docker-machine.1"));
}
