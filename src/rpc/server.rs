//! The other side: takes calls over a connection, each in a task of its own, and answers as they end.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use super::http::{self, Request};
use super::types::{EMPTY, Header, RESPONSE};
use crate::gob::{Reader, Schema, TypeId, Value, Writer};

/// A result with its type, or why there is none.
pub type Reply = Result<(TypeId, Value), String>;

/// What can be called.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Does what `method` (`RPCServerDriver.GetState`) does.
    async fn call(&self, method: &str, argument: Value) -> Reply;

    /// The answer to a call of `method` is on its way.
    fn answered(&self, method: &str);
}

/// Serves a connection until its end; `schema` has the types of results beside [`super::types::schema`]'s.
///
/// # Errors
/// The connection broke, or the other side speaks another language.
pub async fn serve(mut stream: TcpStream, schema: Schema, service: Arc<dyn Service>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    let used = loop {
        match http::request(&head) {
            Request::Partial => {}
            Request::Connect(used) => break used,
            Request::Other(answer) => return stream.write_all(answer).await,
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    };
    stream.write_all(http::CONNECTED).await?;
    let (from, to) = stream.into_split();
    let (answer, answers) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write(to, Writer::new(schema), answers, service.clone()));
    let mut reader = Reader::default();
    reader.push(&head[used..]);
    let read = read(from, reader, &service, &answer).await;
    // Calls that are under way are answered, if anybody is still there.
    drop(answer);
    _ = writing.await;
    read
}

/// An answer that is to be written.
struct Answer {
    header: Header,
    reply: Reply,
}

async fn read(
    mut from: OwnedReadHalf,
    mut reader: Reader,
    service: &Arc<dyn Service>,
    answer: &mpsc::UnboundedSender<Answer>,
) -> std::io::Result<()> {
    let mut header = None;
    loop {
        while let Some(value) = reader.next_value().map_err(|error| std::io::Error::other(error.to_string()))? {
            match header.take() {
                None => header = Some(Header::of(&value).ok_or_else(|| std::io::Error::other("no request"))?),
                Some(header) => answer_later(service.clone(), answer.clone(), header, value),
            }
        }
        let mut bytes = Vec::with_capacity(16 << 10);
        if from.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        reader.push(&bytes);
    }
}

fn answer_later(service: Arc<dyn Service>, answer: mpsc::UnboundedSender<Answer>, header: Header, argument: Value) {
    tokio::spawn(async move {
        let reply = service.call(&header.method, argument).await;
        // Whoever called may be gone.
        _ = answer.send(Answer { header, reply });
    });
}

async fn write(
    mut to: OwnedWriteHalf,
    mut writer: Writer,
    mut answers: mpsc::UnboundedReceiver<Answer>,
    service: Arc<dyn Service>,
) {
    while let Some(Answer { mut header, reply }) = answers.recv().await {
        let (id, body) = match reply {
            Ok(result) => result,
            Err(why) => {
                header.error = why;
                (EMPTY, Value::EMPTY)
            }
        };
        let mut bytes = writer.write(RESPONSE, &header.to_value());
        bytes.extend(writer.write(id, &body));
        let written = to.write_all(&bytes).await;
        service.answered(&header.method);
        if written.is_err() {
            return;
        }
    }
}
