//! Programs that keep fleets: docker-machine-operator, machinery, desktop front ends, Salt.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

use crate::calls::Caller;

/// `kluster-api/docker-machine-operator`.
#[test]
fn operator() {
    let operator = Caller::new(&[]);
    let host = operator.lab.host("web").with_docker().up();
    operator.create(&host, &[], "node");
    // A second `create` is no error to it.
    operator
        .call(&["create", "--driver", "none", "--url", "tcp://127.0.0.1:9", "node"])
        .fails(1)
        .complains("already exists");
    let folder = operator.lab.home.path().join("fetched");
    std::fs::create_dir(&folder).unwrap();
    operator.text(&["scp", "root@node:/etc/hostname", folder.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(folder.join("hostname")).unwrap(), "node\n");
    operator.text(&["rm", "node", "-y"]);
}

/// `efrecon/machinery`: a store of its own, options and tables parsed, several kinds of SSH.
#[test]
fn machinery() {
    let machinery = Caller::new(&[]);
    let store = machinery.lab.home.path().join("store").display().to_string();
    let call = |words: &[&str]| machinery.lab.run(&[&["-s", &store], words].concat());
    let host = machinery.lab.host("web").with_docker().up();

    // What a driver needs, from the help that an incomplete `create` prints.
    let help = call(&["create", "-d", "generic"]).fails(1).stdout;
    let options: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("   --"))
        .filter_map(|line| line.split([' ', '\t', ',']).next())
        .collect();
    assert!(["generic-ip-address", "generic-ssh-key", "engine-label"].iter().all(|name| options.contains(name)));

    let create = machinery.options(&host);
    let create: Vec<&str> = create.iter().map(String::as_str).collect();
    call(&[&["create", "-d", "generic"], &create[..], &["web"]].concat()).succeeds().quietly();
    let table = call(&["ls"]).succeeds().quietly().stdout;
    let row = &rows_by_header(&table)[0];
    let url = format!("tcp://{}:2376", host.ip);
    for (column, cell) in [("NAME", "web"), ("DRIVER", "generic"), ("STATE", "Running"), ("URL", url.as_str())] {
        assert_eq!(row[column], cell, "{table}");
    }
    assert!(call(&["env", "--shell", "sh", "web"]).succeeds().quietly().stdout.contains(&url));
    assert_eq!(call(&["ip", "web"]).succeeds().quietly().stdout.trim(), host.ip);
    call(&["inspect", "web"]).succeeds().quietly();
    for native in [&[][..], &["--native-ssh"]] {
        let words = [native, &["ssh", "web", "uname -s"]].concat();
        assert_eq!(call(&words).succeeds().quietly().stdout, "Linux\n");
    }
    let sent = machinery.lab.home.path().join("sent");
    std::fs::write(&sent, "hello\n").unwrap();
    call(&["scp", sent.to_str().unwrap(), "web:/root/sent"]).succeeds();
    assert_eq!(host.text("cat /root/sent"), "hello");
    call(&["restart", "web"]).succeeds().quietly();
    call(&["upgrade", "web"]).succeeds().quietly();
    call(&["rm", "-y", "web"]).succeeds().quietly();
    // A store that was named is the only one that is touched.
    assert!(!machinery.lab.home.path().join(".docker").exists());
}

/// A table, cut at the places where its headings begin.
fn rows_by_header(table: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = table.lines();
    let header = lines.next().expect("a header");
    let starts: Vec<usize> = header
        .char_indices()
        .filter(|(at, char)| *char != ' ' && (*at == 0 || header.as_bytes()[at - 1] == b' '))
        .map(|(at, _)| at)
        .collect();
    let cut = |line: &'_ str| -> Vec<(usize, usize)> {
        let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
        starts.iter().copied().zip(ends).map(|(start, end)| (start.min(line.len()), end.min(line.len()))).collect()
    };
    let titles: Vec<&str> = cut(header).into_iter().map(|(start, end)| header[start..end].trim()).collect();
    lines
        .map(|line| {
            titles.iter().copied().zip(cut(line).into_iter().map(|(start, end)| line[start..end].trim())).collect()
        })
        .collect()
}

/// Salt's `dockermod` opens the files that the record names; a desktop front end answers the question with `y`;
/// Kitematic asks for debug output.
#[test]
fn salt_and_desktops() {
    let desktop = Caller::new(&[]);
    let host = desktop.lab.host("web").with_docker().up();
    let options = desktop.options(&host);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    desktop.call(&[&["-D", "create", "--driver", "generic"], &options[..], &["web"]].concat()).succeeds();
    let record = desktop.inspect("web");
    for file in ["ClientCertPath", "ClientKeyPath", "CaCertPath"] {
        let path = record["HostOptions"]["AuthOptions"][file].as_str().unwrap();
        assert!(path.starts_with('/') && std::fs::read(path).is_ok(), "{file}: {path}");
    }
    assert!(desktop.text(&["ssh", "web", "df"]).contains("Filesystem"));

    let before = std::fs::read(desktop.lab.machine_folder("web").join("server.pem")).unwrap();
    let mut command = desktop.lab.command(crate::support::lab::PROGRAM);
    command.args(["regenerate-certs", "web"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"y\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    assert_ne!(std::fs::read(desktop.lab.machine_folder("web").join("server.pem")).unwrap(), before);
    desktop.text(&["config", "web"]);
}
