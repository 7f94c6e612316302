//! EC2 regions without computers: one program that forks a region of its own for each history, on loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

/// The program that makes regions; they are gone when it is dropped.
pub struct Regions {
    program: Child,
    folder: tempfile::TempDir,
}

/// One region, gone when dropped.
pub struct Region {
    connection: Mutex<BufReader<UnixStream>>,
    /// Where its API is.
    pub endpoint: String,
    /// The first three numbers of its addresses.
    pub network: String,
    /// Keeps the network ours, also from other test runs on this machine.
    _claim: TcpListener,
}

impl Regions {
    /// Starts the program.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut program = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/region/region"))
            .arg("loopback")
            .arg(socket(&folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the region's program");
        let mut line = String::new();
        BufReader::new(program.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n", "the region's program does not start");
        Self { program, folder }
    }

    /// A new, empty region.
    pub fn region(&self) -> Region {
        let (network, claim) = free_network();
        let connection = UnixStream::connect(socket(&self.folder)).expect("the program listens");
        let mut region = Region {
            connection: Mutex::new(BufReader::new(connection)),
            endpoint: String::new(),
            network,
            _claim: claim,
        };
        let answer = region.send(&json!({ "network": region.network }));
        answer.as_str().expect("a URL").clone_into(&mut region.endpoint);
        region
    }
}

impl Drop for Regions {
    fn drop(&mut self) {
        drop(self.program.stdin.take());
        _ = self.program.wait();
    }
}

impl Region {
    /// Asks for `what`, a method of the region's control, with arguments.
    pub fn ask(&self, what: &str, mut arguments: Value) -> Value {
        arguments["do"] = what.into();
        self.send(&arguments)
    }

    fn send(&self, request: &Value) -> Value {
        let mut connection = self.connection.lock().expect("no panic while held");
        writeln!(connection.get_mut(), "{request}").expect("the region listens");
        let mut line = String::new();
        connection.read_line(&mut line).expect("the region answers");
        let mut answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer to {request}"));
        answer["answer"].take()
    }
}

fn socket(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("regions")
}

/// A network of loopback that nobody uses, and what keeps it so.
fn free_network() -> (String, TcpListener) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let network = format!("127.{}.{}", 64 + (number / 256 + std::process::id()) % 60, number % 256);
        if let Ok(claim) = TcpListener::bind(format!("{network}.254:2376")) {
            return (network, claim);
        }
    }
}
