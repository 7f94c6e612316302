//! Port forwarding of the built-in client: `-L`, `-R` and the SOCKS proxy of `-D`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::console::Console;
use crate::error::{Error, Kind, Result, os_text};
use crate::ssh::native::Connection;
use crate::ssh::options::{Listen, Options};
use crate::ssh::relays::join;

/// For the host's answer to `-R`.
const ANSWER: Duration = Duration::from_secs(20);
/// For a connection on the other side; the system there gives up after two minutes.
const OPENING: Duration = Duration::from_secs(150);
/// For a program to say where its SOCKS connection is to go.
const REQUEST: Duration = Duration::from_secs(30);
/// After a connection that could not be taken, mostly because too many are open.
const PAUSE: Duration = Duration::from_millis(100);

/// Starts everything that the options ask for; it runs until the program ends.
///
/// # Errors
/// A port cannot be listened on, here or on the host.
pub async fn start(connection: &Arc<Connection>, options: &Options, console: &Console) -> Result<()> {
    for forward in &options.local {
        let listener = bind(&forward.listen).await?;
        let goal = Goal::Fixed(forward.host.clone(), forward.port);
        tokio::spawn(serve(Arc::clone(connection), listener, goal, console.clone()));
    }
    for listen in &options.dynamic {
        let listener = bind(listen).await?;
        tokio::spawn(serve(Arc::clone(connection), listener, Goal::Socks, console.clone()));
    }
    for forward in &options.remote {
        // `localhost` is what OpenSSH asks for when no address is given.
        let address = forward.listen.address.clone().unwrap_or_else(|| "localhost".to_owned());
        let wanted = u32::from(forward.listen.port);
        let refused =
            |why: String| Error::new(Kind::Refused, format!("the host does not listen on port {wanted} for us: {why}"));
        let handle = connection.live().await?;
        let given = timeout(ANSWER, handle.tcpip_forward(address, wanted)).await;
        let given = given.map_err(|_| refused(format!("no answer within {} s", ANSWER.as_secs())))?;
        let given = given.map_err(|error| refused(error.to_string()))?;
        let port = if wanted == 0 { given } else { wanted };
        if wanted == 0 {
            console.warn(format!("Allocated port {port} for remote forward to {}:{}", forward.host, forward.port));
        }
        connection.relays().allow_port(port, forward.host.clone(), forward.port);
    }
    Ok(())
}

/// Where connections to a local port go.
#[derive(Clone, Debug)]
enum Goal {
    Fixed(String, u16),
    /// Each connection says it.
    Socks,
}

async fn bind(listen: &Listen) -> Result<TcpListener> {
    let address = listen.address.as_deref().unwrap_or("127.0.0.1");
    TcpListener::bind((address, listen.port))
        .await
        .map_err(|error| Error::msg(format!("cannot listen on {address}:{}: {}", listen.port, os_text(&error))))
}

async fn serve(connection: Arc<Connection>, listener: TcpListener, goal: Goal, console: Console) {
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                console.debug(format!("A connection to forward was not taken: {}", os_text(&error)));
                sleep(PAUSE).await;
                continue;
            }
        };
        let (connection, goal, console) = (Arc::clone(&connection), goal.clone(), console.clone());
        tokio::spawn(async move {
            if let Err(error) = relay(&connection, stream, from, goal).await {
                console.debug(format!("A forwarded connection failed: {error}"));
            }
        });
    }
}

async fn relay(connection: &Connection, mut stream: TcpStream, from: SocketAddr, goal: Goal) -> Result<()> {
    let socks = matches!(goal, Goal::Socks);
    let (host, port) = match goal {
        Goal::Fixed(host, port) => (host, port),
        Goal::Socks => {
            let asked = timeout(REQUEST, asked_for(&mut stream)).await;
            asked.map_err(|_| Error::msg(format!("no SOCKS request within {} s", REQUEST.as_secs())))??
        }
    };
    let handle = connection.live().await?;
    let opening = handle.channel_open_direct_tcpip(host, port.into(), from.ip().to_string(), from.port().into());
    let opened = timeout(OPENING, opening).await.unwrap_or(Err(russh::Error::ConnectionTimeout));
    if socks {
        stream.write_all(&socks_answer(opened.is_ok())).await?;
    }
    let channel = opened.map_err(|error| Error::new(Kind::Unreachable, error.to_string()))?;
    join(channel, stream).await;
    Ok(())
}

/// Version 5 of SOCKS (RFC 1928): no login, `CONNECT` only.
async fn asked_for(stream: &mut TcpStream) -> Result<(String, u16)> {
    let bad = |what: &str| Error::msg(format!("not a SOCKS 5 connection: {what}"));
    if stream.read_u8().await? != 5 {
        return Err(bad("wrong version"));
    }
    let mut methods = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut methods).await?;
    if !methods.contains(&0) {
        stream.write_all(&[5, 0xff]).await?;
        return Err(bad("it insists on a login"));
    }
    stream.write_all(&[5, 0]).await?;
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    let [5, 1, _, form] = request else {
        // 7: command not supported.
        stream.write_all(&[5, 7, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        return Err(bad("it asks for something else than a connection"));
    };
    let host = match form {
        1 => Ipv4Addr::from(stream.read_u32().await?).to_string(),
        3 => {
            let mut name = vec![0; stream.read_u8().await?.into()];
            stream.read_exact(&mut name).await?;
            String::from_utf8(name).map_err(|_| bad("a host name that is not text"))?
        }
        4 => Ipv6Addr::from(stream.read_u128().await?).to_string(),
        _ => return Err(bad("an unknown kind of address")),
    };
    Ok((host, stream.read_u16().await?))
}

/// Succeeded, or host unreachable; with an empty address, which nobody looks at.
fn socks_answer(ok: bool) -> [u8; 10] {
    [5, if ok { 0 } else { 4 }, 0, 1, 0, 0, 0, 0, 0, 0]
}
