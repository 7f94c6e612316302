//! What the scripts fetch, from real servers with the real curl, wget and gpg: nothing that was asked for over https
//! comes over http, and no signing key is taken for another.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;

use super::plan::PACKAGES;
use super::script::{PRELUDE, quote};

const SIGNING_KEY: &str = include_str!("scripts/signing_key.sh");
/// `tests/provision/keys`: made with gpg, their private halves thrown away.
const GENUINE: &str = include_str!("../../tests/provision/keys/genuine.asc");
const ANOTHER: &str = include_str!("../../tests/provision/keys/another.asc");
/// The other key, with the genuine one bound to it as a subkey.
const CLAIMS: &str = include_str!("../../tests/provision/keys/claims.asc");
const FINGERPRINT: &str = "B974A0D65BADF7303B7C4B52B720D247A28C208E";

/// Path, then where it leads to or what it holds.
type Pages = Arc<Mutex<BTreeMap<String, Page>>>;

#[derive(Clone)]
enum Page {
    Text(String),
    Redirect(String),
}

/// One server with TLS and one without, with the same pages.
struct Web {
    pages: Pages,
    http: String,
    https: String,
    ca: String,
}

impl Web {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        let tls = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .expect("a pair");
        let pages = Pages::default();
        let http = serve(pages.clone(), None);
        let https = serve(pages.clone(), Some(Arc::new(tls)));
        let web = Self { pages, http, https, ca: certificate.pem() };
        web.put("/file", Page::Text("the file\n".to_owned()));
        web.put("/down", Page::Redirect(format!("{}/file", web.http)));
        web.put("/up", Page::Redirect(format!("{}/file", web.https)));
        web
    }

    fn put(&self, path: &str, page: Page) {
        self.pages.lock().expect("no panic").insert(path.to_owned(), page);
    }
}

/// Answers on a port of its own until the test ends; the address to ask.
fn serve(pages: Pages, tls: Option<Arc<rustls::ServerConfig>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let scheme = if tls.is_some() { "https" } else { "http" };
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (pages, tls) = (pages.clone(), tls.clone());
            // A client that goes away is its own affair.
            std::thread::spawn(move || match tls {
                None => answer(stream, &pages).is_ok(),
                Some(tls) => {
                    let session = rustls::ServerConnection::new(tls).expect("a session");
                    answer(rustls::StreamOwned::new(session, stream), &pages).is_ok()
                }
            });
        }
    });
    format!("{scheme}://127.0.0.1:{port}")
}

fn answer(stream: impl Read + Write, pages: &Pages) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if stream.read_line(&mut request)? == 0 {
            return Ok(());
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let page = pages.lock().expect("no panic").get(path).cloned();
    let (status, header, body) = match page {
        Some(Page::Text(text)) => ("200 OK", String::new(), text),
        Some(Page::Redirect(to)) => ("302 Found", format!("Location: {to}\r\n"), String::new()),
        None => ("404 Not Found", String::new(), String::new()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.get_mut().write_all(format!("{head}{body}").as_bytes())?;
    stream.get_mut().flush()
}

/// A host that has only the given programs, and a package manager that adds curl and gpg.
struct Host(TempDir);

impl Host {
    fn with(programs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let basics = ["sh", "cat", "chmod", "cmp", "cut", "df", "find", "grep", "head", "id", "ln", "mkdir", "mv"];
        let more = ["readlink", "rm", "sed", "sleep", "tail", "tr"];
        let host = Self(folder);
        for name in basics.iter().chain(&more) {
            host.add(name, name);
        }
        for (name, program) in programs {
            host.add(name, program);
        }
        let install = format!(
            "[ \"$1\" = install ] || exit 0\necho \"$*\" >>{0}/installed\nfor word; do case $word in \
             curl | gpg) ln -s /usr/bin/$word {0}/bin/ ;; esac; done\n",
            host.0.path().display()
        );
        host.script("apt-get", &install);
        host
    }

    fn script(&self, name: &str, text: &str) {
        let file = self.path("bin/") + name;
        std::fs::write(&file, format!("#!/bin/sh\n{text}")).expect("a script");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn add(&self, name: &str, program: &str) {
        let real = ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(program)).find(|path| path.exists());
        std::fs::create_dir_all(self.path("bin")).expect("a folder");
        symlink(
            real.unwrap_or_else(|| panic!("no {program} on this machine: see tests/setup")),
            self.path("bin/") + name,
        )
        .expect("a link");
    }

    fn run(&self, web: &Web, command: &str) -> Output {
        let (ca, wgetrc, file) = (self.path("ca.pem"), self.path("wgetrc"), self.path("file"));
        std::fs::write(&ca, &web.ca).expect("a file");
        std::fs::write(&wgetrc, format!("ca_certificate = {ca}\n")).expect("a file");
        let (bin, work) = (quote(&self.path("bin")), quote(&self.path("work")));
        let script =
            format!("{PRELUDE}PATH={bin} work={work} file={}\n{PACKAGES}{SIGNING_KEY}{command}\n", quote(&file));
        Command::new("/bin/sh")
            .args(["-c", &script])
            .env_clear()
            .env("CURL_CA_BUNDLE", &ca)
            .env("WGETRC", &wgetrc)
            .output()
            .expect("a shell")
    }

    /// What was fetched, or what the user reads.
    fn fetch(&self, web: &Web, url: &str) -> Result<String, String> {
        let _ = std::fs::remove_file(self.path("file"));
        let ran = self.run(web, &format!("fetch {} \"$file\"", quote(url)));
        if ran.status.success() {
            Ok(std::fs::read_to_string(self.path("file")).expect("a file"))
        } else {
            Err(String::from_utf8(ran.stderr).expect("text"))
        }
    }

    fn installed(&self) -> String {
        std::fs::read_to_string(self.path("installed")).unwrap_or_default()
    }
}

const THE_FILE: &str = "the file\n";

/// Everything that any host must do alike, whatever it fetches with.
fn fetches_safely(programs: &[(&str, &str)]) {
    let web = Web::new();
    let (http, https) = (web.http.clone(), web.https.clone());
    web.put("/across", Page::Redirect(format!("{https}/file")));
    web.put("/twice", Page::Redirect(format!("{https}/down")));
    let fetch = |url: &str| Host::with(programs).fetch(&web, url);
    for good in [format!("{https}/file"), format!("{https}/across"), format!("{http}/file"), format!("{http}/up")] {
        assert_eq!(fetch(&good).as_deref(), Ok(THE_FILE), "{good} with {programs:?}");
    }
    for bad in [format!("{https}/down"), format!("{https}/twice"), format!("{}/down", https.replace("https", "HTTPS"))]
    {
        let why = format!("a redirect from https to anything else is not followed\ncannot fetch {bad}\n");
        assert_eq!(fetch(&bad), Err(why), "with {programs:?}");
    }
    let gone = format!("{https}/gone");
    let why = fetch(&gone).expect_err("404");
    assert!(why.contains("404") && why.ends_with(&format!("cannot fetch {gone}\n")), "{why}");
}

#[test]
fn curl_follows_no_redirect_from_https_to_http() {
    fetches_safely(&[("curl", "curl")]);
}

#[test]
fn wget_follows_no_redirect_from_https_to_http() {
    fetches_safely(&[("wget", "wget")]);
}

#[test]
fn busybox_follows_no_redirect_from_https_to_http() {
    fetches_safely(&[("wget", "busybox")]);
}

#[test]
fn a_host_with_neither_gets_curl() {
    fetches_safely(&[]);
}

#[test]
fn wget_does_without_curl_where_it_can_be_trusted() {
    let web = Web::new();
    web.put("/across", Page::Redirect(format!("{}/file", web.https)));
    let curl_for = |wget: &str, url: String| {
        let host = Host::with(&[("wget", wget)]);
        host.fetch(&web, &url).expect("the file");
        host.installed().contains("curl")
    };
    assert!(!curl_for("wget", format!("{}/file", web.https)));
    assert!(!curl_for("wget", format!("{}/file", web.http)));
    assert!(curl_for("wget", format!("{}/across", web.https)), "it would follow any redirect");
    assert!(curl_for("busybox", format!("{}/file", web.https)), "it checks no certificates");
}

#[test]
fn a_certificate_of_nobody_is_refused() {
    let web = Web { ca: Web::new().ca, ..Web::new() };
    for programs in [&[("curl", "curl")], &[("wget", "wget")], &[("wget", "busybox")]] {
        let url = format!("{}/file", web.https);
        let why = Host::with(programs).fetch(&web, &url).expect_err("an unknown authority");
        assert!(why.contains("certificate") && why.ends_with(&format!("cannot fetch {url}\n")), "{why}");
    }
}

/// The key that was installed, or what the user reads.
fn signing_key(host: &Host, key: &str) -> Result<String, String> {
    let web = Web::new();
    web.put("/gpg", Page::Text(key.to_owned()));
    let ran = host.run(&web, &format!("signing_key {}/gpg {FINGERPRINT} \"$file\"", web.https));
    if ran.status.success() {
        return Ok(std::fs::read_to_string(host.path("file")).expect("a key"));
    }
    assert!(!Path::new(&host.path("file")).exists(), "a key was installed");
    Err(String::from_utf8(ran.stderr).expect("text").replace(&web.https, "https://web"))
}

/// The lines of an armoured key that are data: its checksum and its version line do not count.
fn data(key: &str) -> String {
    key.lines().filter(|line| !line.contains(['-', ':', '=']) || line.ends_with('=')).collect()
}

#[test]
fn only_the_signing_key_with_the_known_fingerprint_is_installed() {
    let host = || Host::with(&[("curl", "curl"), ("gpg", "gpg")]);
    let installed = signing_key(&host(), GENUINE).expect("the genuine key");
    assert!(!data(GENUINE).is_empty());
    assert_eq!(data(&installed), data(GENUINE));
    let installed = signing_key(&host(), &format!("{ANOTHER}{GENUINE}")).expect("the genuine key");
    assert_eq!(data(&installed), data(GENUINE), "what comes with it is left out");

    let why = |found: &str| {
        format!(
            "the key from https://web/gpg is not the one that signs Docker's packages: \
             {found}instead of {FINGERPRINT}\n"
        )
    };
    let other = "685516241180702E4DF8D11206B999819BF5A44C ";
    assert_eq!(signing_key(&host(), ANOTHER), Err(why(other)));
    assert_eq!(signing_key(&host(), CLAIMS), Err(why(other)), "a subkey that anybody can claim");
    let both = signing_key(&host(), &format!("{GENUINE}{CLAIMS}"));
    assert_eq!(both, Err(why(&format!("{FINGERPRINT} {other}"))));
    assert_eq!(signing_key(&host(), "<html>sign in</html>"), Err(why("")));
}

#[test]
fn a_host_without_gpg_gets_it() {
    let host = Host::with(&[("curl", "curl")]);
    signing_key(&host, GENUINE).expect("the genuine key");
    assert!(host.installed().contains("gpg"), "{}", host.installed());
}

#[test]
fn zypper_asks_about_keys_that_the_distribution_does_not_know() {
    let host = Host::with(&[]);
    std::fs::remove_file(host.path("bin/apt-get")).expect("a file");
    host.script("zypper", &format!("echo \"$*\" >>{}\n", host.path("installed")));
    assert!(host.run(&Web::new(), "packages_install docker").status.success());
    assert_eq!(host.installed(), "-n install docker\n");
}
