//! An endpoint that answers in EC2's place and does not end: it is cut off, asked once, and fills no memory.
#![cfg(feature = "amazonec2")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::Sandbox;

/// A run takes some 30 MiB by itself; the answer is read up to 32 MiB.
const MEMORY: u64 = 160 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers every request with this status and blanks without end; where, and how many it was asked.
fn endless(status: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
    let (address, asked) = (listener.local_addr().expect("it is bound"), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            std::thread::spawn(move || _ = pour(stream, status, &count));
        }
    });
    (address, asked)
}

fn pour(mut stream: TcpStream, status: &str, asked: &AtomicUsize) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(7).any(|part| part == b"Action=") {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk)? {
            0 => return Ok(()),
            length => request.extend_from_slice(&chunk[..length]),
        }
    }
    asked.fetch_add(1, Ordering::SeqCst);
    write!(stream, "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\n\r\n<?xml version=\"1.0\"?>")?;
    loop {
        stream.write_all(&[b' '; 64 * 1024])?;
    }
}

#[test]
fn an_answer_of_ec2_that_never_ends_is_cut_off() {
    for status in ["200 OK", "503 Unavailable"] {
        let (address, asked) = endless(status);
        let sandbox = Sandbox::new();
        let run = sandbox
            .run(&format!("create -d amazonec2 --amazonec2-endpoint http://{address} web"))
            .env("AWS_ACCESS_KEY_ID", "AKIA")
            .env("AWS_SECRET_ACCESS_KEY", "s");
        let (seen, memory) = run.measured(PATIENCE);
        let why = "the answer is longer than 32 MiB, which is none of EC2's; is the endpoint right?";
        assert_eq!(seen.status, Some(1), "{status}: {seen:?}");
        assert!(seen.stderr.contains(why), "{status}: {seen:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{status}: {seen:?}");
        assert!(memory < MEMORY, "{status} took {memory} KiB");
        assert!(!sandbox.has(".docker/machines/web"), "{status}");
    }
}
