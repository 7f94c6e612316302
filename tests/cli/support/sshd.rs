//! A real OpenSSH server on loopback. The library's own tests use this file too.
#![allow(dead_code, reason = "no test binary needs every part")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpSocket;

/// A running server with its own folder; ended when dropped.
pub struct Sshd {
    folder: tempfile::TempDir,
    port: HeldPort,
    child: Option<Child>,
}

/// A port of 127.0.0.1 that nobody gets by chance. Nobody listens there, and a program that is told its number can.
pub struct HeldPort(TcpSocket);

impl HeldPort {
    /// A port that is free now, and stays ours.
    pub fn new() -> Self {
        // Linux lets two sockets have one port as long as both say so and one listens at most: servers do say so, and
        // a port that is looked for is another one.
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.set_reuseaddr(true).expect("a socket can share its port");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("loopback has ports");
        Self(socket)
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.0.local_addr().expect("it is bound").port()
    }
}

impl Sshd {
    /// A server with an Ed25519 host key that lets the current user in with the key `user`.
    pub fn start() -> Self {
        Self::with("")
    }

    /// The same with more lines of `sshd_config`, which win over the usual ones.
    pub fn with(options: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Self { folder, port: HeldPort::new(), child: None };
        server.make_key("host_ed25519", &["-t", "ed25519"]);
        let user = server.make_key("user", &["-t", "ed25519"]);
        server.authorize(&user);
        let path = |name: &str| server.path(name).display().to_string();
        let sftp = if options.contains("Subsystem") { "" } else { "Subsystem sftp internal-sftp" };
        let config = format!(
            "{options}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             {sftp}\nLogLevel VERBOSE\nAcceptEnv LC_*\n",
            path("host_ed25519"),
            path("authorized_keys"),
        );
        std::fs::write(server.path("sshd_config"), config).unwrap();
        server.run();
        server
    }

    /// Starts the server.
    fn run(&mut self) {
        // Root's sshd insists on it; for others it does not matter.
        _ = std::fs::create_dir_all("/run/sshd");
        _ = std::fs::remove_file(self.path("log"));
        let mut sshd = Command::new("/usr/sbin/sshd");
        sshd.arg("-D").arg("-f").arg(self.path("sshd_config")).arg("-E").arg(self.path("log"));
        sshd.arg("-o").arg(format!("ListenAddress=127.0.0.1:{}", self.port())).stdin(Stdio::null());
        let child = self.child.insert(sshd.spawn().expect("these tests need /usr/sbin/sshd"));
        let log = self.folder.path().join("log");
        loop {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if text.contains("Server listening on") {
                return;
            }
            assert!(child.try_wait().expect("it is our child").is_none(), "sshd does not start: {text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What the server wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Ends the server; its connections go on.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// Ends it and starts it again with a new host key.
    pub fn reinstall(&mut self) {
        self.stop();
        self.make_key("host_ed25519", &["-t", "ed25519"]);
        self.run();
    }

    /// A file in the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `ssh-keygen` with these options and gives the private key's path.
    pub fn make_key(&self, name: &str, options: &[&str]) -> PathBuf {
        let path = self.path(name);
        _ = std::fs::remove_file(&path);
        let plain = ["-q", "-N", "", "-C", "test"];
        // The last `-N` counts.
        let made = Command::new("ssh-keygen").args(plain).args(options).arg("-f").arg(&path).status().unwrap();
        assert!(made.success(), "ssh-keygen {options:?}");
        path
    }

    /// Lets a key in.
    pub fn authorize(&self, private: &Path) {
        let public = std::fs::read_to_string(format!("{}.pub", private.display())).unwrap();
        let file = self.path("authorized_keys");
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        std::fs::write(file, before + &public).unwrap();
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The only login name: ours.
    pub fn login() -> String {
        let name = Command::new("id").arg("-un").output().expect("id runs").stdout;
        String::from_utf8(name).expect("a login name is text").trim().to_owned()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}
