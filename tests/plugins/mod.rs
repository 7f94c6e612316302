//! The Go driver of this folder, installed for a test under any name.
#![allow(dead_code, reason = "not every user needs every part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The folder of the Go programs, built if they are not.
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/setup");
        let done = Command::new(setup).output().expect("the script starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        PathBuf::from(String::from_utf8(done.stdout).expect("a path").trim())
    })
}

/// A folder for `PATH` with plugins, and a cloud for their servers.
pub struct Plugins {
    folder: tempfile::TempDir,
}

impl Plugins {
    /// The driver under these names.
    pub fn new(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("bin")).expect("a folder");
        fs::create_dir_all(folder.path().join("cloud")).expect("a folder");
        let plugins = Self { folder };
        for name in names {
            plugins.install(&built().join("driver"), name);
        }
        plugins
    }

    /// Another program as a plugin.
    pub fn script(&self, name: &str, text: &str) {
        self.program_of(name, text.as_bytes());
    }

    /// A program with this content as a plugin, in place of one that may be there.
    pub fn program_of(&self, name: &str, content: &[u8]) {
        let file = self.folder.path().join(format!("{name}.content"));
        fs::write(&file, content).expect("a file");
        self.install(&file, name);
    }

    /// Another process copies: a process that another test starts here meanwhile would hold the open file, and a program
    /// that is open for writing cannot be run.
    fn install(&self, file: &Path, name: &str) {
        let done = Command::new("install").args(["-m", "755"]).arg(file).arg(self.program(name)).status();
        assert!(done.expect("install starts").success(), "{} is installed", file.display());
    }

    /// The folder of the programs.
    pub fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// The file of a plugin.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin().join(format!("docker-machine-driver-{name}"))
    }

    /// The folder of the servers.
    pub fn cloud(&self) -> PathBuf {
        self.folder.path().join("cloud")
    }

    /// The names of the machines that have servers, in order. One that is just being written has none yet.
    pub fn servers(&self) -> Vec<String> {
        let files = fs::read_dir(self.cloud()).expect("the cloud").map(|file| file.expect("a file").path());
        let texts = files.filter_map(|file| fs::read_to_string(file).ok());
        let mut names: Vec<String> = texts
            .filter_map(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
            .map(|server| server["Name"].as_str().expect("a name").to_owned())
            .collect();
        names.sort();
        names
    }

    /// Waits until these machines have servers.
    #[track_caller]
    pub fn have_servers(&self, names: &[&str]) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.servers() != names {
            assert!(Instant::now() < end, "the servers are {:?}", self.servers());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Puts a server into the cloud.
    pub fn add_server(&self, id: &str, name: &str, ip: &str, state: u8) {
        let text = format!(r#"{{"Name":"{name}","IP":"{ip}","State":{state}}}"#);
        fs::write(self.cloud().join(id), text).expect("a server");
    }

    /// The lines that the plugins have noted at their start.
    pub fn starts(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("starts")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The variables that a plugin needs.
    pub fn variables(&self, name: &str) -> Vec<(String, String)> {
        let prefix = name.to_uppercase().replace('-', "_");
        vec![
            (format!("{prefix}_CLOUD"), self.cloud().display().to_string()),
            (format!("{prefix}_STARTS"), self.folder.path().join("starts").display().to_string()),
        ]
    }

    /// The processes of the plugins that run now.
    pub fn processes(&self) -> Vec<u32> {
        let entries = fs::read_dir("/proc").expect("/proc").flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let ours = |pid: &u32| {
            let is_one = |link: &str| {
                fs::read_link(format!("/proc/{pid}/{link}")).is_ok_and(|file| file.starts_with(self.folder.path()))
            };
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            is_one("exe") || String::from_utf8_lossy(&words).contains(&self.bin().display().to_string())
        };
        numbers.filter(|pid| *pid != std::process::id()).filter(ours).collect()
    }

    /// The processes of one plugin.
    pub fn named(&self, name: &str) -> Vec<u32> {
        let is_it = |pid: &u32| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|file| file == self.program(name));
        self.processes().into_iter().filter(is_it).collect()
    }

    /// Waits until no plugin runs any more.
    #[track_caller]
    pub fn are_gone(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.processes().is_empty() {
            assert!(Instant::now() < end, "still running: {:?}", self.processes());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
