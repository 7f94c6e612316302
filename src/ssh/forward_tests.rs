//! Port forwarding through a real OpenSSH server.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::ssh::sshd::{HeldPort, Sshd};
use crate::ssh::{connect, forward, options};

/// A port on which every connection gets back what it sends, in capitals; once it ends.
async fn shouter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut heard = Vec::new();
                stream.read_to_end(&mut heard).await.unwrap();
                stream.write_all(&heard.to_ascii_uppercase()).await.unwrap();
            });
        }
    });
    port
}

async fn say(mut stream: TcpStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    heard
}

/// Forwards as these options say; ends with the test's runtime.
async fn forwarded(server: &Sshd, words: &str) {
    let connection = Arc::new(connect(&server.context(), &server.user()).await.unwrap());
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let options = options::parse(&words).unwrap();
    forward::start(&connection, &options, &server.context().console).await.unwrap();
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(connection);
    });
}

#[tokio::test]
async fn local_and_remote_ports_lead_to_the_other_side() {
    let server = Sshd::start();
    let (goal, local, remote) = (shouter().await, HeldPort::new(), HeldPort::new());
    let (local, remote) = (local.number(), remote.number());
    forwarded(&server, &format!("-L {local}:127.0.0.1:{goal} -R {remote}:127.0.0.1:{goal}")).await;
    for port in [local, remote] {
        let text = "half of the connection closes first ".repeat(20_000);
        let heard = say(TcpStream::connect(("127.0.0.1", port)).await.unwrap(), &text).await;
        assert!(heard == text.to_uppercase(), "{} of {}", heard.len(), text.len());
    }
}

#[tokio::test]
async fn the_socks_proxy_takes_addresses_and_names() {
    let server = Sshd::start();
    let (goal, proxy, closed) = (shouter().await, HeldPort::new(), HeldPort::new());
    let (proxy, closed) = (proxy.number(), closed.number());
    forwarded(&server, &format!("-D {proxy}")).await;
    let address = [&[5, 1, 0, 1, 127, 0, 0, 1][..], &goal.to_be_bytes()].concat();
    let name = [&[5, 1, 0, 3, 9][..], b"localhost", &goal.to_be_bytes()].concat();
    let nobody = [&[5, 1, 0, 1, 127, 0, 0, 1][..], &closed.to_be_bytes()].concat();
    let bind = [&[5, 2, 0, 1, 127, 0, 0, 1][..], &goal.to_be_bytes()].concat();
    for (request, status) in [(address, 0), (name, 0), (nobody, 4), (bind, 7)] {
        let mut stream = TcpStream::connect(("127.0.0.1", proxy)).await.unwrap();
        stream.write_all(&[5, 1, 0]).await.unwrap();
        let mut method = [0; 2];
        stream.read_exact(&mut method).await.unwrap();
        assert_eq!(method, [5, 0]);
        stream.write_all(&request).await.unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[..2], [5, status], "{request:?}");
        if status == 0 {
            assert_eq!(say(stream, "hello").await, "HELLO");
        }
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_on_either_side() {
    let server = Sshd::start();
    let connection = Arc::new(connect(&server.context(), &server.user()).await.unwrap());
    let taken = server.port();
    // The server is content with one of the two loopbacks.
    let _other_loopback = TcpListener::bind(("::1", taken)).await;
    for line in [format!("-L {taken}:x:1"), format!("-R {taken}:x:1")] {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let options = options::parse(&words).unwrap();
        let error = forward::start(&connection, &options, &server.context().console).await.unwrap_err();
        assert!(error.message().contains(&taken.to_string()), "{line}: {error}");
    }
}
