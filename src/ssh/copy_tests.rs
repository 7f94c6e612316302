//! Copies over SFTP to and from real OpenSSH servers.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::console::Console;
use crate::error::Result;
use crate::ssh::connect;
use crate::ssh::copy::{How, Location, copy};
use crate::ssh::files::Files;
use crate::ssh::sshd::Sshd;

async fn on(server: &Sshd, name: &str, path: &Path) -> Location {
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    Location { files: Files::remote(connection, name).await.unwrap(), path: path.display().to_string() }
}

fn here(path: &Path) -> Location {
    Location { files: Files::Local("/".into()), path: path.display().to_string() }
}

async fn transfer(from: Location, to: Location, recursive: bool) -> Result<()> {
    copy(&from, &to, How { recursive, progress: false }, &Console::captured(&[])).await
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// A folder with a file, an executable, an empty folder and a private folder.
fn tree(at: &Path) {
    std::fs::create_dir_all(at.join("private")).unwrap();
    std::fs::create_dir(at.join("empty")).unwrap();
    std::fs::write(at.join("private/-odd name"), "odd").unwrap();
    std::fs::write(at.join("run"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(at.join("run"), PermissionsExt::from_mode(0o750)).unwrap();
    std::fs::set_permissions(at.join("private"), PermissionsExt::from_mode(0o700)).unwrap();
}

fn is_tree(at: &Path) {
    assert_eq!(std::fs::read_to_string(at.join("private/-odd name")).unwrap(), "odd");
    assert!(at.join("empty").is_dir());
    assert_eq!((mode(&at.join("run")), mode(&at.join("private"))), (0o750, 0o700));
}

#[tokio::test]
async fn a_large_file_arrives_as_it_was_in_both_directions() {
    let server = Sshd::start();
    let bytes: Vec<u8> = (0..30_000_000_u32).map(|byte| (byte % 253) as u8).collect();
    std::fs::write(server.path("big"), &bytes).unwrap();
    let (up, down) = (server.path("up"), server.path("down"));
    transfer(here(&server.path("big")), on(&server, "web", &up).await, false).await.unwrap();
    transfer(on(&server, "web", &up).await, here(&down), false).await.unwrap();
    assert!(std::fs::read(up).unwrap() == bytes && std::fs::read(down).unwrap() == bytes);
}

#[tokio::test]
async fn a_directory_goes_from_host_to_host_with_its_modes() {
    let (one, two) = (Sshd::start(), Sshd::start());
    tree(&one.path("tree"));
    let target = two.path("new");
    transfer(on(&one, "one", &one.path("tree")).await, on(&two, "two", &target).await, true).await.unwrap();
    is_tree(&target);
    // A second time the target exists, so the copy goes inside.
    transfer(on(&one, "one", &one.path("tree")).await, on(&two, "two", &target).await, true).await.unwrap();
    is_tree(&target.join("tree"));
}

#[tokio::test]
async fn messages_name_the_machine() {
    let server = Sshd::start();
    tree(&server.path("tree"));
    let out = server.path("out");
    let missing = transfer(on(&server, "web", Path::new("/nope")).await, here(&out), false).await.unwrap_err();
    assert_eq!(missing.message(), "web:/nope: no such file or directory");
    let tree = server.path("tree");
    let directory = transfer(on(&server, "web", &tree).await, here(&out), false).await.unwrap_err();
    assert_eq!(directory.message(), format!("web:{}: it is a directory", tree.display()));
    let nowhere = transfer(here(&tree.join("run")), on(&server, "web", Path::new("/nope/x")).await, false).await;
    assert_eq!(nowhere.unwrap_err().message(), "web:/nope/x: no such file or directory");
}

#[tokio::test]
async fn a_host_without_sftp_is_told_apart() {
    let server = Sshd::with("Subsystem other /bin/true");
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    let error = Files::remote(connection, "web").await.err().unwrap();
    assert!(error.message().starts_with("\"web\" offers no sftp: "), "{error}");
}
