//! Files on this computer and on hosts behind one set of operations: what a copy between any two of them needs.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;
use std::time::Duration;

use russh::client::Msg;
use russh::{ChannelMsg, ChannelStream};
use russh_sftp::client::{Config, RawSftpSession, SftpSession, error::Error as SftpError};
use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::console::{shortened, visible_line};
use crate::error::{Error, Kind, Result, os_text};
use crate::ssh::native::Connection;

/// The answer to one SFTP request may take this long on a slow line or disk.
const ANSWER: u64 = 60;
/// The time until the sftp server on the host is up.
const START: Duration = Duration::from_secs(20);

/// The names of one directory may take this long.
const LISTING: Duration = Duration::from_secs(600);
/// What the names of one directory may take of our memory, in MiB: some 400 000 of them.
const LONGEST_LISTING: usize = 32;
/// How much of a host's own words is shown.
const SHOWN: usize = 200;
/// What a name takes beside its text.
const PER_NAME: usize = 64;

/// Where files are.
pub enum Files {
    /// Here; relative paths start at this folder.
    Local(PathBuf),
    /// On a host.
    Remote(Box<SftpFiles>),
}

/// A host's files.
pub struct SftpFiles {
    session: SftpSession,
    /// For listings, page by page: the session itself would gather one without end.
    lister: OnceCell<RawSftpSession>,
    /// How messages call the host.
    name: String,
    connection: Connection,
}

/// What a copy needs to know about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is; symbolic links are followed.
    pub kind: FileKind,
    /// The permission bits.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file with content.
    File,
    /// A directory.
    Directory,
    /// A device, a socket, a pipe.
    Other,
}

/// A file's content as it is read.
pub type Reader = Box<dyn AsyncRead + Send + Unpin>;
/// A file's content as it is written.
pub type Writer = Box<dyn AsyncWrite + Send + Unpin>;

impl Files {
    /// The files of a host, over its sftp subsystem. `name` is how messages call it.
    ///
    /// # Errors
    /// The host offers no sftp.
    pub async fn remote(connection: Connection, name: &str) -> Result<Self> {
        let session = in_time(name, async {
            let session = SftpSession::new_with_config(subsystem(&connection, name).await?, config()).await;
            session.map_err(|error| missing(name, &error.to_string()))
        });
        let session = session.await?;
        Ok(Self::Remote(Box::new(SftpFiles { session, lister: OnceCell::new(), name: name.to_owned(), connection })))
    }

    /// The file's metadata; `None` if there is no such file.
    pub async fn metadata(&self, path: &str) -> Result<Option<Metadata>> {
        match self {
            Self::Local(folder) => match tokio::fs::metadata(folder.join(path)).await {
                Ok(data) => Ok(Some(Metadata { kind: local_kind(&data), mode: data.mode() & 0o777, size: data.len() })),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(self.failed(path, os_text(&error))),
            },
            Self::Remote(remote) => match remote.session.metadata(path).await {
                Ok(data) => Ok(Some(remote_metadata(&data))),
                Err(SftpError::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(None),
                Err(error) => Err(self.failed(path, sftp_text(&error))),
            },
        }
    }

    /// The names in a directory, sorted.
    pub async fn names(&self, path: &str) -> Result<Vec<String>> {
        let mut names = match self {
            Self::Local(folder) => {
                let mut names = Vec::new();
                let failed = |error: std::io::Error| self.failed(path, os_text(&error));
                let mut entries = tokio::fs::read_dir(folder.join(path)).await.map_err(failed)?;
                while let Some(entry) = entries.next_entry().await.map_err(failed)? {
                    let name = entry.file_name().into_string();
                    names.push(name.map_err(|name| self.failed(path, format!("{} is not UTF-8", name.display())))?);
                }
                names
            }
            Self::Remote(remote) => remote.names(path).await?.map_err(|why| self.failed(path, why))?,
        };
        // A host must not make us write outside of the target directory.
        names.retain(|name| !matches!(name.as_str(), "." | ".."));
        if let Some(bad) = names.iter().find(|name| !is_plain(name)) {
            return Err(self.failed(path, format!("a file name that cannot be: {:?}", shortened(bad, SHOWN))));
        }
        names.sort();
        Ok(names)
    }

    /// Opens a file for reading.
    pub async fn read(&self, path: &str) -> Result<Reader> {
        match self {
            Self::Local(folder) => {
                let file = tokio::fs::File::open(folder.join(path)).await;
                Ok(Box::new(file.map_err(|error| self.failed(path, os_text(&error)))?))
            }
            Self::Remote(remote) => {
                let file = remote.session.open(path).await;
                Ok(Box::new(file.map_err(|error| self.failed(path, sftp_text(&error)))?))
            }
        }
    }

    /// Opens a file for writing, emptied; a new one gets the mode, less the umask there.
    pub async fn write(&self, path: &str, mode: u32) -> Result<Writer> {
        match self {
            Self::Local(folder) => {
                let mut options = tokio::fs::OpenOptions::new();
                let file = options.write(true).create(true).truncate(true).mode(mode).open(folder.join(path)).await;
                Ok(Box::new(file.map_err(|error| self.failed(path, os_text(&error)))?))
            }
            Self::Remote(remote) => {
                let flags = OpenFlags::CREATE | OpenFlags::TRUNCATE | OpenFlags::WRITE;
                let attributes = FileAttributes { permissions: Some(mode), ..FileAttributes::empty() };
                let file = remote.session.open_with_flags_and_attributes(path, flags, attributes).await;
                Ok(Box::new(file.map_err(|error| self.failed(path, sftp_text(&error)))?))
            }
        }
    }

    /// Makes a directory that we can write to, with the rest of the mode less the umask there.
    pub async fn make_directory(&self, path: &str, mode: u32) -> Result<()> {
        match self {
            Self::Local(folder) => {
                let made = std::fs::DirBuilder::new().mode(mode | 0o700).create(folder.join(path));
                made.map_err(|error| self.failed(path, os_text(&error)))
            }
            Self::Remote(remote) => {
                let failed = |error: SftpError| self.failed(path, sftp_text(&error));
                remote.session.create_dir(path).await.map_err(failed)?;
                // The mode cannot be given with the request, and the umask there is not known: only ever take away.
                let Ok(made) = remote.session.metadata(path).await else { return Ok(()) };
                let less = remote_metadata(&made).mode & (mode | 0o700);
                let attributes = FileAttributes { permissions: Some(less), ..FileAttributes::empty() };
                remote.session.set_metadata(path, attributes).await.map_err(failed)
            }
        }
    }

    /// An error about one of the files.
    pub fn failed(&self, path: &str, why: impl std::fmt::Display) -> Error {
        Error::msg(format!("{}: {why}", self.shown(path)))
    }

    /// `PATH`, or `NAME:PATH` on a host.
    pub fn shown(&self, path: &str) -> String {
        let path = visible_line(path);
        match self {
            Self::Local(_) => path.into_owned(),
            Self::Remote(remote) => format!("{}:{path}", remote.name),
        }
    }
}

impl SftpFiles {
    /// The names in a directory as the host tells them, or why not.
    async fn names(&self, path: &str) -> Result<Result<Vec<String>, String>> {
        let lister = self.lister.get_or_try_init(|| self.open_lister()).await?;
        let listed = timeout(LISTING, list(lister, path)).await;
        Ok(listed.unwrap_or_else(|_| Err(format!("the listing did not end within {} s", LISTING.as_secs()))))
    }

    async fn open_lister(&self) -> Result<RawSftpSession> {
        let opening = in_time(&self.name, async {
            let lister = RawSftpSession::new_with_config(subsystem(&self.connection, &self.name).await?, config());
            lister.init().await.map_err(|error| missing(&self.name, &error.to_string()))?;
            Ok(lister)
        });
        opening.await
    }
}

async fn list(lister: &RawSftpSession, path: &str) -> Result<Vec<String>, String> {
    let text = |error: SftpError| sftp_text(&error);
    let handle = lister.opendir(path).await.map_err(text)?.handle;
    let (mut names, mut size) = (Vec::new(), 0);
    loop {
        let page = match lister.readdir(handle.as_str()).await {
            Ok(page) => page,
            Err(SftpError::Status(status)) if status.status_code == StatusCode::Eof => break,
            Err(error) => return Err(text(error)),
        };
        size += PER_NAME;
        for file in page.files {
            size += PER_NAME + file.filename.len();
            names.push(file.filename);
        }
        if size > LONGEST_LISTING << 20 {
            return Err(format!("its listing is longer than {LONGEST_LISTING} MiB"));
        }
    }
    // What was listed is listed.
    _ = lister.close(handle).await;
    Ok(names)
}

/// The host's sftp server on a channel of its own.
async fn subsystem(connection: &Connection, name: &str) -> Result<ChannelStream<Msg>> {
    let mut channel = connection.session().await?;
    let asked = channel.request_subsystem(true, "sftp").await;
    asked.map_err(|error| connection.lost("starting sftp", &error))?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return Ok(channel.into_stream()),
            Some(ChannelMsg::WindowAdjusted { .. }) => {}
            _ => return Err(missing(name, "the SSH server has no such subsystem")),
        }
    }
}

fn config() -> Config {
    Config { request_timeout_secs: ANSWER, ..Config::default() }
}

async fn in_time<T>(name: &str, starting: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Err(missing(name, &format!("it does not start within {} s", START.as_secs())));
    timeout(START, starting).await.unwrap_or_else(late)
}

fn missing(name: &str, why: &str) -> Error {
    Error::new(Kind::Refused, format!("\"{name}\" offers no sftp: {why}"))
        .hint("enable `Subsystem sftp` in its sshd_config, or copy with: docker-machine ssh NAME cat FILE")
}

/// Whether a name names something in the directory itself.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\0'])
}

/// Ends a written file, so that errors that come late are seen.
pub async fn finish(mut sink: Writer) -> std::io::Result<()> {
    sink.flush().await?;
    sink.shutdown().await
}

fn local_kind(data: &std::fs::Metadata) -> FileKind {
    match (data.is_file(), data.is_dir()) {
        (true, _) => FileKind::File,
        (_, true) => FileKind::Directory,
        _ => FileKind::Other,
    }
}

fn remote_metadata(data: &FileAttributes) -> Metadata {
    let kind = data.file_type();
    let kind = match (kind.is_file(), kind.is_dir()) {
        (true, _) => FileKind::File,
        (_, true) => FileKind::Directory,
        _ => FileKind::Other,
    };
    let mode = data.permissions.unwrap_or(0o644) & 0o777;
    Metadata { kind, mode, size: data.size.unwrap_or(0) }
}

/// The system's words for the statuses that have one.
fn sftp_text(error: &SftpError) -> String {
    match error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => "no such file or directory".to_owned(),
            StatusCode::PermissionDenied => "permission denied".to_owned(),
            _ => visible_line(&shortened(&status.error_message.to_lowercase(), SHOWN)).into_owned(),
        },
        SftpError::Timeout => format!("no answer from the host within {ANSWER} s"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cannot_name_files_outside_of_a_directory() {
        for bad in ["", "/etc/passwd", "../x", "a/b", "a\0b"] {
            assert!(!is_plain(bad), "{bad:?}");
        }
        for good in ["a", ".hidden", "..a", "a b", "-r"] {
            assert!(is_plain(good), "{good:?}");
        }
    }
}
