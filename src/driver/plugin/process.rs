//! A plugin's process: started without arguments, ended in any case, always collected.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::guard;
use super::log::{self, LastWords};
use crate::console::Console;
use crate::error::{Context as _, Error, Result};

/// How long a plugin has to tell its address, as in the original.
const ADDRESS: Duration = Duration::from_secs(10);
/// How long a killed process may take to be gone.
const DEATH: Duration = Duration::from_secs(3);
/// How long what it still has in its pipes is waited for after its end: its own children may hold them.
const LAST_LINES: Duration = Duration::from_millis(300);

/// The supervision of every process that a command has started.
#[derive(Debug, Default)]
pub(super) struct Processes(Mutex<JoinSet<()>>);

impl Processes {
    /// Runs a process's supervision, which ends with it.
    fn supervise(&self, supervision: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().expect("no panic while held").spawn(supervision);
    }

    /// Waits until those are gone that nobody needs: they have ended or are being killed.
    pub(super) async fn end(&self) {
        let mut processes = std::mem::take(&mut *self.0.lock().expect("no panic while held"));
        _ = timeout(DEATH, async { while processes.join_next().await.is_some() {} }).await;
    }
}

/// A running plugin. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    path: PathBuf,
    id: u32,
    exit: watch::Receiver<Option<String>>,
    /// Dropped or used: the process is killed.
    kill: Mutex<Option<oneshot::Sender<()>>>,
    hush: mpsc::Sender<oneshot::Sender<()>>,
    last_words: LastWords,
}

impl Process {
    /// Starts it. What it prints goes to `console`. Also gives where it listens, once it says so.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(
        program: &Path,
        driver: &str,
        console: &Console,
        processes: &Processes,
    ) -> Result<(Self, Address)> {
        let mut command = guard::command(program, driver);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C is ours to decide on: a plugin in the middle of a `Create` is waited for.
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().context(program.display())?;
        let id = child.id().unwrap_or_default();
        let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let last_words = LastWords::default();

        let (tell, address) = oneshot::channel();
        let (hush, hushed) = mpsc::channel(1);
        let (mut tell, output) = (Some(tell), console.clone());
        let stdout = tokio::spawn(log::lines(stdout, hushed, move |line| match tell.take() {
            // Its first line is for us.
            Some(tell) => _ = tell.send(line.trim().to_owned()),
            None => log::say(&output, line),
        }));
        let (_never, unhushed) = mpsc::channel(1);
        let (last, errors) = (last_words.clone(), console.clone());
        let stderr = tokio::spawn(async move {
            let _never = _never;
            log::lines(stderr, unhushed, move |line| log::debug(&errors, &last, line)).await;
        });

        let (told, exit) = watch::channel(None);
        let (kill, killed) = oneshot::channel();
        processes.supervise(async move {
            let status = wait(child, killed).await;
            _ = timeout(LAST_LINES, async { tokio::join!(stdout, stderr) }).await;
            told.send_replace(Some(status));
        });
        let kill = Mutex::new(Some(kill));
        Ok((Self { path: program.to_owned(), id, exit, kill, hush, last_words }, Address(address)))
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Shows nothing that it prints from now on; what it has printed is shown first.
    pub(super) async fn hush(&self) {
        let (done, is_done) = oneshot::channel();
        if self.hush.send(done).await.is_ok() {
            _ = is_done.await;
        }
    }

    /// Waits for its end and tells how it was: `exit status 1`.
    pub(super) async fn ended(&self) -> String {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "killed".to_owned(),
        }
    }

    /// Ends it at once, if it has not ended.
    pub(super) fn kill(&self) {
        _ = self.kill.lock().expect("no panic while held").take().map(|kill| kill.send(()));
    }

    /// The error of a plugin that has ended although it was needed, with its last words.
    pub(super) fn death(&self, what: &str, status: &str) -> Error {
        let error = Error::msg(format!("{what}: the driver plugin {} has ended ({status})", self.path.display()));
        self.last_words.get().iter().fold(error, |error, line| error.hint(format!("it said: {line}")))
    }
}

/// Where a plugin is going to listen.
pub(super) struct Address(oneshot::Receiver<String>);

impl Address {
    /// Waits until the plugin says where it listens.
    ///
    /// # Errors
    /// It says nothing in time, ends, or says something else.
    pub(super) async fn get(self, process: &Process) -> Result<SocketAddr> {
        let plugin = process.path.display();
        let told = async {
            match self.0.await {
                Ok(line) => Ok(line),
                Err(_) => Err(process.ended().await),
            }
        };
        let line = match timeout(ADDRESS, told).await {
            Ok(Ok(line)) => line,
            Ok(Err(status)) => return Err(process.death("the address of its server is missing", &status)),
            Err(_) => {
                let text =
                    "Error attempting to get plugin server address for RPC: Failed to dial the plugin server in 10s";
                return Err(Error::msg(text).hint(format!("{plugin} was started and has not printed where it listens")));
            }
        };
        let address: Option<SocketAddr> = line.parse().ok();
        match address.filter(|address| address.ip().is_loopback() && address.port() != 0) {
            Some(address) => Ok(address),
            None => {
                let shown: String = line.chars().take(80).collect();
                Err(Error::msg(format!("the driver plugin {plugin} does not tell where it listens"))
                    .hint(format!("its first line must be like 127.0.0.1:38211, but is {shown:?}")))
            }
        }
    }
}

/// Waits for the end of a process, or ends it.
async fn wait(mut child: Child, killed: oneshot::Receiver<()>) -> String {
    let status = tokio::select! {
        status = child.wait() => status,
        _ = killed => {
            _ = child.start_kill();
            child.wait().await
        }
    };
    match status {
        Ok(status) => told(status),
        Err(error) => error.to_string(),
    }
}

fn told(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "for an unknown reason".to_owned(),
    }
}
