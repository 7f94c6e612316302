//! `provision`, `regenerate-certs`, `upgrade`, and stores that the original wrote.

use crate::support::lab::Lab;
use crate::support::run::Run;

#[test]
fn a_second_provision_changes_nothing_and_restarts_nothing() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    lab.create(&host, "web", &["--engine-label", "a=b"]).succeeds();
    let files = "pidof dockerd; ls -l --time-style=full-iso /etc/docker /etc/systemd/system/docker.service.d; \
                 stat -c %y /etc/hosts /etc/hostname";
    let before = host.text(files);
    lab.run(&["provision", "web"]).succeeds().quietly().says("Waiting for SSH to be available...");
    assert_eq!(host.text(files), before);
}

#[test]
fn a_provision_after_a_failed_create_ends_well_only_when_the_engine_can_be_reached() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    let firewall = |verb: &str| host.sh(&format!("iptables {verb} INPUT -p tcp --dport 2376 -j REJECT")).succeeds();
    firewall("-I");
    let blocked = "hint: Docker listens on port 2376 of the host, but the port cannot be reached from here\n";
    lab.create(&host, "web", &[]).fails(1).complains("Error checking the host: ").complains(blocked);
    lab.run(&["provision", "web"]).fails(1).complains("Error checking the host: ").complains(blocked);
    firewall("-D");
    lab.run(&["provision", "web"]).succeeds().quietly().says("Docker is up and running!\n");
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn regenerate_certs_gives_new_certificates_and_a_working_connection() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    let serial = "openssl x509 -in /etc/docker/server.pem -noout -serial";
    let before = host.text(serial);
    lab.run(&["regenerate-certs", "-f", "web"]).succeeds().quietly().says("Regenerating TLS certificates\n");
    assert_ne!(host.text(serial), before);
    lab.docker("web", &["version"]).succeeds();

    let client = lab.home.path().join(".docker/certs/cert.pem");
    let old_client = std::fs::read(&client).expect("the client certificate");
    lab.run(&["regenerate-certs", "-f", "--client-certs", "web"]).succeeds().says("Regenerating local certificates\n");
    assert_ne!(std::fs::read(&client).expect("the client certificate"), old_client);
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn upgrade_of_two_machines_at_once_leaves_both_working() {
    let lab = Lab::new();
    let (web, db) = (lab.host("web").with_docker().up(), lab.host("db").with_docker().up());
    lab.create(&web, "web", &[]).succeeds();
    lab.create(&db, "db", &[]).succeeds();
    lab.run(&["upgrade", "web", "db"]).succeeds().says("Upgrading docker...").says("Docker on \"db\" stays ");
    lab.docker("web", &["version"]).succeeds();
    lab.docker("db", &["version"]).succeeds();
}

#[test]
fn a_store_of_the_original_is_taken_over_with_its_rsa_authority() {
    let lab = Lab::new();
    let root = lab.home.path().join(".docker/machine");
    let certs = root.join("certs");
    std::fs::create_dir_all(&certs).expect("the original's folders");
    std::fs::create_dir_all(root.join("machines")).expect("the original's folders");
    make_rsa_authority(&certs);

    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    assert!(root.join("machines/web/config.json").exists(), "the original's root is used");
    lab.docker("web", &["version"]).succeeds();
    let issuer = host.text("openssl x509 -in /etc/docker/server.pem -noout -issuer -nameopt RFC2253");
    assert_eq!(issuer, "issuer=O=tester");
    lab.run(&["regenerate-certs", "-f", "web"]).succeeds();
    lab.docker("web", &["version"]).succeeds();
}

/// A CA and a client certificate as the original makes them: RSA 2048, PKCS#1, organisation only.
fn make_rsa_authority(certs: &std::path::Path) {
    let script = r#"
        openssl genrsa -traditional -out ca-key.pem 2048
        openssl req -x509 -new -key ca-key.pem -sha256 -days 1080 -subj /O=tester -out ca.pem \
            -addext 'keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement,keyCertSign'
        openssl genrsa -traditional -out key.pem 2048
        openssl req -new -key key.pem -subj '/O=tester.<bootstrap>' -out client.csr
        printf 'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n' > ext
        openssl x509 -req -in client.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 1080 -extfile ext -out cert.pem
        rm client.csr ext ca.srl
        chmod 600 ca-key.pem key.pem"#;
    Run::of(std::process::Command::new("sh").args(["-euc", script]).current_dir(certs)).succeeds();
}
