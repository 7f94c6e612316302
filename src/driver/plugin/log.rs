//! What a plugin prints: lines for the user, lines for `--debug`, and its last words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use crate::console::Console;

/// Where a line without an end is cut.
const LONGEST: usize = 1 << 20;
/// How many lines of its standard error are kept for when it dies.
const LAST_WORDS: usize = 12;
/// How much of each.
const LAST_WORD: usize = 500;

/// The last lines of a plugin's standard error.
#[derive(Clone, Debug, Default)]
pub(super) struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    fn add(&self, line: &str) {
        let mut lines = self.0.lock().expect("no panic while held");
        if lines.len() == LAST_WORDS {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(LAST_WORD).collect());
    }

    /// The lines, oldest first.
    pub(super) fn get(&self) -> Vec<String> {
        self.0.lock().expect("no panic while held").iter().cloned().collect()
    }
}

/// Tells a reader that nothing is to be shown any more; it answers when what was written before has been.
pub(super) type Hush = mpsc::Receiver<tokio::sync::oneshot::Sender<()>>;

/// Hands a stream on line by line until its end, so that a plugin never waits for a full pipe. `show` is not called any
/// more once `hush` has said so.
pub(super) async fn lines(mut stream: impl AsyncRead + Unpin, mut hush: Hush, mut show: impl FnMut(&str)) {
    let mut bytes = Vec::new();
    let mut shows = true;
    loop {
        let read = tokio::select! {
            // What is there already is read first.
            biased;
            read = stream.read_buf(&mut bytes) => read,
            Some(done) = hush.recv() => {
                shows = false;
                _ = done.send(());
                continue;
            }
        };
        let is_end = !matches!(read, Ok(1..));
        while let Some(length) = line_length(&bytes, is_end) {
            let line: Vec<u8> = bytes.drain(..length).collect();
            if shows {
                show(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            }
        }
        if is_end {
            return;
        }
    }
}

/// How many bytes the next line has; at the end of the stream the rest is one.
fn line_length(bytes: &[u8], is_end: bool) -> Option<usize> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => Some(end + 1),
        None if bytes.len() >= LONGEST || (is_end && !bytes.is_empty()) => Some(bytes.len()),
        None => None,
    }
}

/// Shows a line of standard output.
pub(super) fn say(console: &Console, line: &str) {
    console.say(line);
}

/// Shows a line of standard error, and keeps it.
pub(super) fn debug(console: &Console, last: &LastWords, line: &str) {
    console.debug(format!("DBG | {line}"));
    last.add(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shown(text: &[u8]) -> Vec<String> {
        let (_quiet, hush) = mpsc::channel(1);
        let mut shown = Vec::new();
        lines(text, hush, |line| shown.push(line.to_owned())).await;
        shown
    }

    #[tokio::test]
    async fn lines_of_any_length_are_shown_and_the_last_needs_no_end() {
        let long = "x".repeat(70_000);
        let text = format!("one\r\n\n{long}\nlast");
        assert_eq!(shown(text.as_bytes()).await, ["one", "", &long, "last"]);
        assert_eq!(shown(b"\xff\n").await, ["\u{fffd}"]);
    }

    #[tokio::test]
    async fn a_line_without_an_end_does_not_fill_the_memory() {
        let endless = vec![b'x'; 3 * LONGEST];
        let pieces = shown(&endless).await;
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= 2 * LONGEST), "{}", pieces.len());
    }

    #[tokio::test]
    async fn what_comes_after_the_hush_is_read_and_not_shown() {
        let (mut plugin, stream) = tokio::io::duplex(64);
        let (quiet, hush) = mpsc::channel(1);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = shown.clone();
        let reading = tokio::spawn(lines(stream, hush, move |line| seen.lock().unwrap().push(line.to_owned())));
        tokio::io::AsyncWriteExt::write_all(&mut plugin, b"before\n").await.unwrap();
        let (done, is_done) = tokio::sync::oneshot::channel();
        quiet.send(done).await.unwrap();
        is_done.await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut plugin, b"after\n").await.unwrap();
        drop(plugin);
        reading.await.unwrap();
        assert_eq!(*shown.lock().unwrap(), ["before"]);
    }
}
