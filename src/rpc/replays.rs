//! Every recorded session once more: we are its host, and the plugin says what it said; then the other way round.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::http;
use super::server::{Reply, Service, serve};
use super::types::{EMPTY, Header, schema};
use super::{CallError, Client};
use crate::gob::recordings::{calls_of, sessions, stream, to_json};
use crate::gob::{Reader, Value};

/// Says what was recorded, whatever it hears, and ends.
async fn recorded_plugin(listener: TcpListener, said: Vec<u8>, requests: usize) {
    let (mut host, _) = listener.accept().await.unwrap();
    let mut head = vec![0; http::CONNECT.len()];
    host.read_exact(&mut head).await.unwrap();
    host.write_all(http::CONNECTED).await.unwrap();
    // A real one does not answer before it is asked.
    let (mut reader, mut heard) = (Reader::default(), 0);
    while heard < 2 * requests {
        let mut bytes = Vec::new();
        assert!(host.read_buf(&mut bytes).await.unwrap() > 0);
        reader.push(&bytes);
        while reader.next_value().unwrap().is_some() {
            heard += 1;
        }
    }
    host.write_all(&said).await.unwrap();
}

#[tokio::test]
async fn as_a_host_we_understand_what_every_plugin_said() {
    let mut answers = 0;
    for session in sessions() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, calls) = (listener.local_addr().unwrap(), calls_of(&session));
        let plugin = recorded_plugin(listener, stream(&session.with_extension("s2c.bin")), calls.len());
        let host = async {
            let client = Client::connect(address, schema()).await.unwrap();
            let asked = calls.iter().map(|call| client.call(call["method"].as_str().unwrap(), EMPTY, Value::EMPTY));
            let mut asked: Vec<_> = asked.map(Box::pin).collect();
            for (call, answer) in calls.iter().zip(&mut asked) {
                // Requests are numbered in the order in which they begin.
                let first =
                    std::future::poll_fn(|cx| std::task::Poll::Ready(answer.as_mut().poll(cx).is_pending())).await;
                assert!(first, "{call}");
            }
            for (call, answer) in calls.iter().zip(asked) {
                answers += 1;
                let answer = answer.await;
                match (call["reply_no"].is_null(), call["error"].as_str()) {
                    (true, _) => assert!(matches!(answer, Err(CallError::Broken(_))), "{call}"),
                    (false, Some(error)) => assert_eq!(answer, Err(CallError::Said(error.to_owned()))),
                    (false, None) => assert_eq!(to_json(&answer.unwrap()), call["reply"], "{}", session.display()),
                }
            }
        };
        tokio::join!(plugin, host);
    }
    assert!(answers > 600, "{answers}");
}

/// Notes what is asked, and answers with a word about it.
#[derive(Default)]
struct Noted(Mutex<HashMap<String, Vec<Json>>>);

#[async_trait]
impl Service for Noted {
    async fn call(&self, method: &str, argument: Value) -> Reply {
        self.0.lock().unwrap().entry(method.to_owned()).or_default().push(to_json(&argument));
        if method.ends_with(".Stop") { Err("no".to_owned()) } else { Ok((EMPTY, Value::EMPTY)) }
    }

    fn answered(&self, _method: &str) {}
}

#[tokio::test]
async fn as_a_plugin_we_understand_what_every_host_asked() {
    for session in sessions() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, calls) = (listener.local_addr().unwrap(), calls_of(&session));
        let noted = Arc::new(Noted::default());
        let plugin = async {
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream, schema(), noted.clone()).await.unwrap();
        };
        let host = async {
            let mut plugin = TcpStream::connect(address).await.unwrap();
            plugin.write_all(http::CONNECT).await.unwrap();
            let mut head = vec![0; http::CONNECTED.len()];
            plugin.read_exact(&mut head).await.unwrap();
            assert_eq!(head, http::CONNECTED);
            plugin.write_all(&stream(&session.with_extension("c2s.bin"))).await.unwrap();
            plugin.shutdown().await.unwrap();
            let mut said = Vec::new();
            plugin.read_to_end(&mut said).await.unwrap();
            said
        };
        let ((), said) = tokio::join!(plugin, host);

        let mut expected: HashMap<String, Vec<Json>> = HashMap::new();
        for call in &calls {
            expected.entry(call["method"].as_str().unwrap().to_owned()).or_default().push(call["arg"].clone());
        }
        let in_order = |noted: &HashMap<String, Vec<Json>>| {
            let mut noted: Vec<_> =
                noted.iter().map(|(method, arguments)| json!([method, arguments]).to_string()).collect();
            noted.sort();
            noted
        };
        // Calls of one method are made one after the other but for heartbeats, which all say the same.
        assert_eq!(in_order(&noted.0.lock().unwrap()), in_order(&expected), "{}", session.display());

        let mut reader = Reader::default();
        reader.push(&said);
        let mut answered = Vec::new();
        while let Some(header) = reader.next_value().unwrap() {
            let header = Header::of(&header).unwrap();
            assert_eq!(reader.next_value().unwrap(), Some(Value::EMPTY));
            assert_eq!(header.error, if header.method.ends_with(".Stop") { "no" } else { "" });
            answered.push(header.seq);
        }
        answered.sort_unstable();
        assert_eq!(answered, (0..calls.len() as u64).collect::<Vec<_>>(), "{}", session.display());
    }
}
