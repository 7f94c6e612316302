//! A snapshot of what the process was started with: variables, arguments, folder, terminals.
//!
//! Everything else asks this value, so that a test can run any command with an environment of its own.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;

/// The process's surroundings, read once at the start.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// Environment variables whose value is valid Unicode.
    pub vars: BTreeMap<String, String>,
    /// The whole command line, program name first, as typed.
    pub args: Vec<String>,
    /// The current folder.
    pub cwd: PathBuf,
    /// The home folder from the user database, for when `HOME` is unset.
    pub passwd_home: Option<PathBuf>,
    /// Whether standard input, output and error are terminals.
    pub stdin_tty: bool,
    /// See [`Env::stdin_tty`].
    pub stdout_tty: bool,
    /// See [`Env::stdin_tty`].
    pub stderr_tty: bool,
    /// Columns of the terminal that is standard output; `None`: it is no terminal.
    pub stdout_width: Option<usize>,
}

impl Env {
    /// The real process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that looks at the process")]
    pub fn from_process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self {
            vars: std::env::vars_os().map(|(key, value)| (lossy(key), lossy(value))).collect(),
            args: std::env::args_os().map(lossy).collect(),
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            passwd_home: std::env::home_dir(),
            stdin_tty: std::io::stdin().is_terminal(),
            stdout_tty: std::io::stdout().is_terminal(),
            stderr_tty: std::io::stderr().is_terminal(),
            stdout_width: std::io::stdout().is_terminal().then(|| columns(&std::io::stdout())),
        }
    }

    /// A variable's value; an empty one counts as unset, as everywhere in the original.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Where a program stands, looked up in `PATH`.
    pub fn which(&self, program: &str) -> Option<PathBuf> {
        let path = self.var("PATH")?;
        std::env::split_paths(path).map(|folder| self.cwd.join(folder).join(program)).find(|file| is_executable(file))
    }

    /// The program's name as it was called (`argv[0]`), `docker-machine` if there is none.
    pub fn program(&self) -> &str {
        self.args.first().map_or("docker-machine", String::as_str)
    }
}

/// A terminal's width. One that does not tell, such as a serial line, has the usual 80.
fn columns(terminal: &impl std::os::fd::AsFd) -> usize {
    let told = rustix::termios::tcgetwinsize(terminal).map_or(0, |size| size.ws_col);
    if told == 0 { 80 } else { usize::from(told) }
}

/// Whether a file is there and may be run by somebody.
pub fn is_executable(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
