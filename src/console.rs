//! The only code that writes to the terminal: results, progress, warnings, errors, questions.
//!
//! Channels are the original's: results and progress lines on standard output, errors and debug lines on
//! standard error. In a query ([`Console::for_query`]) standard output holds only the result.

use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::{Error, Result};

/// A handle on the terminal; cheap to clone, usable from every task.
#[derive(Clone, Debug)]
pub struct Console {
    inner: Arc<Inner>,
    /// `(NAME) ` before every line, for what a driver says.
    prefix: String,
    /// Progress lines go to standard error, so that standard output holds only the result.
    query: bool,
}

#[derive(Debug)]
struct Inner {
    sink: Mutex<Sink>,
    debug: bool,
    /// The line that turns while something long is under way; none in a pipe.
    spinner: Mutex<Option<ProgressBar>>,
    animate: bool,
}

#[derive(Debug)]
enum Sink {
    Process,
    Captured { stdout: String, stderr: String, answers: Vec<String> },
}

enum Stream {
    Stdout,
    Stderr,
}

/// Where a sentence goes that the user is told while something runs; ends the spinner when dropped.
#[derive(Debug)]
pub struct Progress {
    console: Console,
}

impl Console {
    /// The process's own streams. `animate`: whether a spinner may be drawn (standard error is a terminal).
    pub fn process(debug: bool, animate: bool) -> Self {
        Self::with(Sink::Process, debug, animate && !debug)
    }

    /// Keeps everything in memory and answers questions from a list: for tests.
    pub fn captured(answers: &[&str]) -> Self {
        let answers = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        Self::with(Sink::Captured { stdout: String::new(), stderr: String::new(), answers }, false, false)
    }

    fn with(sink: Sink, debug: bool, animate: bool) -> Self {
        let inner = Inner { sink: Mutex::new(sink), debug, spinner: Mutex::new(None), animate };
        Self { inner: Arc::new(inner), prefix: String::new(), query: false }
    }

    /// The same terminal for what the driver of machine `name` says: `(NAME) ` before each line.
    #[must_use]
    pub fn for_machine(&self, name: &str) -> Self {
        Self { prefix: format!("({name}) "), ..self.clone() }
    }

    /// The same terminal for a command whose standard output is parsed: progress goes to standard error.
    #[must_use]
    pub fn for_query(&self) -> Self {
        Self { query: true, ..self.clone() }
    }

    /// A result, exactly as it is (no line end added).
    pub fn data(&self, text: &str) {
        self.write(Stream::Stdout, text);
    }

    /// A line of a result.
    pub fn line(&self, text: impl AsRef<str>) {
        self.write(Stream::Stdout, &format!("{}\n", text.as_ref()));
    }

    /// A progress line.
    pub fn say(&self, text: impl AsRef<str>) {
        let stream = if self.query { Stream::Stderr } else { Stream::Stdout };
        self.write(stream, &format!("{}{}\n", self.prefix, text.as_ref()));
    }

    /// A line about something that is not as it should be, on standard error.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.write(Stream::Stderr, &format!("{}{}\n", self.prefix, text.as_ref()));
    }

    /// A failure: its message, then its hints.
    pub fn error(&self, error: &Error) {
        if !error.message().is_empty() {
            self.write(Stream::Stderr, &format!("{}\n", error.message()));
        }
        for hint in error.hints() {
            self.write(Stream::Stderr, &format!("hint: {hint}\n"));
        }
    }

    /// A line for `--debug`.
    pub fn debug(&self, text: impl AsRef<str>) {
        if self.inner.debug {
            self.write(Stream::Stderr, &format!("{}{}\n", self.prefix, text.as_ref()));
        }
    }

    /// Whether `--debug` is on.
    pub fn is_debug(&self) -> bool {
        self.inner.debug
    }

    /// A progress line for something that takes long; on a terminal a spinner turns until the value is dropped.
    pub fn progress(&self, text: impl AsRef<str>) -> Progress {
        self.say(text.as_ref());
        self.spin(format!("{}{}", self.prefix, text.as_ref()));
        Progress { console: self.clone() }
    }

    /// Asks a question without a line end and reads one line; `None` at the end of input.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub fn ask(&self, question: &str) -> Result<Option<String>> {
        self.write(Stream::Stdout, question);
        let mut sink = self.inner.sink.lock().expect("no panic while the console is held");
        match &mut *sink {
            Sink::Captured { answers, .. } => Ok(answers.pop()),
            Sink::Process => {
                let mut line = String::new();
                let read = std::io::stdin().lock().read_line(&mut line)?;
                Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
            }
        }
    }

    /// What a captured console was given: standard output and standard error.
    pub fn captured_text(&self) -> (String, String) {
        match &*self.inner.sink.lock().expect("no panic while the console is held") {
            Sink::Captured { stdout, stderr, .. } => (stdout.clone(), stderr.clone()),
            Sink::Process => Default::default(),
        }
    }

    fn write(&self, stream: Stream, text: &str) {
        let spinner = self.inner.spinner.lock().expect("no panic while the spinner is held").clone();
        match spinner {
            Some(bar) => bar.suspend(|| self.write_now(stream, text)),
            None => self.write_now(stream, text),
        }
    }

    /// A closed pipe is no error here: `ls | head -1` ends quietly.
    fn write_now(&self, stream: Stream, text: &str) {
        let mut sink = self.inner.sink.lock().expect("no panic while the console is held");
        match (&mut *sink, stream) {
            (Sink::Captured { stdout, .. }, Stream::Stdout) => stdout.push_str(text),
            (Sink::Captured { stderr, .. }, Stream::Stderr) => stderr.push_str(text),
            (Sink::Process, Stream::Stdout) => {
                let mut out = std::io::stdout().lock();
                _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
            (Sink::Process, Stream::Stderr) => _ = std::io::stderr().lock().write_all(text.as_bytes()),
        }
    }

    fn spin(&self, text: String) {
        if !self.inner.animate {
            return;
        }
        let bar = ProgressBar::new_spinner().with_message(text);
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("a valid template"));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.replace_spinner(Some(bar));
    }

    fn replace_spinner(&self, bar: Option<ProgressBar>) {
        let old = std::mem::replace(&mut *self.inner.spinner.lock().expect("no panic while held"), bar);
        if let Some(old) = old {
            old.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.console.replace_spinner(None);
    }
}
