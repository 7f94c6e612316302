//! The only code that writes to the terminal: results, progress, warnings, errors, questions.
//!
//! Channels are the original's: results and progress lines on standard output, errors and debug lines on
//! standard error. In a query ([`Console::for_query`]) standard output holds only the result.
//! Results go out as they are, for programs; in everything else control characters are shown ([`visible()`]).

mod progress;
mod visible;

use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, OnceLock};

use self::progress::{Line, Screen};
pub use self::visible::{shortened, visible, visible_line};
use crate::env::Env;
use crate::error::{Error, Result, os_text};

/// A handle on the terminal; cheap to clone, usable from every task.
#[derive(Clone, Debug)]
pub struct Console {
    inner: Arc<Inner>,
    /// `(NAME) ` before what a driver says.
    prefix: String,
    /// The prefix stands before each line of a text, not only before the first one.
    prefix_every_line: bool,
    /// It is a driver plugin that speaks, not a person's command.
    is_for_host: bool,
    /// Progress lines go to standard error, so that standard output holds only the result.
    query: bool,
    /// Where this machine's steps are shown while several are worked on.
    steps: Option<Arc<Line>>,
}

#[derive(Debug)]
struct Inner {
    sink: Mutex<Sink>,
    debug: bool,
    screen: Screen,
    /// Why a result could not be written.
    lost: OnceLock<String>,
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

/// Something long that is under way; a line that turns on the terminal ends when this is dropped.
#[derive(Debug)]
pub struct Progress {
    _line: Option<Line>,
}

impl Console {
    /// The process's own streams, nothing animated.
    pub fn process(debug: bool) -> Self {
        Self::with(Sink::Process, debug, Screen::none())
    }

    /// The process's own streams, with lines that turn where there is a terminal and nobody debugs.
    pub fn animated(debug: bool, env: &Env) -> Self {
        let screen = if env.stderr_tty && !debug { Screen::terminal(env.stdout_tty) } else { Screen::none() };
        Self::with(Sink::Process, debug, screen)
    }

    /// The streams of a driver plugin, whose host puts the machine's name before each line itself: warnings go to standard
    /// output too, and standard error is for those who debug.
    pub fn for_host() -> Self {
        Self { is_for_host: true, ..Self::process(true) }
    }

    /// Keeps everything in memory and answers questions from a list: for tests.
    pub fn captured(answers: &[&str]) -> Self {
        let answers = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        Self::with(Sink::Captured { stdout: String::new(), stderr: String::new(), answers }, false, Screen::none())
    }

    fn with(sink: Sink, debug: bool, screen: Screen) -> Self {
        let inner = Inner { sink: Mutex::new(sink), debug, screen, lost: OnceLock::new() };
        Self {
            inner: Arc::new(inner),
            prefix: String::new(),
            prefix_every_line: false,
            is_for_host: false,
            query: false,
            steps: None,
        }
    }

    /// The same terminal for what the driver of machine `name` says: `(NAME) ` before each line.
    #[must_use]
    pub fn for_machine(&self, name: &str) -> Self {
        let prefix = if self.is_for_host { String::new() } else { format!("({name}) ") };
        Self { prefix, ..self.clone() }
    }

    /// As [`Console::for_machine`], for one of several machines that are worked on at the same time: every line has the
    /// name, and on a terminal its steps (lines that end in `...`) take turns on one line of its own until
    /// [`Console::end_steps`]. In a query there is no such line.
    #[must_use]
    pub fn for_one_of_several(&self, name: &str) -> Self {
        let console = Self { prefix_every_line: true, ..self.for_machine(name) };
        let steps = if self.query { None } else { self.inner.screen.steps(&console.prefix) };
        Self { steps: steps.map(Arc::new), ..console }
    }

    /// The machine is done with: tells how long it took, if its steps leave no trace.
    pub fn finished(&self) {
        if let Some(line) = &self.steps {
            self.say(format!("Done in {} s.", line.age().as_secs()));
        }
    }

    /// Takes the line of the machine's steps off the terminal, whoever still has this console.
    pub fn end_steps(&self) {
        if let Some(line) = &self.steps {
            line.end();
        }
    }

    /// The same terminal for a command whose standard output is parsed: progress goes to standard error.
    #[must_use]
    pub fn for_query(&self) -> Self {
        Self { query: true, ..self.clone() }
    }

    /// Whether a program may read what the command prints: nothing that is not asked for then.
    pub fn is_query(&self) -> bool {
        self.query
    }

    /// A result, exactly as it is (no line end added).
    pub fn data(&self, text: &str) {
        if let Err(error) = self.write(Stream::Stdout, text) {
            _ = self.inner.lost.set(os_text(&error));
        }
    }

    /// A line of a result.
    pub fn line(&self, text: impl AsRef<str>) {
        self.data(&format!("{}\n", text.as_ref()));
    }

    /// Whether all results have arrived. Whoever closes a pipe has seen enough; a full disk is another matter.
    ///
    /// # Errors
    /// Standard output could not be written.
    pub fn delivered(&self) -> Result<()> {
        let lost = self.inner.lost.get();
        lost.map_or(Ok(()), |why| Err(Error::msg(format!("write standard output: {why}"))))
    }

    /// A progress line.
    pub fn say(&self, text: impl AsRef<str>) {
        if let Some(line) = self.steps.as_ref().filter(|_| text.as_ref().ends_with("...")) {
            return line.show(self.shown(text));
        }
        let stream = if self.query { Stream::Stderr } else { Stream::Stdout };
        _ = self.write(stream, &format!("{}\n", self.shown(text)));
    }

    /// A line about something that is not as it should be, on standard error.
    pub fn warn(&self, text: impl AsRef<str>) {
        let stream = if self.is_for_host { Stream::Stdout } else { Stream::Stderr };
        _ = self.write(stream, &format!("{}\n", self.shown(text)));
    }

    /// A failure, unless it was told already: its message, then its hints, then for `--debug` its causes.
    pub fn error(&self, error: &Error) {
        if !error.is_told() {
            self.warn(error.message());
            error.hints().into_iter().for_each(|hint| self.warn(format!("hint: {hint}")));
        }
        error.causes().for_each(|cause| self.debug(format!("caused by: {cause}")));
    }

    /// A line for `--debug`.
    pub fn debug(&self, text: impl AsRef<str>) {
        if self.inner.debug {
            _ = self.write(Stream::Stderr, &format!("{}\n", self.shown(text)));
        }
    }

    /// Whether `--debug` is on.
    pub fn is_debug(&self) -> bool {
        self.inner.debug
    }

    /// Something that takes long and is told when it is over: only a terminal shows that it is under way.
    pub fn busy(&self, text: &str) -> Progress {
        let line = match &self.steps {
            Some(steps) => {
                steps.show(self.shown(text));
                None
            }
            None => self.inner.screen.line(self.shown(text)),
        };
        Progress { _line: line }
    }

    /// A progress line for something that takes long; on a terminal it turns until the value is dropped.
    pub fn progress(&self, text: impl AsRef<str>) -> Progress {
        self.say(text.as_ref());
        self.busy(text.as_ref())
    }

    /// Asks a question without a line end and reads one line; `None` at the end of input.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub fn ask(&self, question: &str) -> Result<Option<String>> {
        _ = self.write(Stream::Stdout, &visible(question));
        let mut sink = self.inner.sink.lock().expect("no panic while the console is held");
        match &mut *sink {
            Sink::Captured { answers, .. } => Ok(answers.pop()),
            Sink::Process => {
                let mut line = String::new();
                let read = io::stdin().lock().read_line(&mut line)?;
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

    /// What is said, with its prefix, fit for a terminal.
    fn shown(&self, text: impl AsRef<str>) -> String {
        let shown = format!("{}{}", self.prefix, visible(text.as_ref()));
        if self.prefix_every_line { shown.replace('\n', &format!("\n{}", self.prefix)) } else { shown }
    }

    fn write(&self, stream: Stream, text: &str) -> io::Result<()> {
        self.inner.screen.step_aside(|| self.write_now(stream, text))
    }

    /// A closed pipe is no error here: `ls | head -1` ends quietly.
    fn write_now(&self, stream: Stream, text: &str) -> io::Result<()> {
        let mut sink = self.inner.sink.lock().expect("no panic while the console is held");
        let written = match (&mut *sink, stream) {
            (Sink::Captured { stdout, .. }, Stream::Stdout) => {
                stdout.push_str(text);
                Ok(())
            }
            (Sink::Captured { stderr, .. }, Stream::Stderr) => {
                stderr.push_str(text);
                Ok(())
            }
            (Sink::Process, Stream::Stdout) => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
            (Sink::Process, Stream::Stderr) => io::stderr().lock().write_all(text.as_bytes()),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_reach_the_terminal_as_they_are() {
        let console = Console::captured(&[]).for_machine("web");
        let text = "a\u{1b}]0;b\u{7}\u{9b}";
        console.data(text);
        console.say(text);
        console.warn(text);
        console.error(&Error::msg(text).hint(text));
        console.ask(text).unwrap();
        let (stdout, stderr) = console.captured_text();
        let seen = "a\\x1b]0;b\\x07\\x9b";
        assert_eq!(stdout, format!("{text}(web) {seen}\n{seen}"));
        assert_eq!(stderr, format!("(web) {seen}\n(web) {seen}\n(web) hint: {seen}\n"));
    }
}
