//! Ports, engine options, and characters that shells and systemd would change.

use crate::support::lab::Lab;

#[test]
fn other_ports_are_used_for_ssh_and_for_the_engine() {
    let lab = Lab::new();
    let host = lab.host("web").option(&["--ssh-port", "2222"]).with_docker().up();
    lab.create(&host, "web", &["--generic-ssh-port", "2222", "--generic-engine-port", "4243"]).succeeds();
    let url = format!("tcp://{}:4243\n", host.ip);
    assert_eq!(lab.run(&["url", "web"]).succeeds().stdout, url);
    lab.docker("web", &["version"]).succeeds();
    assert_eq!(lab.run(&["ssh", "web", "hostname"]).succeeds().stdout, "web\n");
    lab.run(&["restart", "web"]).succeeds().says("Restarting \"web\"...");
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn awkward_characters_in_options_reach_the_daemon_as_they_are() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    lab.create(
        &host,
        "web",
        &[
            "--engine-opt",
            "log-opt=tag={{.Name}}/100%",
            "--engine-opt",
            "exec-opt native.cgroupdriver=cgroupfs",
            "--engine-label",
            "note=a $HOME `id` \"quoted\" 50% \\back",
            "--engine-env",
            "AWKWARD=one two $PATH \"three\" 'four' %n \\five",
            "--engine-env",
            "FTP_PROXY=http://user:p%40ss@proxy.example:3128",
            "--engine-insecure-registry",
            "registry.example:5000",
            "--engine-registry-mirror",
            "https://mirror.example",
            "--engine-storage-driver",
            "overlay2",
            "--tls-san",
            "docker.example",
        ],
    )
    .succeeds();

    let labels = lab.docker("web", &["info", "--format", "{{range .Labels}}{{println .}}{{end}}"]).succeeds().stdout;
    assert!(labels.contains("note=a $HOME `id` \"quoted\" 50% \\back\n"), "{labels}");
    let info = "{{.Driver}} {{.RegistryConfig.Mirrors}} {{.CgroupDriver}}";
    let info = lab.docker("web", &["info", "--format", info]).succeeds().stdout;
    assert_eq!(info, "overlay2 [https://mirror.example/] cgroupfs\n");
    lab.docker("web", &["info"]).succeeds().says("registry.example:5000");

    let environment = host.text("tr '\\0' '\\n' < /proc/$(pidof dockerd)/environ");
    for line in ["AWKWARD=one two $PATH \"three\" 'four' %n \\five", "FTP_PROXY=http://user:p%40ss@proxy.example:3128"]
    {
        assert!(environment.lines().any(|found| found == line), "no {line} in {environment}");
    }
    let arguments = host.text("tr '\\0' '\\n' < /proc/$(pidof dockerd)/cmdline");
    assert!(arguments.lines().any(|word| word == "--log-opt=tag={{.Name}}/100%"), "{arguments}");
    let names = host.text("openssl x509 -in /etc/docker/server.pem -noout -ext subjectAltName");
    for name in ["DNS:docker.example", "DNS:localhost", "DNS:web", &format!("IP Address:{}", host.ip)] {
        assert!(names.contains(name), "no {name} in {names}");
    }
}
