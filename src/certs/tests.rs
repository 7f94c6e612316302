//! Certificates as their users see them; `openssl` is the second opinion.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::clock;
use crate::console::Console;

const DAY: Duration = Duration::from_secs(24 * 3600);

struct Bench {
    _root: TempDir,
    store: Store,
    paths: CertPaths,
    identity: Identity,
    console: Console,
}

impl Bench {
    fn new(key_type: KeyType) -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Store::new(root.path().join("st"));
        let paths = CertPaths::for_create(&store, &Globals::default());
        let identity = Identity { user: "alice".into(), key_type };
        Self { _root: root, store, paths, identity, console: Console::captured(&[]) }
    }

    async fn ensure(&self) -> Result<()> {
        ensure(&self.console, &self.store, &self.paths, &self.identity).await
    }

    async fn renew(&self, what: Renew) -> Result<()> {
        renew(&self.console, &self.store, &self.paths, &self.identity, what).await
    }

    fn issue(&self, sans: &[&str], swarm_master: bool) -> Issued {
        let sans = sans.iter().map(|san| (*san).to_owned()).collect();
        let name = "web-1".parse().unwrap();
        issue_server(&self.paths, &self.identity, &ServerRequest { name: &name, sans, swarm_master }).unwrap()
    }

    /// What was said since the last call, without the root.
    fn said(&self) -> String {
        self.console.captured_text().0.replace(self.store.root().to_str().unwrap(), "<STORE>")
    }

    /// Replaces CA or client by one that ended yesterday, self-signed.
    fn expire(&self, cert: &Path, key: &Path) {
        self.replace(cert, key, clock::now() - DAY);
    }

    fn replace(&self, cert: &Path, key: &Path, not_after: std::time::SystemTime) {
        let (pair, key_pem) = KeyType::Ecdsa.generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.not_after = not_after.into();
        fs::write(cert, params.self_signed(&pair).unwrap().pem()).unwrap();
        fs::write(key, key_pem).unwrap();
    }

    fn client_fits(&self) -> bool {
        let trust = CaVerifier::of(&fs::read(&self.paths.ca).unwrap()).unwrap();
        trust.accepts_client(&fs::read(&self.paths.client).unwrap(), clock::now())
    }
}

fn openssl(args: &[&str]) -> String {
    let output = Command::new("openssl").args(args).output().expect("openssl is installed: see tests/setup");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {args:?}: {text}");
    text
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn the_first_call_makes_everything_and_the_second_nothing() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    let said = "Creating CA: <STORE>/certs/ca.pem\nCreating client certificate: <STORE>/certs/cert.pem\n";
    assert_eq!(bench.said(), said);
    let read = || [&bench.paths.ca, &bench.paths.ca_key, &bench.paths.client].map(|path| fs::read(path).unwrap());
    let before = read();
    bench.ensure().await.unwrap();
    assert_eq!((bench.said(), read()), (said.to_owned(), before));
    assert!(bench.client_fits());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let paths = &bench.paths;
    assert_eq!(
        [&paths.ca, &paths.ca_key, &paths.client, &paths.client_key].map(|path| mode(path)),
        [0o644, 0o600, 0o644, 0o600]
    );
    assert_eq!(mode(&paths.cert_dir), 0o700);
    assert!(fs::read_to_string(&paths.ca_key).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

#[tokio::test]
async fn certificates_say_what_the_table_says() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    let server = bench.issue(&["*.example", "10.1.2.3", "::1", "localhost", "10.1.2.3"], false);
    let info = inspect(server.cert_pem.as_bytes()).unwrap();
    assert_eq!(info.sans, ["*.example", "10.1.2.3", "::1", "localhost", "web-1", "127.0.0.1"]);
    let now = clock::now();
    let near = |a: std::time::SystemTime, b: std::time::SystemTime| {
        a.duration_since(b).or_else(|e| Ok::<_, ()>(e.duration())).unwrap() < Duration::from_secs(60)
    };
    assert!(near(info.not_before, now - DAY) && near(info.not_after, now + 1080 * DAY));
    let ca = inspect(&fs::read(&bench.paths.ca).unwrap()).unwrap();
    assert!(near(ca.not_before, now - DAY - Duration::from_secs(3600)) && near(ca.not_after, now + 3652 * DAY));

    let file = bench.paths.cert_dir.join("server.pem");
    fs::write(&file, &server.cert_pem).unwrap();
    let show = |path: &Path| openssl(&["x509", "-noout", "-text", "-nameopt", "RFC2253", "-in", text(path)]);
    let ca_text = show(&bench.paths.ca);
    for part in ["CA:TRUE\n", "Digital Signature, Certificate Sign, CRL Sign", "CN=docker-machine CA ", ",O=alice"] {
        assert!(ca_text.contains(part), "{part} in {ca_text}");
    }
    let client_text = show(&bench.paths.client);
    for part in ["CN=docker-machine client,O=alice.\\<bootstrap\\>", "CA:FALSE", "TLS Web Client Authentication"] {
        assert!(client_text.contains(part), "{part} in {client_text}");
    }
    let server_text = show(&file);
    for part in ["Subject: CN=web-1,O=alice.web-1\n", "TLS Web Server Authentication\n", "Authority Key Identifier"] {
        assert!(server_text.contains(part), "{part} in {server_text}");
    }
    for path in [&bench.paths.client, &file] {
        openssl(&["verify", "-x509_strict", "-CAfile", text(&bench.paths.ca), text(path)]);
    }
}

#[tokio::test]
async fn rsa_on_request_has_the_original_s_form() {
    let bench = Bench::new(KeyType::Rsa);
    bench.ensure().await.unwrap();
    assert!(fs::read_to_string(&bench.paths.ca_key).unwrap().starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    let server = bench.issue(&["10.0.0.1"], true);
    assert!(server.key_pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert!(bench.client_fits(), "what was written in PKCS#1 is read again");
    let file = bench.paths.cert_dir.join("server.pem");
    fs::write(&file, &server.cert_pem).unwrap();
    let shown = openssl(&["x509", "-noout", "-text", "-in", text(&file)]);
    assert!(shown.contains("TLS Web Server Authentication, TLS Web Client Authentication"), "{shown}");
    assert!(shown.contains("Digital Signature, Key Encipherment"), "{shown}");
}

#[tokio::test]
async fn a_ca_without_a_key_identifier_gets_leaves_without_one() {
    let bench = Bench::new(KeyType::Ecdsa);
    fs::create_dir_all(&bench.paths.cert_dir).unwrap();
    let (ca, key) = (text(&bench.paths.ca), text(&bench.paths.ca_key));
    let config = bench.paths.cert_dir.join("openssl.cnf");
    let extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,digitalSignature\n\
                      subjectKeyIdentifier=none\nauthorityKeyIdentifier=none";
    fs::write(&config, format!("[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\n{extensions}\n")).unwrap();
    let made = [
        &["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=alice", "-days", "100", "-sha256"][..],
        &["-config", text(&config), "-keyout", key, "-out", ca],
    ];
    openssl(&made.concat());
    bench.ensure().await.unwrap();
    assert!(!bench.said().contains("Creating CA"), "the CA that is there is used");
    let shown = openssl(&["x509", "-noout", "-text", "-in", text(&bench.paths.client)]);
    assert!(!shown.contains("Authority Key Identifier"), "{shown}");
    openssl(&["verify", "-CAfile", ca, text(&bench.paths.client)]);
    let ends = |path: &Path| inspect(&fs::read(path).unwrap()).unwrap().not_after;
    assert_eq!(ends(&bench.paths.client), ends(&bench.paths.ca), "no leaf outlives its CA");
}

#[tokio::test]
async fn an_expired_ca_takes_the_client_certificate_with_it() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    let before = bench.said();
    bench.expire(&bench.paths.ca, &bench.paths.ca_key);
    bench.ensure().await.unwrap();
    let said = "CA certificate is outdated and needs to be regenerated\nCreating CA: <STORE>/certs/ca.pem\n\
                Client certificate is not of the present CA and needs to be regenerated\n\
                Creating client certificate: <STORE>/certs/cert.pem\n";
    assert_eq!(bench.said().strip_prefix(&before).unwrap(), said);
    assert!(bench.client_fits());
}

#[tokio::test]
async fn an_expired_or_foreign_client_certificate_is_made_anew() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    bench.expire(&bench.paths.client, &bench.paths.client_key);
    bench.ensure().await.unwrap();
    assert!(bench.said().contains("Client certificate is outdated and needs to be regenerated\n"));
    assert!(bench.client_fits());

    let other = Bench::new(KeyType::Ecdsa);
    other.ensure().await.unwrap();
    fs::copy(&other.paths.client, &bench.paths.client).unwrap();
    fs::copy(&other.paths.client_key, &bench.paths.client_key).unwrap();
    assert!(!bench.client_fits());
    bench.ensure().await.unwrap();
    assert!(bench.client_fits());
    fs::copy(&other.paths.client_key, &bench.paths.client_key).unwrap();
    bench.ensure().await.unwrap();
    assert_ne!(fs::read(&other.paths.client_key).unwrap(), fs::read(&bench.paths.client_key).unwrap());
}

#[tokio::test]
async fn asking_for_new_certificates_gives_new_ones() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    let read = || [&bench.paths.ca, &bench.paths.client].map(|path| fs::read(path).unwrap());
    let first = read();
    bench.renew(Renew::Client).await.unwrap();
    let second = read();
    assert!(second[0] == first[0] && second[1] != first[1] && bench.client_fits());
    bench.renew(Renew::Authority).await.unwrap();
    assert!(read()[0] != second[0] && bench.client_fits());
}

#[tokio::test]
async fn a_ca_that_is_about_to_end_is_used_until_the_client_asks_for_a_new_certificate() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    bench.replace(&bench.paths.ca, &bench.paths.ca_key, clock::now() + 20 * DAY);
    let ends_soon = || inspect(&fs::read(&bench.paths.ca).unwrap()).unwrap().expires_soon(clock::now()).is_some();
    bench.ensure().await.unwrap();
    assert!(ends_soon() && bench.client_fits());
    bench.renew(Renew::Client).await.unwrap();
    assert!(!ends_soon() && bench.client_fits());
}

#[tokio::test]
async fn keys_without_certificates_and_rubbish_are_refused_in_the_original_s_words() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    let (ca, client) = (fs::read(&bench.paths.ca).unwrap(), fs::read(&bench.paths.client).unwrap());
    let failure = async || bench.ensure().await.unwrap_err().message().replace(text(bench.store.root()), "<STORE>");

    fs::remove_file(&bench.paths.client).unwrap();
    assert_eq!(failure().await, "Error generating certificates: client key already exists");
    fs::write(&bench.paths.client, client).unwrap();
    fs::remove_file(&bench.paths.ca).unwrap();
    assert_eq!(failure().await, "Error generating certificates: certificate authority key already exists");
    fs::write(&bench.paths.ca, "rubbish").unwrap();
    assert_eq!(failure().await, "Error generating certificates: Failed to decode PEM data");
    let advice = format!("{} is damaged: put it back, or move it and", bench.paths.ca.display());
    assert!(bench.ensure().await.unwrap_err().hints()[0].starts_with(&advice));
    fs::write(&bench.paths.ca, ca).unwrap();
    fs::remove_file(&bench.paths.ca_key).unwrap();
    let text =
        "Error generating certificates: <STORE>/certs/ca.pem is there, but its key <STORE>/certs/ca-key.pem is not";
    assert_eq!(failure().await, text);
    for file in [&bench.paths.ca, &bench.paths.client, &bench.paths.client_key] {
        fs::remove_file(file).unwrap();
    }
    bench.ensure().await.unwrap();
    assert!(bench.client_fits(), "whoever moves the files away gets new ones");
}

#[tokio::test]
async fn a_client_certificate_that_a_flag_names_is_never_replaced() {
    let (bench, other) = (Bench::new(KeyType::Ecdsa), Bench::new(KeyType::Ecdsa));
    other.ensure().await.unwrap();
    let globals = Globals {
        tls_client_cert: Some(other.paths.client.clone()),
        tls_client_key: Some(other.paths.client_key.clone()),
        ..Default::default()
    };
    let paths = CertPaths::for_create(&bench.store, &globals);
    let before = fs::read(&other.paths.client).unwrap();
    bench.ensure().await.unwrap();
    let error = ensure(&bench.console, &bench.store, &paths, &bench.identity).await.unwrap_err();
    assert!(error.message().contains("is not signed by"), "{error}");
    assert_eq!(fs::read(&other.paths.client).unwrap(), before);
}

#[tokio::test]
async fn a_new_ca_names_the_machines_that_do_not_know_it() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    let name: crate::store::Name = "web".parse().unwrap();
    let path = |path: &Path| text(path).to_owned();
    let auth = AuthOptions {
        ca_cert_path: path(&bench.paths.ca),
        server_cert_path: path(&bench.store.folder(&name).join("server.pem")),
        ..Default::default()
    };
    let options = crate::store::HostOptions { auth_options: Some(auth), ..Default::default() };
    let record = crate::store::Record {
        config_version: 3,
        driver: serde_json::json!({}),
        name: "web".into(),
        host_options: Some(options),
        ..Default::default()
    };
    let claim = bench.store.claim(&bench.console, &name).unwrap();
    claim.begin(&record).unwrap();
    claim.finish().unwrap();
    bench.renew(Renew::Authority).await.unwrap();
    assert_eq!(bench.console.captured_text().1, "", "nothing was provisioned yet");
    fs::write(bench.store.folder(&name).join("server.pem"), "").unwrap();
    bench.renew(Renew::Authority).await.unwrap();
    let warning = "The CA is new: the engines of web do not know it yet. Run: docker-machine regenerate-certs web\n";
    assert_eq!(bench.console.captured_text().1, warning);
}

#[tokio::test]
async fn the_end_is_announced_thirty_days_ahead() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    let info = inspect(&fs::read(&bench.paths.client).unwrap()).unwrap();
    let before = |days: u32| info.not_after - days * DAY;
    let cases = [(31, None), (30, None), (29, Some(29)), (1, Some(1)), (0, Some(0))];
    assert_eq!(cases.map(|(days, _)| (days, info.expires_soon(before(days)))), cases);
    let auth = AuthOptions { client_cert_path: text(&bench.paths.client).to_owned(), ..Default::default() };
    let warnings = |days| expiry_warnings(&"web".parse().unwrap(), &auth, before(days));
    assert!(warnings(31).is_empty());
    let path = bench.paths.client.display();
    let sentence = "ends in 12 days; it is renewed by: docker-machine regenerate-certs --client-certs web";
    assert_eq!(warnings(12), [format!("The client certificate {path} {sentence}")]);
    assert_eq!((info.expires_soon(info.not_after + DAY), info.is_expired(info.not_after + DAY)), (Some(0), true));
}

#[tokio::test]
async fn names_that_no_verifier_reads_stay_out() {
    let bench = Bench::new(KeyType::Ecdsa);
    bench.ensure().await.unwrap();
    for odd in ["a-", "a..b", "0", "1.2.3"] {
        let request = ServerRequest { name: &odd.parse().unwrap(), sans: vec![String::new()], swarm_master: false };
        let issued = issue_server(&bench.paths, &bench.identity, &request).unwrap();
        assert_eq!(inspect(issued.cert_pem.as_bytes()).unwrap().sans, ["localhost", "127.0.0.1"], "{odd}");
    }
    let request =
        ServerRequest { name: &"a".parse().unwrap(), sans: vec!["bücher.example".into()], swarm_master: false };
    assert!(issue_server(&bench.paths, &bench.identity, &request).unwrap_err().message().contains("bücher"));
}

#[test]
fn twenty_first_creates_at_once_make_one_ca() {
    let bench = Bench::new(KeyType::Ecdsa);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(bench.ensure()).unwrap();
            });
        }
    });
    assert_eq!(bench.said().matches("Creating CA").count(), 1);
    assert_eq!(bench.said().matches("Creating client").count(), 1);
    assert!(bench.client_fits());
}

#[test]
fn the_key_type_is_asked_for_by_name() {
    let env = |value: &str| Env {
        vars: [("MACHINE_TLS_KEY_TYPE".to_owned(), value.to_owned())].into(),
        ..Default::default()
    };
    assert_eq!(Identity::from_env(&env("")).unwrap(), Identity { user: "unknown".into(), key_type: KeyType::Ecdsa });
    assert_eq!(KeyType::from_env(&env("rsa")).unwrap(), KeyType::Rsa);
    assert!(KeyType::from_env(&env("dsa")).is_err());
}
