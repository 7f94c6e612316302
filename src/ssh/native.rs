//! The built-in SSH client (russh): one kept connection, any number of commands on it.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use russh::client::{Config, Handle, Msg};
use russh::keys::PublicKey;
use russh::{AlgorithmKind, Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::console::Console;
use crate::context::Context;
use crate::env::Env;
use crate::error::{Cause, Error, Kind, Result, os_text};
use crate::ssh::auth::{Credentials, LoginError, address};
use crate::ssh::handler::{Client, Trouble};
use crate::ssh::hostkeys::{HostKeyPolicy, Pins};
use crate::ssh::relays::Relays;
use crate::ssh::{Exec, Output, Remote, SshTarget};

/// OpenSSH's `ConnectTimeout` in the original's call.
const CONNECT: Duration = Duration::from_secs(10);
/// From the first byte to the end of the key exchange; slow hosts take seconds for it.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// The original's `ServerAliveInterval` (its count is OpenSSH's default, 3); tests see one that is silent end.
const KEEP_ALIVE: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 60 });

/// What a command that we run ourselves may write, in MiB; no answer that we wait for comes near it.
const LONGEST_OUTPUT: usize = 16;
/// For the goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// A logged-in connection to a host. When it breaks between two commands, the next command makes it anew.
pub struct Connection {
    login: Login,
    handle: Mutex<Arc<Handle<Client>>>,
}

/// Everything that is needed to connect (again).
struct Login {
    target: SshTarget,
    env: Env,
    console: Console,
    relays: Arc<Relays>,
}

/// Connects and logs in, once.
///
/// # Errors
/// [`Kind::Unreachable`]: no answer, refused, broken off; trying again may help.
/// [`Kind::Refused`]: the key is not accepted, or the host key has changed; trying again does not help, except on a
/// host that is still booting.
pub async fn connect(cx: &Context, target: &SshTarget) -> Result<Connection> {
    attempt(cx, target).await.map_err(LoginError::into_error)
}

/// [`connect`] with the difference that waiting needs.
pub(super) async fn attempt(cx: &Context, target: &SshTarget) -> Result<Connection, LoginError> {
    let login =
        Login { target: target.clone(), env: cx.env.clone(), console: cx.console.clone(), relays: Arc::default() };
    let handle = login.connect().await?;
    Ok(Connection { login, handle: Mutex::new(Arc::new(handle)) })
}

/// Whether a host answers with a handshake. Nothing is sent that tells who we are.
pub(super) async fn greeting(cx: &Context, target: &SshTarget) -> Result<(), LoginError> {
    cx.console.debug(format!("Looking who answers at {}", address(target)));
    let stream = dial(target).await.map_err(LoginError::Unreachable)?;
    match timeout(HANDSHAKE, russh::client::connect_stream(Arc::default(), stream, Client::looking())).await {
        Ok(Ok(_) | Err(Trouble::Seen)) => Ok(()),
        Ok(Err(trouble)) => Err(classify(target, trouble)),
        Err(_) => Err(silent(target)),
    }
}

impl Login {
    async fn connect(&self) -> Result<Handle<Client>, LoginError> {
        let target = &self.target;
        self.console.debug(format!("Connecting to {}", address(target)));
        let credentials = Credentials::collect(target, &self.env).await.map_err(LoginError::Final)?;
        let pins = Pins::load(target, HostKeyPolicy::from_env(&self.env)).map_err(LoginError::Final)?;
        let stream = dial(target).await.map_err(LoginError::Unreachable)?;
        let (mut handle, shown) = handshake(target, stream, &pins, &self.relays).await?;
        credentials.log_in(&mut handle, target).await?;
        if let Some(key) = shown.get()
            && let Err(error) = pins.learn(key)
        {
            self.console.warn(format!("The host key of \"{}\" could not be pinned: {error}", target.alias));
        }
        Ok(handle)
    }
}

/// Opens the TCP connection; every address of a name is tried.
async fn dial(target: &SshTarget) -> Result<TcpStream> {
    let place = address(target);
    let unreachable = |why: String| Error::new(Kind::Unreachable, format!("cannot reach {place}: {why}"));
    let lookup = timeout(CONNECT, tokio::net::lookup_host((target.host.as_str(), target.port))).await;
    let found = lookup.map_err(|_| unreachable(format!("no answer about the name within {} s", CONNECT.as_secs())))?;
    let failed = |error: std::io::Error| unreachable(os_text(&error)).caused_by(error);
    let addresses: Vec<SocketAddr> = found.map_err(failed)?.collect();
    let mut last = unreachable("the name has no address".to_owned());
    for one in addresses {
        match timeout(CONNECT, TcpStream::connect(one)).await {
            Ok(Ok(stream)) => {
                _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = failed(error),
            Err(_) => last = unreachable(format!("no answer within {} s", CONNECT.as_secs())),
        }
    }
    Err(last)
}

type Shown = Arc<OnceLock<PublicKey>>;

async fn handshake(
    target: &SshTarget,
    stream: TcpStream,
    pins: &Pins,
    relays: &Arc<Relays>,
) -> Result<(Handle<Client>, Shown), LoginError> {
    let config = Config {
        preferred: pins.preferred(),
        keepalive_interval: Some(KEEP_ALIVE),
        keepalive_max: 3,
        ..Config::default()
    };
    let (handler, shown) = Client::new(pins.clone(), Arc::clone(relays));
    match timeout(HANDSHAKE, russh::client::connect_stream(Arc::new(config), stream, handler)).await {
        Ok(Ok(handle)) => Ok((handle, shown)),
        Ok(Err(trouble)) => Err(classify(target, trouble)),
        Err(_) => Err(silent(target)),
    }
}

fn silent(target: &SshTarget) -> LoginError {
    let message = format!("no SSH handshake from {} within {} s", address(target), HANDSHAKE.as_secs());
    LoginError::Unreachable(Error::new(Kind::Unreachable, message))
}

/// A server that cannot agree or speaks something else stays that way; everything else may be a host that boots.
fn classify(target: &SshTarget, trouble: Trouble) -> LoginError {
    let error = match trouble {
        Trouble::HostKey(error) => return LoginError::Final(error),
        Trouble::Protocol(error) => error,
        Trouble::Seen => russh::Error::Disconnect,
    };
    let place = address(target);
    match error {
        russh::Error::NoCommonAlgo { kind: AlgorithmKind::Key, theirs, .. } => {
            let theirs = theirs.join(", ");
            let message = format!("no SSH connection to {place} is possible: it signs with {theirs} only");
            LoginError::Final(Error::new(Kind::Refused, message).hint(
                "ssh-rsa means SHA-1, which proves nothing any more: the host needs an Ed25519 key or a newer sshd",
            ))
        }
        russh::Error::NoCommonAlgo { .. } | russh::Error::Version | russh::Error::WrongServerSig => {
            let message = format!("no SSH connection to {place} is possible: {error}");
            LoginError::Final(Error::new(Kind::Refused, message))
        }
        _ => {
            let message = format!("{place} ended the SSH handshake: {}", protocol_text(&error));
            LoginError::Unreachable(Error::new(Kind::Unreachable, message))
        }
    }
}

/// russh's words, without Rust's error numbers.
fn protocol_text(error: &russh::Error) -> String {
    match error {
        russh::Error::IO(error) => os_text(error),
        russh::Error::Disconnect | russh::Error::HUP => "it closed the connection".to_owned(),
        russh::Error::ConnectionTimeout => format!("no answer within {} s", HANDSHAKE.as_secs()),
        other => other.to_string(),
    }
}

impl Connection {
    /// Whom it is connected to.
    pub fn target(&self) -> &SshTarget {
        &self.login.target
    }

    /// What the host may open to us.
    pub(super) fn relays(&self) -> &Relays {
        &self.login.relays
    }

    /// Opens a channel for a command, a shell or a subsystem; reconnects first if the connection is gone.
    pub(super) async fn session(&self) -> Result<Channel<Msg>> {
        let handle = self.live().await?;
        let opened = timeout(HANDSHAKE, handle.channel_open_session()).await;
        let opened = opened.unwrap_or(Err(russh::Error::ConnectionTimeout));
        opened.map_err(|error| self.lost("opening a channel", &error))
    }

    /// The connection, made anew if it is gone.
    pub(super) async fn live(&self) -> Result<Arc<Handle<Client>>> {
        let mut current = self.handle.lock().await;
        if current.is_closed() {
            self.login.console.debug(format!("The connection to {} is gone", address(self.target())));
            *current = Arc::new(self.login.connect().await.map_err(LoginError::into_error)?);
        }
        Ok(Arc::clone(&current))
    }

    /// Says goodbye, so that the server does not log a broken connection.
    pub async fn close(&self) {
        let handle = self.handle.lock().await;
        _ = timeout(FAREWELL, handle.disconnect(russh::Disconnect::ByApplication, "", "")).await;
    }

    pub(super) fn lost(&self, doing: &str, error: &russh::Error) -> Error {
        let place = address(self.target());
        let why = match error {
            // Also after three keep-alives without an answer.
            russh::Error::Disconnect => "it was closed, or nobody answers any more".to_owned(),
            other => protocol_text(other),
        };
        Error::new(Kind::Unreachable, format!("the connection to {place} broke ({doing}): {why}"))
            .caused_by(Cause::of(error))
    }
}

#[async_trait]
impl Remote for Connection {
    async fn exec(&self, exec: &Exec) -> Result<Output> {
        self.login.console.debug(format!("SSH cmd: {}", exec.command));
        let (read, write) = self.session().await?.split();
        let purpose = exec.purpose.map_or_else(|| quoted(&exec.command), str::to_owned);
        let run = async {
            let started = write.exec(true, exec.command.as_bytes()).await;
            started.map_err(|error| self.lost(&purpose, &error))?;
            self.follow(read, &write, &exec.stdin, &purpose).await
        };
        let (place, limit) = (address(self.target()), exec.limit.as_secs());
        let why = match timeout(exec.limit, run).await {
            Ok(Ok(Some(output))) => return Ok(output),
            Ok(Err(error)) => return Err(error),
            Ok(Ok(None)) => {
                Error::new(Kind::Refused, format!("{purpose} wrote more than {LONGEST_OUTPUT} MiB on {place}"))
            }
            Err(_) => Error::new(Kind::Unreachable, format!("{purpose} did not end within {limit} s on {place}")),
        };
        let stop = async {
            _ = write.signal(Sig::TERM).await;
            _ = write.close().await;
        };
        // Whoever reads nothing any more cannot be told.
        _ = timeout(FAREWELL, stop).await;
        Err(why)
    }
}

impl Connection {
    /// Feeds the input and collects the output until the channel is closed: status, data and end of file come in any
    /// order. Input that nobody reads any more is dropped with the channel. `None`: there is too much output.
    async fn follow(
        &self,
        mut read: ChannelReadHalf,
        write: &ChannelWriteHalf<Msg>,
        input: &[u8],
        purpose: &str,
    ) -> Result<Option<Output>> {
        let feed = async {
            _ = write.data(input).await;
            _ = write.eof().await;
        };
        tokio::pin!(feed);
        let mut collected = Collected::default();
        let mut fed = false;
        loop {
            tokio::select! {
                () = &mut feed, if !fed => fed = true,
                message = read.wait() => match message {
                    Some(message) => collected.take(message),
                    None => {
                        let ended = collected.finish().ok_or_else(|| self.lost(purpose, &russh::Error::Disconnect))?;
                        return ended.map(Some);
                    }
                },
            }
            if collected.is_too_much() {
                return Ok(None);
            }
        }
    }
}

/// What came back from one command.
#[derive(Default)]
struct Collected {
    output: Output,
    status: Option<u32>,
    /// The server said that the channel is over; without it the connection broke.
    closed: bool,
    refused: bool,
}

impl Collected {
    fn take(&mut self, message: ChannelMsg) {
        match message {
            ChannelMsg::Data { data } => self.output.stdout.extend_from_slice(&data),
            ChannelMsg::ExtendedData { data, ext: 1 } => self.output.stderr.extend_from_slice(&data),
            ChannelMsg::ExitStatus { exit_status } => self.status = Some(exit_status),
            ChannelMsg::ExitSignal { signal_name, .. } => self.status = Some(128 + signal_number(&signal_name)),
            ChannelMsg::Failure => self.refused = true,
            ChannelMsg::Close => self.closed = true,
            _ => {}
        }
    }

    fn is_too_much(&self) -> bool {
        self.output.stdout.len() + self.output.stderr.len() > LONGEST_OUTPUT << 20
    }

    /// The output, unless the connection broke before the end.
    fn finish(self) -> Option<Result<Output>> {
        if self.refused {
            return Some(Err(Error::new(Kind::Refused, "the SSH server refuses to run commands")));
        }
        match self.status {
            Some(status) => Some(Ok(Output { status, ..self.output })),
            // OpenSSH's client says 255 too when there is no status.
            None if self.closed => Some(Ok(Output { status: 255, ..self.output })),
            None => None,
        }
    }
}

/// A signal's number on Linux; unknown names give 127, so that the status is 255.
pub(super) fn signal_number(signal: &Sig) -> u32 {
    match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(name) => match name.as_str() {
            "TRAP" => 5,
            "BUS" => 7,
            "USR2" => 12,
            "XCPU" => 24,
            "XFSZ" => 25,
            "SYS" => 31,
            _ => 127,
        },
    }
}

/// A command as a message names it: its first line, shortened.
fn quoted(command: &str) -> String {
    let line = command.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("the command");
    let short: String = line.chars().take(60).collect();
    if short.len() < line.len() || command.trim().lines().count() > 1 {
        format!("`{short}…`")
    } else {
        format!("`{short}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_by_its_first_line() {
        assert_eq!(quoted("uname -a"), "`uname -a`");
        assert_eq!(quoted("\n set -e\nrm x\n"), "`set -e…`");
        assert_eq!(quoted(&"x".repeat(90)), format!("`{}…`", "x".repeat(60)));
    }

    #[test]
    fn a_signal_becomes_128_plus_its_number() {
        let mut collected = Collected::default();
        collected.take(ChannelMsg::ExitSignal {
            signal_name: Sig::KILL,
            core_dumped: false,
            error_message: String::new(),
            lang_tag: String::new(),
        });
        assert_eq!(collected.finish().unwrap().unwrap().status, 137);
        assert_eq!(128 + signal_number(&Sig::Custom("SIG@openssh.com".into())), 255);
    }

    #[test]
    fn an_end_without_a_status_is_255_and_a_broken_connection_is_no_result() {
        let mut collected = Collected::default();
        collected.take(ChannelMsg::Eof);
        collected.take(ChannelMsg::Close);
        assert_eq!(collected.finish().unwrap().unwrap().status, 255);
        assert!(Collected::default().finish().is_none());
    }
}
