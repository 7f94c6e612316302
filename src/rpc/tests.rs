//! The handshake and calls against a server that does what the contract allows, and worse.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::http::{self, Answer, Request};
use super::types::{EMPTY, Header, RESPONSE, schema};
use super::{CallError, Client};
use crate::gob::{Reader, Value, Writer, predefined};

#[test]
fn an_answer_is_read_up_to_its_empty_line() {
    for answer in ["HTTP/1.0 200 Connected to Go RPC\n\n", "HTTP/1.1 200 Connected to Go RPC\r\nX: y\r\n\r\n"] {
        for end in 0..answer.len() {
            assert_eq!(http::answer(&answer.as_bytes()[..end]), Answer::Partial, "{end}");
        }
        let more = format!("{answer}gob");
        assert_eq!(http::answer(more.as_bytes()), Answer::Connected(answer.len()));
    }
}

#[test]
fn another_server_is_told_by_its_status() {
    let refused = |text: &str| match http::answer(text.as_bytes()) {
        Answer::Refused(why) => why,
        answer => panic!("{answer:?}"),
    };
    assert_eq!(refused("HTTP/1.0 404 Not Found\r\n\r\n"), "404 Not Found");
    assert_eq!(refused("HTTP/1.0 200 OK\n\n"), "200 OK");
    assert_eq!(refused("SSH-2.0-OpenSSH_9.2\r\n"), "malformed HTTP response");
    assert_eq!(refused(&format!("HTTP/1.0 200 {}", "x".repeat(9000))), "malformed HTTP response");
}

#[test]
fn a_request_is_for_calls_or_is_answered() {
    assert_eq!(http::request(http::CONNECT), Request::Connect(http::CONNECT.len()));
    let crlf = b"CONNECT /_goRPC_ HTTP/1.1\r\nHost: x\r\n\r\nmore";
    assert_eq!(http::request(crlf), Request::Connect(crlf.len() - 4));
    assert_eq!(http::request(b"CONNECT /_goRPC_ HTTP/1.0\n"), Request::Partial);
    for (request, status) in [("GET /_goRPC_ HTTP/1.1\n\n", "405"), ("GET / HTTP/1.1\n\n", "404"), ("hello\n\n", "400")]
    {
        let Request::Other(answer) = http::request(request.as_bytes()) else { panic!("{request}") };
        assert!(answer.starts_with(format!("HTTP/1.0 {status} ").as_bytes()), "{request}");
    }
}

/// A server of one connection: reads so many calls, then answers as it is told.
struct Server {
    listener: TcpListener,
}

struct Served {
    stream: TcpStream,
    reader: Reader,
    writer: Writer,
}

impl Server {
    async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    async fn client(&self) -> (Client, Served) {
        let (client, served) =
            tokio::join!(Client::connect(self.listener.local_addr().unwrap(), schema()), self.accept());
        (client.unwrap(), served)
    }

    async fn accept(&self) -> Served {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut head = vec![0; http::CONNECT.len()];
        stream.read_exact(&mut head).await.unwrap();
        stream.write_all(http::CONNECTED).await.unwrap();
        Served { stream, reader: Reader::default(), writer: Writer::new(schema()) }
    }
}

impl Served {
    async fn value(&mut self) -> Value {
        loop {
            if let Some(value) = self.reader.next_value().unwrap() {
                return value;
            }
            let mut bytes = Vec::new();
            self.stream.read_buf(&mut bytes).await.unwrap();
            self.reader.push(&bytes);
        }
    }

    async fn call(&mut self) -> Header {
        let header = Header::of(&self.value().await).unwrap();
        self.value().await;
        header
    }

    async fn answer(&mut self, seq: u64, error: &str, result: Result<&str, ()>) {
        let header = Header { method: "T.M".into(), seq, error: error.into() };
        let mut bytes = self.writer.write(RESPONSE, &header.to_value());
        bytes.extend(match result {
            Ok(text) => self.writer.write(predefined::STRING, &text.into()),
            Err(()) => self.writer.write(EMPTY, &Value::EMPTY),
        });
        self.stream.write_all(&bytes).await.unwrap();
    }
}

#[tokio::test]
async fn answers_find_their_calls_in_any_order() {
    let server = Server::start().await;
    let (client, mut served) = server.client().await;
    let calls = async {
        tokio::join!(
            client.call("T.A", EMPTY, Value::EMPTY),
            client.call("T.B", EMPTY, Value::EMPTY),
            client.call("T.C", predefined::STRING, "x".into()),
        )
    };
    let answers = async {
        let mut methods = Vec::new();
        for _ in 0..3 {
            methods.push(served.call().await.method);
        }
        assert_eq!(methods, ["T.A", "T.B", "T.C"]);
        // Nobody has asked for number 9.
        for (seq, text) in [(2, "c"), (9, "nobody"), (0, "a")] {
            served.answer(seq, "", Ok(text)).await;
        }
        served.answer(1, "say \"no\"\nto <b>", Err(())).await;
    };
    let ((a, b, c), ()) = tokio::join!(calls, answers);
    assert_eq!((a, c), (Ok("a".into()), Ok("c".into())));
    assert_eq!(b, Err(CallError::Said("say \"no\"\nto <b>".into())));
}

#[tokio::test]
async fn whoever_stops_waiting_disturbs_nobody() {
    let server = Server::start().await;
    let (client, mut served) = server.client().await;
    {
        let call = client.call("T.A", EMPTY, Value::EMPTY);
        tokio::pin!(call);
        assert!(futures_poll_once(call.as_mut()).await.is_none());
    }
    let answers = async {
        served.call().await;
        served.call().await;
        served.answer(0, "", Ok("late")).await;
        served.answer(1, "", Ok("mine")).await;
    };
    let (mine, ()) = tokio::join!(client.call("T.B", EMPTY, Value::EMPTY), answers);
    assert_eq!(mine, Ok("mine".into()));
}

/// One look at a future.
async fn futures_poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn the_end_of_the_stream_ends_calls_in_go_s_words() {
    let server = Server::start().await;
    let (client, mut served) = server.client().await;
    let die = async {
        served.call().await;
        drop(served);
    };
    let (first, ()) = tokio::join!(client.call("T.A", EMPTY, Value::EMPTY), die);
    assert_eq!(first, Err(CallError::Broken("unexpected EOF".into())));
    let later = client.call("T.A", EMPTY, Value::EMPTY).await;
    assert_eq!(later, Err(CallError::Broken("connection is shut down".into())));
}

#[tokio::test]
async fn nonsense_ends_the_connection_not_the_program() {
    let server = Server::start().await;
    let (client, mut served) = server.client().await;
    let answers = async {
        served.call().await;
        served.stream.write_all(&[3, 0xff, 0xff, 0]).await.unwrap();
    };
    let (call, ()) = tokio::join!(client.call("T.A", EMPTY, Value::EMPTY), answers);
    assert!(matches!(call, Err(CallError::Broken(why)) if why.starts_with("gob: ")));
}

#[tokio::test]
async fn nobody_listening_is_said_as_go_says_it() {
    let address = Server::start().await.listener.local_addr().unwrap();
    let error = Client::connect(address, schema()).await.unwrap_err();
    assert_eq!(error.message(), format!("dial tcp {address}: connect: connection refused"));
}
