//! Calls: any number at a time over one connection, answered in any order.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::http::{self, Answer};
use super::types::{Header, REQUEST};
use crate::error::{Error, Result, os_text};
use crate::gob::{Reader, Schema, TypeId, Value, Writer};

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The other side said so, in these words.
    Said(String),
    /// There is no connection any more.
    Broken(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(text) | Self::Broken(text) => f.write_str(text),
        }
    }
}

/// A connection. It ends when this is dropped.
pub struct Client {
    requests: Mutex<Requests>,
    calls: Arc<Mutex<Calls>>,
    tasks: [JoinHandle<()>; 2],
}

/// What is written, in the order of its types and numbers.
struct Requests {
    writer: Writer,
    next: u64,
    queue: mpsc::UnboundedSender<Vec<u8>>,
}

/// What a call gives.
type Outcome = Result<Value, CallError>;

type Waiting = oneshot::Sender<Outcome>;

/// Who waits for which answer.
#[derive(Default)]
struct Calls {
    waiting: HashMap<u64, Waiting>,
    /// Why nobody is answered any more.
    ended: Option<String>,
}

impl Client {
    /// Connects; `schema` has the types of arguments beside [`super::types::schema`]'s.
    ///
    /// # Errors
    /// Nobody listens, or it is no such server, in Go's words.
    pub async fn connect(address: SocketAddr, schema: Schema) -> Result<Self> {
        let dialled = TcpStream::connect(address).await;
        let mut stream =
            dialled.map_err(|error| Error::msg(format!("dial tcp {address}: connect: {}", os_text(&error))))?;
        // Requests are small, and each is waited for.
        stream.set_nodelay(true)?;
        let refused = |why: String| Error::msg(format!("dial-http tcp {address}: {why}"));
        stream.write_all(http::CONNECT).await.map_err(|error| refused(os_text(&error)))?;
        let mut head = Vec::new();
        // The server takes nothing before it has answered.
        let used = loop {
            match http::answer(&head) {
                Answer::Partial => {}
                Answer::Connected(used) => break used,
                Answer::Refused(status) => return Err(refused(format!("unexpected HTTP response: {status}"))),
            }
            let read = stream.read_buf(&mut head).await.map_err(|error| refused(os_text(&error)))?;
            if read == 0 {
                return Err(refused("unexpected EOF".to_owned()));
            }
        };
        Ok(Self::over(stream, &head[used..], schema))
    }

    fn over(stream: TcpStream, arrived: &[u8], schema: Schema) -> Self {
        let (from, to) = stream.into_split();
        let (queue, queued) = mpsc::unbounded_channel();
        let calls = Arc::new(Mutex::new(Calls::default()));
        let mut reader = Reader::default();
        reader.push(arrived);
        let tasks = [
            tokio::spawn(write(to, queued)),
            tokio::spawn(read(from, Responses { reader, header: None }, calls.clone())),
        ];
        let requests = Requests { writer: Writer::new(schema), next: 0, queue };
        Self { requests: Mutex::new(requests), calls, tasks }
    }

    /// Calls a method with a value of a type, and waits for what it gives. Whoever stops waiting disturbs nobody.
    ///
    /// # Errors
    /// The method's own, or the connection has ended: `unexpected EOF` during the call, later `connection is shut
    /// down`, as Go's client says it.
    pub async fn call(&self, method: &str, id: TypeId, argument: Value) -> Result<Value, CallError> {
        let (answer, answered) = oneshot::channel();
        self.send(method, id, &argument, answer)?;
        answered.await.unwrap_or_else(|_| Err(shut_down()))
    }

    /// Writes a request. Never waits, so that no request is written by half.
    fn send(&self, method: &str, id: TypeId, argument: &Value, answer: Waiting) -> Result<(), CallError> {
        let mut requests = self.requests.lock().expect("no panic while held");
        let header = Header { method: method.to_owned(), seq: requests.next, error: String::new() };
        {
            let mut calls = self.calls.lock().expect("no panic while held");
            if calls.ended.is_some() {
                return Err(shut_down());
            }
            calls.waiting.insert(header.seq, answer);
        }
        requests.next += 1;
        let mut bytes = requests.writer.write(REQUEST, &header.to_value());
        bytes.extend(requests.writer.write(id, argument));
        // If the writer has ended, the reader does too, and tells whoever waits.
        _ = requests.queue.send(bytes);
        Ok(())
    }

    /// Why the connection has ended, if it has.
    pub fn ended(&self) -> Option<String> {
        self.calls.lock().expect("no panic while held").ended.clone()
    }

    /// Ends the connection: whoever waits is told why.
    pub fn end(&self, why: &str) {
        end(&self.calls, why);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        end(&self.calls, "connection is shut down");
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("ended", &self.ended()).finish_non_exhaustive()
    }
}

fn shut_down() -> CallError {
    CallError::Broken("connection is shut down".to_owned())
}

fn end(calls: &Mutex<Calls>, why: &str) {
    let mut calls = calls.lock().expect("no panic while held");
    calls.ended.get_or_insert_with(|| why.to_owned());
    for (_, waiting) in calls.waiting.drain() {
        _ = waiting.send(Err(CallError::Broken(why.to_owned())));
    }
}

async fn write(mut to: OwnedWriteHalf, mut queued: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(bytes) = queued.recv().await {
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn read(mut from: OwnedReadHalf, mut responses: Responses, calls: Arc<Mutex<Calls>>) {
    let why = loop {
        loop {
            match responses.next() {
                Ok(Some((seq, result))) => {
                    // An answer that nobody waits for any more is dropped.
                    let waiting = calls.lock().expect("no panic while held").waiting.remove(&seq);
                    _ = waiting.map(|waiting| waiting.send(result));
                }
                Ok(None) => break,
                Err(why) => return end(&calls, &why),
            }
        }
        let mut bytes = Vec::with_capacity(16 << 10);
        match from.read_buf(&mut bytes).await {
            Ok(0) => break "unexpected EOF".to_owned(),
            Ok(_) => responses.reader.push(&bytes),
            Err(error) => break os_text(&error),
        }
    };
    end(&calls, &why);
}

/// The answers out of a stream.
struct Responses {
    reader: Reader,
    /// Of the body that comes next.
    header: Option<Header>,
}

impl Responses {
    fn next(&mut self) -> Result<Option<(u64, Outcome)>, String> {
        loop {
            let Some(value) = self.reader.next_value().map_err(|error| format!("gob: {error}"))? else {
                return Ok(None);
            };
            // The body is read whatever the header says: it may define types.
            match self.header.take() {
                None => self.header = Some(Header::of(&value).ok_or("gob: a response has no header")?),
                Some(header) if header.error.is_empty() => return Ok(Some((header.seq, Ok(value)))),
                Some(header) => return Ok(Some((header.seq, Err(CallError::Said(header.error))))),
            }
        }
    }
}
