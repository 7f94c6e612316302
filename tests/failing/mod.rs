//! The program on a file system that fails at its n-th change, and what must be true of a store afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A way to fail.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The error's number.
    pub errno: i32,
    /// The error's words.
    pub reason: &'static str,
    /// Whether every later change fails as well.
    pub forever: bool,
}

/// A disk that is full from some moment on.
pub const FULL: Fault = Fault { errno: 28, reason: "no space left on device", forever: true };
/// A disk that loses one write.
pub const BROKEN: Fault = Fault { errno: 5, reason: "input/output error", forever: false };

/// The layer between the program and its files; see `failing.c`.
fn layer() -> &'static Path {
    static LAYER: OnceLock<PathBuf> = OnceLock::new();
    LAYER.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("failing-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/failing/failing.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library).args([source, "-ldl"]);
        assert!(cc.status().expect("a C compiler").success());
        library
    })
}

/// The variables with which a program fails at its `nth` change below a folder, and writes down in `log` what failed.
pub fn failing_at(fault: Fault, nth: u32, below: &Path, log: &Path) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("LD_PRELOAD", layer().display().to_string()),
        ("FAIL_BELOW", below.display().to_string()),
        ("FAIL_LOG", log.display().to_string()),
        ("FAIL_AT", nth.to_string()),
        ("FAIL_WITH", fault.errno.to_string()),
    ];
    variables.extend(fault.forever.then(|| ("FAIL_FOREVER", "1".to_owned())));
    variables
}

/// The variables with which no file can be locked.
#[allow(dead_code, reason = "not every test binary needs it")]
pub fn without_locks(errno: i32) -> Vec<(&'static str, String)> {
    vec![("LD_PRELOAD", layer().display().to_string()), ("FAIL_LOCKS", errno.to_string())]
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            _ => found.push(entry.path()),
        }
    }
    found
}

/// No key can be read by anybody else.
#[track_caller]
pub fn keys_are_private(folder: &Path, when: &str) {
    for file in files(folder) {
        let text = fs::read(&file).unwrap_or_default();
        let mode = fs::metadata(&file).map_or(0, |data| data.permissions().mode());
        let is_key = text.windows(11).any(|part| part == b"PRIVATE KEY");
        assert!(!is_key || mode & 0o077 == 0, "{when}: {} has mode {mode:o}", file.display());
    }
}

/// No draft of a file is left.
#[track_caller]
pub fn nothing_is_half_done(folder: &Path, when: &str) {
    let is_draft = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.contains(".tmp") || name.ends_with(".new")
    };
    let drafts: Vec<_> = files(folder).into_iter().filter(is_draft).collect();
    assert!(drafts.is_empty(), "{when}: {drafts:?}");
}

/// A key is its certificate's, and the certificate the authority's.
#[track_caller]
pub fn is_signed_pair(authority: &Path, cert: &Path, key: &Path, when: &str) {
    let openssl = |words: &[&str], file: &Path| {
        let ran = Command::new("openssl").args(words).arg(file).output().expect("openssl");
        assert!(ran.status.success(), "{when}: openssl {words:?} {}: {ran:?}", file.display());
        ran.stdout
    };
    assert_eq!(
        openssl(&["x509", "-noout", "-pubkey", "-in"], cert),
        openssl(&["pkey", "-pubout", "-in"], key),
        "{when}"
    );
    openssl(&["verify", "-CAfile", authority.to_str().expect("a plain path")], cert);
}
