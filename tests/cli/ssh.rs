//! `ssh` and `scp` with stand-ins that print their arguments, and with real servers.

use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::support::Sandbox;
use crate::support::sshd::Sshd;

/// A machine in the store that logs in to a server with its key.
pub(crate) fn machine(sandbox: &Sandbox, name: &str, server: &Sshd) {
    let folder = format!("store/machines/{name}");
    sandbox.write(&format!("{folder}/id_rsa"), std::fs::read(server.path("user")).unwrap());
    let key = sandbox.path(&format!("{folder}/id_rsa"));
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    let (user, port, key) = (Sshd::login(), server.port(), key.display());
    let record = format!(
        r#"{{"ConfigVersion": 3, "DriverName": "generic", "Name": "{name}", "HostOptions": null, "Driver": {{
            "IPAddress": "127.0.0.1", "MachineName": "{name}", "SSHUser": "{user}", "SSHPort": {port},
            "SSHKeyPath": "{key}", "EnginePort": 2376, "SSHKey": ""}}}}"#
    );
    sandbox.write(&format!("{folder}/config.json"), record);
}

/// A home with the machine `web` on a server of its own.
fn web() -> (Sandbox, Sshd) {
    let (sandbox, server) = (Sandbox::new(), Sshd::start());
    machine(&sandbox, "web", &server);
    (sandbox, server)
}

/// Puts stand-ins first in `PATH`: each prints its arguments, a line each, and ends with 7.
fn stand_ins(sandbox: &Sandbox) -> String {
    for program in ["ssh", "scp", "rsync", "sshfs", "fusermount"] {
        let path = format!("bin/{program}");
        sandbox.write(&path, "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexit 7\n");
        std::fs::set_permissions(sandbox.path(&path), PermissionsExt::from_mode(0o755)).unwrap();
    }
    format!("{}:/usr/bin:/bin", sandbox.path("bin").display())
}

#[test]
fn the_users_ssh_gets_the_originals_options_and_the_words_as_they_are() {
    let (sandbox, server) = web();
    let path = stand_ins(&sandbox);
    let seen = sandbox.run("-s store ssh web -L 80:x:80 -- 'echo a  b'").env("PATH", path).output();
    let (home, port, user) = (sandbox.home().display(), server.port(), Sshd::login());
    let folder = format!("{home}/store/machines/web");
    let expected = format!(
        "-F /dev/null -o ConnectionAttempts=3 -o ConnectTimeout=10 -o ControlMaster=no -o ControlPath=none \
         -o LogLevel=quiet -o PasswordAuthentication=no -o ServerAliveInterval=60 \
         -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={folder}/known_hosts -o HostKeyAlias=web \
         {user}@127.0.0.1 -o IdentitiesOnly=yes -i {folder}/id_rsa -p {port} -L 80:x:80 --"
    );
    let expected = expected.replace(' ', "\n") + "\necho a  b\n";
    assert_eq!((seen.stdout, seen.stderr.as_str(), seen.status), (expected, "exit status 7\n", Some(7)));
}

/// Both clients.
const CLIENTS: [&str; 2] = ["-s store", "-s store --native-ssh"];

#[test]
fn output_error_and_status_are_those_of_the_command() {
    let (sandbox, _server) = web();
    for client in CLIENTS {
        sandbox.run(&format!("{client} ssh web 'echo out; echo err >&2; exit 7'")).shows(str![[r#"
out
------- stderr -------
err
exit status 7
[exit status: 7]

"#]]);
        sandbox.run(&format!("{client} ssh web -- echo quiet")).shows(str![[r#"
quiet
[exit status: 0]

"#]]);
    }
}

#[test]
fn the_end_of_input_reaches_the_command() {
    let (sandbox, _server) = web();
    let text = "line\n".repeat(100_000);
    for client in CLIENTS {
        let seen = sandbox.run(&format!("{client} ssh web cat")).stdin(&text).output();
        assert!(seen.stdout == text && seen.status == Some(0), "{client}: {:?} {}", seen.status, seen.stderr);
    }
}

#[test]
fn a_machine_that_is_down_is_not_logged_in_to() {
    let (sandbox, mut server) = web();
    server.stop();
    sandbox.run("-s store ssh web true").shows(str![[r#"
------- stderr -------
Error: Cannot run SSH command: Host "web" is not running
[exit status: 1]

"#]]);
}

#[test]
fn a_wrong_key_is_explained_by_both_clients() {
    let (sandbox, server) = web();
    let other = server.make_key("other", &["-t", "ed25519"]);
    sandbox.write("store/machines/web/id_rsa", std::fs::read(other).unwrap());
    for client in CLIENTS {
        let seen = sandbox.run(&format!("{client} ssh web true")).output();
        assert_eq!(seen.status, Some(255));
        assert!(seen.stderr.contains("does not accept the SSH key"), "{client}: {}", seen.stderr);
    }
}

#[test]
fn a_changed_host_key_is_refused_by_both_clients_and_by_scp() {
    let (sandbox, mut server) = web();
    assert_eq!(sandbox.run("-s store ssh web true").output().status, Some(0));
    assert!(sandbox.read("store/machines/web/known_hosts").starts_with("web ssh-ed25519 "));
    server.reinstall();
    let lines = ["-s store ssh web true", "-s store --native-ssh ssh web true", "-s store scp web:/etc/passwd ."];
    for line in lines {
        let seen = sandbox.run(line).output();
        assert!(seen.status.is_some_and(|status| status != 0), "{line}");
        assert_eq!(seen.stderr.matches("SHA256:").count(), 2, "{line}: {}", seen.stderr);
        assert!(seen.stderr.contains("store/machines/web/known_hosts"), "{line}: {}", seen.stderr);
        assert_eq!(sandbox.run(line).env("MACHINE_SSH_HOST_KEYS", "off").output().status, Some(0), "{line}");
    }
}

#[test]
fn a_terminal_is_there_for_a_shell_and_not_for_a_command() {
    let (sandbox, _server) = web();
    let program = env!("CARGO_BIN_EXE_docker-machine");
    for client in CLIENTS {
        for (words, terminal) in [("'test -t 0 && echo yes'", false), ("-t 'test -t 0 && echo yes'", true)] {
            let line = format!("{program} {client} ssh web {words}");
            let script = std::process::Command::new("script")
                .args(["-qefc", &line, "/dev/null"])
                .current_dir(sandbox.home())
                .env("HOME", sandbox.home())
                .stdin(std::process::Stdio::null())
                .output()
                .expect("script runs");
            let seen = String::from_utf8_lossy(&script.stdout);
            assert_eq!(seen.contains("yes"), terminal, "{line}: {seen}");
        }
    }
}

#[test]
fn machines_with_different_ports_and_keys_copy_to_each_other() {
    let (sandbox, _one) = web();
    let two = Sshd::start();
    machine(&sandbox, "DB-2", &two);
    sandbox.write("tree/sub/file", "text");
    let home = sandbox.home().display();
    for (number, client) in CLIENTS.iter().enumerate() {
        let copy = format!("{client} scp -r web:{home}/tree DB-2:{home}/copy{number}");
        let seen = sandbox.run(&copy).output();
        assert_eq!((seen.stderr.as_str(), seen.status), ("", Some(0)), "{copy}");
        assert_eq!(sandbox.read(&format!("copy{number}/sub/file")), "text");
        let user = Sshd::login();
        let back = format!("{client} scp {user}@DB-2:{home}/copy{number}/sub/file back{number}");
        assert_eq!(sandbox.run(&back).output().status, Some(0), "{back}");
        assert_eq!(sandbox.read(&format!("back{number}")), "text");
    }
}

#[test]
fn without_scp_the_built_in_client_copies() {
    let (sandbox, _server) = web();
    let home = sandbox.home().display();
    sandbox.write("file", "text");
    let seen = sandbox.run(&format!("-s store scp file web:{home}/copy")).env("PATH", "/nowhere").output();
    assert_eq!((seen.stderr.as_str(), seen.status), ("", Some(0)));
    assert_eq!(sandbox.read("copy"), "text");
}

#[test]
fn what_is_missing_is_named_as_before() {
    let (sandbox, _server) = web();
    for (line, text) in [
        ("scp -d a web:b", "You must have a copy of the rsync binary locally to use the --delta option\n"),
        ("mount web:/x /y", "You must have a copy of the sshfs binary locally to use the mount feature\n"),
        ("mount -u web:/x /y", "You must have a copy of the fusermount binary locally to use the unmount option\n"),
    ] {
        let seen = sandbox.run(&format!("-s store {line}")).env("PATH", "/nowhere").output();
        assert_eq!((seen.stderr.as_str(), seen.status), (text, Some(1)), "{line}");
    }
    let seen = sandbox.run("-s store scp nope:a b").output();
    assert!(seen.stderr.starts_with("Error loading host: Docker machine \"nope\" does not exist."));
}

#[test]
fn unmounting_needs_no_record() {
    let sandbox = Sandbox::new();
    let path = stand_ins(&sandbox);
    sandbox.run("mount -u gone:/x /mnt").env("PATH", path).shows(str![[r#"
-u
/mnt
------- stderr -------
exit status 7
[exit status: 7]

"#]]);
}

/// Changes one value in a record.
fn record(sandbox: &Sandbox, name: &str, key: &str, value: &str) {
    let file = format!("store/machines/{name}/config.json");
    let mut record: serde_json::Value = serde_json::from_str(&sandbox.read(&file)).unwrap();
    record["Driver"][key] = value.into();
    sandbox.write(&file, record.to_string());
}

#[test]
fn words_of_a_record_never_become_options_commands_or_lines() {
    let (sandbox, server) = web();
    machine(&sandbox, "db", &server);
    let key = sandbox.path("store/machines/web/id_rsa").display().to_string();
    let command = "touch PWNED";
    for (field, value, why) in [
        ("SSHUser", format!("-oProxyCommand={command}"), "cannot be a login name: it begins with a dash"),
        ("SSHUser", "me\nx".into(), "cannot be a login name: it has a control character in it"),
        ("SSHUser", "evil.example:x".into(), "cannot be a login name: it has ':' in it"),
        (
            "IPAddress",
            format!("-oProxyCommand={command}"),
            "cannot be an address or a host name: it begins with a dash",
        ),
        ("IPAddress", format!("127.0.0.1\nProxyCommand {command}"), "a host name: it has a control character in it"),
        ("IPAddress", "127.0.0.1 x".into(), "cannot be an address or a host name: it has a blank in it"),
        ("SSHKeyPath", format!("{key}\nProxyCommand {command}"), "OpenSSH: it has a control character in it"),
    ] {
        record(&sandbox, "web", field, &value);
        for line in [
            "-s store ssh web uptime",
            "-s store --native-ssh ssh web uptime",
            "-s store scp web:/etc/passwd copy",
            "-s store scp web:/etc/passwd db:/dev/null",
            "-s store scp --delta web:/etc/passwd copy",
        ] {
            let seen = sandbox.run(line).output();
            assert_eq!(seen.status, Some(1), "{line}, {field} {value:?}: {}", seen.stderr);
            assert!(seen.stderr.contains(why), "{line}, {field} {value:?}: {}", seen.stderr);
            assert!(seen.stderr.contains("store/machines/web/config.json"), "{}", seen.stderr);
            assert!(!sandbox.has("PWNED") && !sandbox.has("copy"), "{line}, {field} {value:?}");
        }
        machine(&sandbox, "web", &server);
    }
    assert_eq!(sandbox.run("-s store ssh web true").output().status, Some(0));
}

#[test]
fn words_of_flags_and_variables_never_become_options() {
    let sandbox = Sandbox::new();
    let create = ["-s", "store", "create", "-d", "generic", "--generic-ip-address", "127.0.0.1"];
    let said = |words: &[&str], variable: (&str, &str)| {
        let seen = sandbox.run_words([&create[..], words, &["web"]].concat()).env(variable.0, variable.1).output();
        assert_eq!(seen.status, Some(1), "{words:?} {variable:?}");
        seen.stderr
    };
    let user = "--generic-ssh-user: \"-oProxyCommand=x\" cannot be a login name: it begins with a dash";
    assert!(said(&["--generic-ssh-user=-oProxyCommand=x"], ("X", "")).contains(user));
    assert!(said(&[], ("GENERIC_SSH_USER", "-oProxyCommand=x")).contains(user));
    let host = "--generic-ip-address: \"h\\nProxyCommand\" cannot be an address or a host name";
    assert!(said(&["--generic-ip-address", "h\nProxyCommand"], ("X", "")).contains(host));
    let url = sandbox.run_words(["-s", "store", "create", "-d", "none", "--url", "tcp://h:1\nx", "web"]).output();
    assert!(url.stderr.contains("--url: \"tcp://h:1\\nx\" cannot be an engine's URL"), "{}", url.stderr);
    assert_eq!(sandbox.run("-s store ls -q").output().stdout, "");
}

#[test]
fn a_file_that_looks_like_an_option_is_copied() {
    let (sandbox, _server) = web();
    for (number, name) in ["-oProxyCommand=touch PWNED", "--rsh=touch PWNED"].iter().enumerate() {
        sandbox.write(name, "text");
        for flags in [&["scp"][..], &["scp", "--delta"], &["--native-ssh", "scp"]] {
            let copy = sandbox.path(&format!("copy{number}"));
            let to = format!("web:{}", copy.display());
            let words = [&["-s", "store"], flags, &["--", name, &to]].concat();
            let seen = sandbox.run_words(words).output();
            assert_eq!(seen.status, Some(0), "{flags:?} {name}: {}", seen.stderr);
            assert!(!sandbox.has("PWNED"), "{flags:?} {name}");
            assert_eq!(std::fs::read_to_string(&copy).unwrap(), "text");
            std::fs::remove_file(copy).unwrap();
        }
    }
}

#[test]
fn an_option_is_no_mount_point_and_no_user() {
    let (sandbox, _server) = web();
    let path = stand_ins(&sandbox);
    for line in ["mount -u web:/x -- -oX", "mount -- web:/x -oX"] {
        let seen = sandbox.run(&format!("-s store {line}")).env("PATH", &path).output();
        assert_eq!(seen.stdout.lines().last(), Some("./-oX"), "{line}: {seen:?}");
    }
    for line in ["mount -- -oX@web:/x /y", "scp -- -oX@web:/x y", "scp --delta -- -oX@web:/x y"] {
        let seen = sandbox.run(&format!("-s store {line}")).env("PATH", &path).output();
        let said = "\"-oX\" cannot be a login name: it begins with a dash\n";
        assert_eq!((seen.stdout.as_str(), seen.stderr.as_str()), ("", said), "{line}");
    }
}
