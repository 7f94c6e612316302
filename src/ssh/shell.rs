//! A command or a login shell on the host with our own streams: the built-in client's `ssh NAME`.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::console::Console;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ssh::native::{Connection, signal_number};
use crate::ssh::options::{Options, Tty};
use crate::ssh::terminal::{self, RawMode};
use crate::ssh::{SshTarget, connect, forward};

/// How long a command may go on after it was told to end.
const GRACE: Duration = Duration::from_secs(2);

/// The status for a failure of the connection itself, as OpenSSH's.
const OWN_FAILURE: u8 = 255;

/// Logs in and runs what the options say, until it ends.
///
/// # Errors
/// A status other than 0: [`Kind::Exit`] with `exit status N`, as with the external client; 255 if there is no login
/// or the connection breaks.
pub async fn run(cx: &Context, target: &SshTarget, options: &Options) -> Result<()> {
    let mut cx = cx.clone();
    if options.verbose {
        cx.console = Console::process(true);
    }
    match attend(&cx, target, options).await {
        Ok(0) => Ok(()),
        Ok(status) => {
            let status = u8::try_from(status).unwrap_or(OWN_FAILURE);
            Err(Error::new(Kind::Exit(status), format!("exit status {status}")))
        }
        Err(error) if matches!(error.kind(), Kind::Unreachable | Kind::Refused) => {
            Err(error.with_kind(Kind::Exit(OWN_FAILURE)))
        }
        Err(error) => Err(error),
    }
}

/// Connects, forwards, and gives the status of what ran.
async fn attend(cx: &Context, target: &SshTarget, options: &Options) -> Result<u32> {
    let connection = Arc::new(connect(cx, target).await?);
    if options.agent
        && let Some(socket) = cx.env.var("SSH_AUTH_SOCK")
    {
        connection.relays().allow_agent(PathBuf::from(socket));
    }
    forward::start(&connection, options, &cx.console).await?;
    let status = if options.no_command {
        wait_for_the_end(&connection).await?
    } else {
        session(cx, &connection, options).await?
    };
    connection.close().await;
    Ok(status)
}

/// `-N`: forwarding only, until somebody stops us or the connection breaks.
async fn wait_for_the_end(connection: &Connection) -> Result<u32> {
    let mut endings = Endings::listen()?;
    let handle = connection.live().await?;
    loop {
        tokio::select! {
            told = endings.next() => return Ok(128 + signal_number(&told)),
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                if handle.is_closed() {
                    return Err(connection.lost("forwarding", &russh::Error::Disconnect));
                }
            }
        }
    }
}

/// Whether to ask for a terminal on the host.
fn wants_terminal(options: &Options, stdin_is_terminal: bool) -> bool {
    match options.tty {
        Tty::Never => false,
        Tty::Forced => true,
        Tty::Wanted => stdin_is_terminal,
        Tty::Auto => stdin_is_terminal && options.command.is_none(),
    }
}

async fn session(cx: &Context, connection: &Connection, options: &Options) -> Result<u32> {
    let (read, write) = connection.session().await?.split();
    let failed = |error: russh::Error| connection.lost("starting the session", &error);
    if options.agent && connection.relays().agent().is_some() {
        write.agent_forward(false).await.map_err(failed)?;
    }
    let terminal = wants_terminal(options, cx.env.stdin_tty);
    if terminal {
        let name = cx.env.var("TERM").unwrap_or("xterm");
        let (size, modes) = (terminal::size(), terminal::modes());
        let asked = write.request_pty(false, name, size.columns, size.rows, size.width, size.height, &modes);
        asked.await.map_err(failed)?;
    }
    for (name, value) in cx.env.vars.iter().filter(|(name, _)| name.as_str() == "LANG" || name.starts_with("LC_")) {
        write.set_env(false, name, value).await.map_err(failed)?;
    }
    // Without a terminal of our own (`-tt` in a script) there is nothing to switch.
    let raw = if terminal && cx.env.stdin_tty { Some(RawMode::enter()?) } else { None };
    match &options.command {
        Some(command) => write.exec(true, command.as_bytes()).await.map_err(failed)?,
        None => write.request_shell(true).await.map_err(failed)?,
    }
    let feeding = if options.no_input {
        write.eof().await.map_err(failed)?;
        None
    } else {
        Some(tokio::spawn(feed(read_stdin(), write.make_writer())))
    };
    let status = follow(connection, (read, &write), terminal && cx.env.stdin_tty).await;
    if let Some(feeding) = feeding {
        feeding.abort();
    }
    drop(raw);
    status
}

/// Standard input in pieces, read by a thread of its own: it may stay in `read` when the session is over, and nothing
/// waits for it.
fn read_stdin() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; 32 * 1024];
        while let Ok(count) = stdin.read(&mut buffer) {
            if count == 0 || send.blocking_send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}

/// Sends input as fast as the host takes it, then the end of input. A task of its own, so that output keeps flowing.
async fn feed(mut input: mpsc::Receiver<Vec<u8>>, writer: impl AsyncWrite) {
    tokio::pin!(writer);
    while let Some(piece) = input.recv().await {
        if writer.write_all(&piece).await.is_err() {
            return;
        }
    }
    _ = writer.shutdown().await;
}

/// The signals that ask us to end.
struct Endings {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Endings {
    fn listen() -> Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { interrupt, terminate, hang_up: signal(SignalKind::hangup())? })
    }

    async fn next(&mut self) -> Sig {
        tokio::select! {
            _ = self.interrupt.recv() => Sig::INT,
            _ = self.terminate.recv() => Sig::TERM,
            _ = self.hang_up.recv() => Sig::HUP,
        }
    }
}

/// What is known about the end of a session.
#[derive(Default)]
struct End {
    status: Option<u32>,
    /// The host closed the channel; without it the connection broke.
    closed: bool,
    /// The number of the signal that we got and passed on.
    told: Option<u32>,
}

/// Shows output and passes on signals until the host closes the channel.
async fn follow(
    connection: &Connection,
    channel: (ChannelReadHalf, &ChannelWriteHalf<Msg>),
    terminal: bool,
) -> Result<u32> {
    let (mut read, write) = channel;
    let mut endings = Endings::listen()?;
    let mut window = signal(SignalKind::window_change())?;
    let mut end = End::default();
    let mut deadline = None;
    loop {
        tokio::select! {
            message = read.wait() => match message {
                Some(message) => end.take(message)?,
                None => break,
            },
            _ = window.recv(), if terminal => {
                let size = terminal::size();
                _ = write.window_change(size.columns, size.rows, size.width, size.height).await;
            }
            told = endings.next() => {
                // Asked a second time: at once.
                let grace = if end.told.is_some() { Duration::ZERO } else { GRACE };
                end.told = Some(signal_number(&told));
                deadline = Some(Instant::now() + grace);
                _ = write.signal(told).await;
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => break,
        }
    }
    end.status(connection)
}

impl End {
    fn take(&mut self, message: ChannelMsg) -> Result<()> {
        match message {
            ChannelMsg::Data { data } => show(std::io::stdout().lock(), &data)?,
            ChannelMsg::ExtendedData { data, .. } => show(std::io::stderr().lock(), &data)?,
            ChannelMsg::ExitStatus { exit_status } => self.status = Some(exit_status),
            ChannelMsg::ExitSignal { signal_name, .. } => self.status = Some(128 + signal_number(&signal_name)),
            ChannelMsg::Failure => return Err(Error::new(Kind::Refused, "the SSH server refuses to run this")),
            ChannelMsg::Close => self.closed = true,
            _ => {}
        }
        Ok(())
    }

    fn status(self, connection: &Connection) -> Result<u32> {
        match (self.status, self.told) {
            (Some(status), _) => Ok(status),
            (None, Some(number)) => Ok(128 + number),
            // OpenSSH's client says 255 too when there is no status.
            (None, None) if self.closed => Ok(255),
            (None, None) => Err(connection.lost("the session", &russh::Error::Disconnect)),
        }
    }
}

/// Writes output at once. A reader that is gone ends us quietly, as the signal would end any other program.
fn show(mut stream: impl Write, data: &[u8]) -> Result<()> {
    let written = stream.write_all(data).and_then(|()| stream.flush());
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Error::new(Kind::Exit(141), "nobody reads the output any more").told(),
        _ => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_asked_for_only_where_it_makes_sense() {
        let options =
            |tty, command: Option<&str>| Options { tty, command: command.map(str::to_owned), ..Options::default() };
        for (tty, command, stdin_is_terminal, wanted) in [
            (Tty::Auto, None, true, true),
            (Tty::Auto, None, false, false),
            (Tty::Auto, Some("ls"), true, false),
            (Tty::Wanted, Some("top"), true, true),
            (Tty::Wanted, Some("top"), false, false),
            (Tty::Forced, Some("top"), false, true),
            (Tty::Never, None, true, false),
        ] {
            let asked = wants_terminal(&options(tty, command), stdin_is_terminal);
            assert_eq!(asked, wanted, "{tty:?} {command:?} {stdin_is_terminal}");
        }
    }

    #[test]
    fn a_reader_that_is_gone_ends_us_quietly() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let error = show(Gone, b"x").unwrap_err();
        assert_eq!((error.exit_status(), error.is_told()), (141, true));
    }
}
