//! Queries: their standard output is what programs parse. What the original prints is in `tests/golden/`.

use serde_json::{Value, json};
use snapbox::str;

use crate::support::Sandbox;
use crate::support::engine::{EngineStub, Pki, modern};

/// A store with three machines of driver `none`: `alpha`, whose engine answers, `beta9` and `beta10`, where nobody
/// listens.
pub(crate) struct Fleet {
    pub(crate) sandbox: Sandbox,
    engine: EngineStub,
    pki: Pki,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let host = sandbox.address().to_owned();
        let pki = Pki::new();
        std::fs::create_dir_all(sandbox.path(".docker/certs")).unwrap();
        pki.write_client_files(&sandbox.path(".docker/certs"));
        let engine = EngineStub::start(&pki, &format!("{host}:2376"), &[&host], modern);
        let fleet = Self { sandbox, engine, pki };
        fleet.add("alpha", &fleet.engine.url(), &[]);
        fleet.add("beta10", &format!("tcp://{host}:9"), &["tier=Web", "app=1"]);
        fleet.add("beta9", &format!("tcp://{host}:9"), &[]);
        fleet
    }

    fn add(&self, name: &str, url: &str, labels: &[&str]) {
        let certs = self.sandbox.path(".docker/certs");
        let folder = self.sandbox.path(&format!(".docker/machines/{name}"));
        let record = json!({
            "ConfigVersion": 3,
            "Driver": {
                "IPAddress": url.trim_start_matches("tcp://"), "MachineName": name, "SSHUser": "", "SSHPort": 0,
                "SSHKeyPath": "", "StorePath": self.sandbox.path(".docker"), "SwarmMaster": false, "SwarmHost": "",
                "SwarmDiscovery": "", "URL": url,
            },
            "DriverName": "none",
            "HostOptions": {
                "Driver": "", "Memory": 0, "Disk": 0,
                "EngineOptions": {"Labels": labels, "TlsVerify": true, "InstallURL": "https://get.docker.com"},
                "SwarmOptions": {"Host": "tcp://0.0.0.0:3376"},
                "AuthOptions": {
                    "CaCertPath": certs.join("ca.pem"), "ClientCertPath": certs.join("cert.pem"),
                    "ClientKeyPath": certs.join("key.pem"), "StorePath": folder,
                },
            },
            "Name": name,
        });
        self.write_record(name, &record);
    }

    fn write_record(&self, name: &str, record: &Value) {
        self.sandbox.write(&format!(".docker/machines/{name}/config.json"), record.to_string());
    }

    fn stdout(&self, line: &str) -> String {
        let output = self.sandbox.run(line).output();
        assert_eq!((output.stderr.as_str(), output.status), ("", Some(0)), "{line}");
        output.stdout
    }
}

#[test]
fn ls_formats_rows_as_the_original_does() {
    let fleet = Fleet::new();
    for (format, expected) in [
        (
            r"{{.Name}}\:{{.DriverName}}\({{.State}}\)",
            "alpha\\:none\\(Running\\)\nbeta9\\:none\\(Running\\)\nbeta10\\:none\\(Running\\)\n",
        ),
        (r"{{.Name | urlquery}},{{.State | urlquery}}\tx", "alpha,Running\tx\nbeta9,Running\tx\nbeta10,Running\tx\n"),
        ("{{.SwarmOptions.Host}}{{.Swarm}}", "tcp://0.0.0.0:3376\ntcp://0.0.0.0:3376\ntcp://0.0.0.0:3376\n"),
    ] {
        assert_eq!(fleet.stdout(&format!("ls -f '{format}'")), expected, "{format}");
    }
    let lines = fleet.stdout("ls -f jsonl --filter name=alpha");
    let row: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(
        (&row["Name"], &row["State"], &row["DockerVersion"]),
        (&json!("alpha"), &json!("Running"), &json!("v29.0.1"))
    );
    assert!(serde_json::from_str::<Vec<Value>>(&fleet.stdout("ls -f json")).unwrap().len() == 3);
    fleet.sandbox.run("ls -f '{{nope .}}'").shows(str![[r#"
------- stderr -------
template: :1: function "nope" not defined
[exit status: 1]

"#]]);
}

#[test]
fn ls_filters_by_driver_state_name_and_label() {
    let fleet = Fleet::new();
    for (filters, expected) in [
        ("", "alpha\nbeta10\nbeta9\n"),
        ("--filter State=Stopped", ""),
        ("--filter NAME=alpha --filter name=9", "alpha\nbeta9\n"),
        ("--filter driver=NONE --filter swarm=", "alpha\nbeta10\nbeta9\n"),
    ] {
        assert_eq!(fleet.stdout(&format!("ls -q {filters}")), expected, "{filters}");
    }
    assert_eq!(fleet.stdout("ls zzz -q"), "alpha\nbeta10\nbeta9\n");
}

#[test]
fn ls_asks_nobody_for_what_is_not_shown() {
    let fleet = Fleet::new();
    let whole = ["ls -q", "ls -f '{{.Name}} {{.URL}} {{.State}}'", "ls -q -f '{{.NAME}'"].map(|line| (line, 0));
    for (line, status) in whole.into_iter().chain([("active", 1)]) {
        let output = fleet.sandbox.run(line).env("DOCKER_HOST", "tcp://10.0.0.1:2376").output();
        assert_eq!(output.status, Some(status), "{line}: {output:?}");
    }
    assert!(fleet.engine.seen().is_empty());
    fleet.stdout("ls -f '{{.DockerVersion}}'");
    assert_eq!(fleet.engine.seen(), ["/version"]);
}

#[test]
fn a_machine_that_does_not_answer_delays_nobody_else() {
    let fleet = Fleet::new();
    // It accepts connections and then says nothing.
    let silent = std::net::TcpListener::bind((fleet.sandbox.address(), 0)).unwrap();
    fleet.add("silent", &format!("tcp://{}", silent.local_addr().unwrap()), &[]);
    // Far more than the others need to answer, on a busy machine too.
    let line = "ls -t 8 -f '{{.Name}} {{.State}} {{.DockerVersion}} {{.ResponseTime.Seconds | printf \"%.0f\"}}'";
    let seen = fleet.stdout(line);
    let rows: Vec<(&str, u64)> = seen
        .lines()
        .map(|line| line.rsplit_once(' ').expect("four columns"))
        .map(|(row, seconds)| (row, seconds.parse().expect("seconds")))
        .collect();
    let [rows @ .., (silent, waited)] = &rows[..] else { panic!("{seen}") };
    assert_eq!((*silent, *waited), ("silent Timeout Unknown", 8));
    assert_eq!(
        rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(),
        ["alpha Running v29.0.1", "beta9 Running Unknown", "beta10 Running Unknown"]
    );
    assert!(rows.iter().all(|(_, seconds)| *seconds < 8), "{seen}");
}

#[test]
fn damaged_records_are_rows() {
    let fleet = Fleet::new();
    fleet.sandbox.write(".docker/machines/cut/config.json", "{\"ConfigVersion\": 3,");
    std::fs::create_dir(fleet.sandbox.path(".docker/machines/empty")).unwrap();
    let url = format!("tcp://{}:9", fleet.sandbox.address());
    fleet.write_record(
        "bare",
        &json!({"ConfigVersion": 3, "Driver": {"URL": url}, "DriverName": "none", "HostOptions": null, "Name": "bare"}),
    );
    fleet.write_record(
        "plugin",
        &json!({"ConfigVersion": 3, "Driver": {}, "DriverName": "nosuch", "HostOptions": {}, "Name": "plugin"}),
    );
    fleet
        .sandbox
        .run("ls -f '{{.Name}}|{{.Active}}|{{.DriverName}}|{{.State}}|{{.DockerVersion}}|{{.Error}}'")
        .shows(str![[r#"
alpha|-|none|Running|v29.0.1|
bare|-|none|Running|Unknown|Unable to query docker version: Unable to read TLS config: open $HOME/.docker/machines/bare/ca.pem: no such file or directory
beta9|-|none|Running|Unknown|Unable to query docker version: Cannot connect to the docker engine endpoint
beta10|-|none|Running|Unknown|Unable to query docker version: Cannot connect to the docker engine endpoint
cut||not found|Error||Error getting migrated host: unexpected end of JSON input
empty||not found|Error||open $HOME/.docker/machines/empty/config.json: no such file or directory
plugin|-|not-found|Error|Unknown|Driver "nosuch" not found. Do you have the plugin binary accessible in your PATH?
[exit status: 0]

"#]]);
    fleet.sandbox.run("ls -f '{{.Name}} {{.EngineOptions.Labels}}' --filter name=cut").shows(str![[r#"
cut 
[exit status: 0]

"#]]);
    assert_eq!(fleet.stdout("ls -q --filter label=a=b"), "");
    assert_eq!(fleet.stdout("ls -q --filter driver=none"), "alpha\nbare\nbeta10\nbeta9\n");
}

#[test]
fn active_is_the_machine_that_docker_host_names() {
    let fleet = Fleet::new();
    fleet.sandbox.run("active").env("DOCKER_HOST", fleet.engine.url()).shows(str![[r#"
alpha
[exit status: 0]

"#]]);
    for docker_host in ["", "tcp://10.0.0.1:2376"] {
        fleet.sandbox.run("active").env("DOCKER_HOST", docker_host).shows(str![[r#"
------- stderr -------
No active host found
[exit status: 1]

"#]]);
    }
    fleet.sandbox.run("active alpha").shows(str![[r#"
------- stderr -------
Error: Too many arguments given
[exit status: 1]

"#]]);
}

#[test]
fn inspect_prints_the_record_or_fills_in_a_template() {
    let fleet = Fleet::new();
    let record: Value = serde_json::from_str(&fleet.stdout("inspect alpha")).unwrap();
    assert_eq!(record["Driver"]["IPAddress"], format!("{}:2376", fleet.sandbox.address()));
    assert_eq!(
        record.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["ConfigVersion", "Driver", "DriverName", "HostOptions", "Name"]
    );
    for (format, expected) in [
        (
            "{{.Driver.URL}} {{.ConfigVersion}} {{json .HostOptions.EngineOptions.Labels}}",
            "tcp://127.AA.B.CC:9 3 [\"tier=Web\",\"app=1\"]\n",
        ),
        ("{{index .HostOptions.EngineOptions.Labels 1}}", "app=1\n"),
    ] {
        let seen = fleet.stdout(&format!("inspect beta10 -f '{format}'"));
        assert_eq!(fleet.sandbox.anonymous(&seen), expected);
    }
    fleet.sandbox.run("inspect -f '{{nope .X \",\"}}' alpha").shows(str![[r#"
------- stderr -------
template parsing error: template: :1: function "nope" not defined
[exit status: 1]

"#]]);
    fleet.sandbox.run("inspect nope").shows(str![[r#"
------- stderr -------
Docker machine "nope" does not exist. Use "docker-machine ls" to list machines. Use "docker-machine create" to add a new one.
[exit status: 1]

"#]]);
}

#[test]
fn status_url_and_ip_are_one_line_each() {
    let fleet = Fleet::new();
    assert_eq!(fleet.stdout("status alpha"), "Running\n");
    let host = fleet.sandbox.address();
    assert_eq!(fleet.stdout("url alpha"), format!("tcp://{host}:2376\n"));
    assert_eq!(fleet.stdout("ip alpha"), format!("{host}:2376\n"));
    assert_eq!(fleet.stdout("ip beta9 alpha beta9"), format!("{host}:9\n{host}:2376\n"));
    fleet.sandbox.run("status").shows(str![[r#"
------- stderr -------
Error: No machine name(s) specified and no "default" machine exists
[exit status: 1]

"#]]);
    fleet.sandbox.run("ip alpha nope ../certs").shows(str![[r#"
------- stderr -------
Docker machine "nope" does not exist. Use "docker-machine ls" to list machines. Use "docker-machine create" to add a new one.
Docker machine "../certs" does not exist. Use "docker-machine ls" to list machines. Use "docker-machine create" to add a new one.
[exit status: 1]

"#]]);
}

#[test]
fn version_asks_the_engine() {
    let fleet = Fleet::new();
    assert_eq!(fleet.stdout("version alpha"), "29.0.1\n");
    fleet.sandbox.run("version beta9").shows(str![[r#"
------- stderr -------
Unable to query docker version: Cannot connect to the docker engine endpoint
[exit status: 1]

"#]]);
    std::fs::remove_file(fleet.sandbox.path(".docker/certs/key.pem")).unwrap();
    fleet.sandbox.run("version alpha").shows(str![[r#"
------- stderr -------
Unable to query docker version: Unable to read TLS config: open $HOME/.docker/certs/key.pem: no such file or directory
[exit status: 1]

"#]]);
}

#[test]
fn config_is_made_for_the_docker_cli() {
    let fleet = Fleet::new();
    fleet.sandbox.run("config alpha extra").env("MACHINE_CONFIG_QUOTES", "always").shows(str![[r#"
--tlsverify
--tlscacert="$HOME/.docker/machines/alpha/ca.pem"
--tlscert="$HOME/.docker/machines/alpha/cert.pem"
--tlskey="$HOME/.docker/machines/alpha/key.pem"
-H=tcp://127.AA.B.CC:2376
[exit status: 0]

"#]]);
    fleet.sandbox.run("config beta9").shows(str![[r#"
------- stderr -------
Error running connection boilerplate: Error checking and/or regenerating the certs: There was an error validating certificates for host "127.AA.B.CC:9": dial tcp 127.AA.B.CC:9: connect: connection refused
You can attempt to regenerate them using 'docker-machine regenerate-certs [name]'.
Be advised that this will trigger a Docker daemon restart which might stop running containers.

[exit status: 1]

"#]]);
    fleet.sandbox.run("config --swarm alpha").shows(str![[r#"
------- stderr -------
Error running connection boilerplate: "alpha" is not a swarm master. The --swarm flag is intended for use with swarm masters
[exit status: 1]

"#]]);
}

#[test]
fn env_takes_the_variables_away() {
    let sandbox = Sandbox::new();
    sandbox.run("env -u --no-proxy").env("no_proxy", "localhost").shows(str![[r#"
unset DOCKER_TLS_VERIFY
unset DOCKER_HOST
unset DOCKER_CERT_PATH
unset DOCKER_MACHINE_NAME
unset no_proxy
# Run this command to configure your shell: 
# eval $(docker-machine env -u --no-proxy)
[exit status: 0]

"#]]);
    sandbox.run("env a b").shows(str![[r#"
------- stderr -------
Error: Expected one machine name as an argument
[exit status: 1]

"#]]);
}

#[test]
fn env_refuses_an_engine_that_cannot_be_trusted() {
    let fleet = Fleet::new();
    let moved = EngineStub::start(&fleet.pki, &format!("{}:0", fleet.sandbox.address()), &["10.0.0.1"], modern);
    fleet.add("moved", &moved.url(), &[]);
    let refusal = |name: &str, url: &str, reason: &str| {
        let host = url.strip_prefix("tcp://").expect("an engine's address");
        let said = format!(
            "Error checking TLS connection: Error checking and/or regenerating the certs: There was an error validating \
             certificates for host \"{host}\": x509: {reason}\nYou can attempt to regenerate them using 'docker-machine \
             regenerate-certs [name]'.\nBe advised that this will trigger a Docker daemon restart which might stop running \
             containers.\n\n"
        );
        let output = fleet.sandbox.run(&format!("env {name}")).output();
        assert_eq!((output.stdout, output.stderr, output.status), (String::new(), said, Some(1)));
    };
    let certified = format!("certificate is valid for 10.0.0.1, not {}", fleet.sandbox.address());
    refusal("moved", &moved.url(), &certified);
    let host = fleet.sandbox.address();
    let foreign = EngineStub::start(&Pki::new(), &format!("{host}:0"), &[host], modern);
    fleet.add("foreign", &foreign.url(), &[]);
    refusal("foreign", &foreign.url(), "certificate signed by unknown authority");
}

#[test]
fn env_checks_the_certificates_that_it_names() {
    let fleet = Fleet::new();
    // The machine's own copies are those of another CA: the docker CLI would fail with them.
    Pki::new().write_client_files(&fleet.sandbox.path(".docker/machines/alpha"));
    let output = fleet.sandbox.run("env alpha").output();
    assert_eq!((output.stdout.as_str(), output.status), ("", Some(1)));
    assert!(output.stderr.contains("x509: certificate signed by unknown authority"), "{}", output.stderr);
    fleet.pki.write_client_files(&fleet.sandbox.path(".docker/machines/alpha"));
    assert!(fleet.stdout("env alpha").starts_with("export DOCKER_TLS_VERIFY=\"1\"\n"));
}
