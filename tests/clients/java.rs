//! `testcontainers-java` and the `docker-maven-plugin`.

use crate::calls::Caller;

#[test]
fn testcontainers() {
    let java = Caller::new(&[]);
    let host = java.lab.host("web").with_docker().up();
    java.create(&host, &[], "default");
    assert_eq!(java.text(&["ls", "-q"]), "default");
    assert!(java.text(&["status", "default"]).eq_ignore_ascii_case("running"));
    assert_eq!(java.text(&["url", "default"]), format!("tcp://{}:2376", host.ip));
    assert_eq!(java.text(&["ip", "default"]), host.ip);
    // Where the containers see the caller.
    let connection = java.text(&["ssh", "default", "echo $SSH_CONNECTION"]);
    let fields: Vec<&str> = connection.split(' ').collect();
    assert_eq!((fields.len(), fields[2]), (4, host.ip.as_str()));
    // It looks for certificates at the original's place, whatever `env` says.
    let certs = java.lab.home.path().join(".docker/machine/certs");
    let mut files: Vec<_> = certs.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.retain(|file| !file.to_string_lossy().starts_with('.'));
    files.sort();
    assert_eq!(files, ["ca-key.pem", "ca.pem", "cert.pem", "key.pem"]);
    let mut curl = java.lab.command("openssl");
    curl.current_dir(&certs).args(["s_client", "-connect", &format!("{}:2376", host.ip), "-verify_return_error"]);
    let handshake = curl.args(["-CAfile", "ca.pem", "-cert", "cert.pem", "-key", "key.pem"]);
    crate::support::run::Run::of(handshake).succeeds().says("Verify return code: 0 (ok)");
}

#[test]
fn docker_maven_plugin() {
    let java = Caller::new(&[]);
    let host = java.lab.host("web").with_docker().up();
    // Status 1 means that there is none, and it is created.
    java.call(&["status", "maven"]).fails(1).complains("does not exist");
    let key = java.lab.key();
    java.text(&["create", "--driver", "generic", "--generic-ip-address", &host.ip, "--generic-ssh-key", &key, "maven"]);
    assert_eq!(java.text(&["status", "maven"]), "Running");
    let printed = java.text(&["env", "maven", "--shell", "cmd"]);
    let set: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("SET ")).collect();
    let folder = java.lab.machine_folder("maven");
    assert_eq!(
        set,
        [
            "DOCKER_TLS_VERIFY=1",
            &format!("DOCKER_HOST=tcp://{}:2376", host.ip),
            &format!("DOCKER_CERT_PATH={}", folder.display()),
            "DOCKER_MACHINE_NAME=maven"
        ]
    );
    java.text(&["regenerate-certs", "-f", "maven"]);
    java.text(&["config", "maven"]);
    host.power(&["stop"]);
    assert_eq!(java.text(&["status", "maven"]), "Stopped");
}
