//! The few lines of HTTP before the first call. Pure: they take what has arrived and say whether it is enough.

/// What a client sends.
pub const CONNECT: &[u8] = b"CONNECT /_goRPC_ HTTP/1.0\n\n";
/// The answer of a server that takes calls.
pub const CONNECTED: &[u8] = b"HTTP/1.0 200 Connected to Go RPC\n\n";
/// The status that Go's clients compare.
const STATUS: &str = "200 Connected to Go RPC";
/// The longest head of a request or answer.
const LONGEST: usize = 8192;

/// What a server said to our `CONNECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not all of it has arrived.
    Partial,
    /// Calls can be made; so many bytes were the answer, and the rest belongs to the first response.
    Connected(usize),
    /// It is no such server: its status, or that it speaks no HTTP.
    Refused(String),
}

/// Reads a server's answer.
pub fn answer(bytes: &[u8]) -> Answer {
    let Some(end) = end_of_head(bytes) else {
        if bytes.len() > LONGEST || !may_be_http(bytes) {
            return Answer::Refused("malformed HTTP response".to_owned());
        }
        return Answer::Partial;
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let line = head.lines().next().unwrap_or_default();
    match line.split_once(' ') {
        Some((version, STATUS)) if version.starts_with("HTTP/") => Answer::Connected(end),
        Some((version, status)) if version.starts_with("HTTP/") => Answer::Refused(status.to_owned()),
        _ => Answer::Refused("malformed HTTP response".to_owned()),
    }
}

/// What somebody wants who connected to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Not all of it has arrived.
    Partial,
    /// Calls; the request took so many bytes.
    Connect(usize),
    /// Something else, and the answer to it.
    Other(&'static [u8]),
}

/// Reads a client's request.
pub fn request(bytes: &[u8]) -> Request {
    let Some(end) = end_of_head(bytes) else {
        return if bytes.len() > LONGEST { Request::Other(BAD_REQUEST) } else { Request::Partial };
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("CONNECT"), Some("/_goRPC_"), Some(version)) if version.starts_with("HTTP/") => Request::Connect(end),
        (Some(_), Some("/_goRPC_"), Some(version)) if version.starts_with("HTTP/") => Request::Other(MUST_CONNECT),
        (Some(_), Some(_), Some(version)) if version.starts_with("HTTP/") => Request::Other(NOT_FOUND),
        _ => Request::Other(BAD_REQUEST),
    }
}

const MUST_CONNECT: &[u8] =
    b"HTTP/1.0 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n405 must CONNECT\n";
const NOT_FOUND: &[u8] =
    b"HTTP/1.0 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n404 page not found\n";
const BAD_REQUEST: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\n";

/// Behind the empty line; lines may end with or without a carriage return.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let head = &bytes[..bytes.len().min(LONGEST)];
    let mut line_start = 0;
    for (at, byte) in head.iter().enumerate() {
        if *byte == b'\n' {
            if matches!(&head[line_start..at], b"" | b"\r") && line_start > 0 {
                return Some(at + 1);
            }
            line_start = at + 1;
        }
    }
    None
}

fn may_be_http(bytes: &[u8]) -> bool {
    let begin = b"HTTP/";
    bytes.iter().zip(begin).all(|(byte, expected)| byte == expected)
}
