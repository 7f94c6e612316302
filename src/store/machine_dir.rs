//! Where a record was found, and what its paths mean from there.
//!
//! Stores are moved, restored under another home, or were made with a relative root or by a faulty migration. What
//! a record's paths mean is settled here when it is read, in memory only: the file keeps its words.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::existing::Existing;
use super::name::Name;
use super::record::{AuthOptions, Record};

/// A machine's place in a store.
#[derive(Clone, Debug)]
pub struct MachineDir {
    /// The machine's name, which is its folder's.
    pub name: Name,
    /// The store's root.
    pub root: PathBuf,
}

impl MachineDir {
    /// `<root>/machines/NAME`.
    pub fn folder(&self) -> PathBuf {
        self.root.join("machines").join(self.name.as_str())
    }

    /// The root as a record has it.
    pub fn root_text(&self) -> String {
        text(&self.root)
    }

    /// The machine's folder as a record has it.
    pub fn folder_text(&self) -> String {
        text(&self.folder())
    }

    /// `<root>/certs` as a record has it.
    pub fn certs_text(&self) -> String {
        text(&self.root.join("certs"))
    }

    /// Makes every path of a record usable from here.
    pub fn repair(&self, record: &mut Record, existing: &Existing) {
        if let Some(auth) = record.host_options.as_mut().and_then(|options| options.auth_options.as_mut()) {
            self.repair_auth(auth, existing);
        }
        self.repair_driver(&mut record.driver, existing);
    }

    fn repair_auth(&self, auth: &mut AuthOptions, existing: &Existing) {
        let (folder, certs) = (self.folder(), self.root.join("certs"));
        let store_path = Path::new(&auth.store_path);
        // The root, under whichever of its names, is no machine's folder.
        let is_root = existing.file(&store_path.join("machines").join(self.name.as_str()));
        if store_path.is_relative() || is_root || !existing.folder(store_path) {
            auth.store_path = text(&folder);
        }
        if Path::new(&auth.cert_dir).is_relative() || !existing.folder(Path::new(&auth.cert_dir)) {
            auth.cert_dir = text(&certs);
        }
        let own: &[&Path] = &[&folder];
        let shared: &[&Path] = &[&certs, &folder];
        let files = [
            (&mut auth.server_cert_path, own, "server.pem"),
            (&mut auth.server_key_path, own, "server-key.pem"),
            (&mut auth.ca_cert_path, shared, "ca.pem"),
            (&mut auth.ca_private_key_path, shared, "ca-key.pem"),
            (&mut auth.client_cert_path, shared, "cert.pem"),
            (&mut auth.client_key_path, shared, "key.pem"),
        ];
        for (path, homes, usual) in files {
            if path.is_empty() {
                // The original's migration from 0.2 and 0.3 forgot them.
                usual.clone_into(path);
            }
            relocate(path, homes, existing);
        }
    }

    fn repair_driver(&self, driver: &mut Value, existing: &Existing) {
        let Some(driver) = driver.as_object_mut() else { return };
        let mut old_root = None;
        if let Some(Value::String(path)) = driver.get_mut("StorePath")
            && (Path::new(path).is_relative() || !existing.folder(Path::new(path)))
        {
            old_root = Some(std::mem::replace(path, self.root_text())).filter(|old| Path::new(old).is_absolute());
        }
        if let Some(Value::String(path)) = driver.get_mut("SSHKeyPath") {
            relocate(path, &[&self.folder()], existing);
        }
        if let Some(old_root) = old_root {
            // Disks and images of drivers that we do not know lie below the old root too.
            for value in driver.values_mut() {
                self.rebase(value, Path::new(&old_root), existing);
            }
        }
    }

    fn rebase(&self, value: &mut Value, old_root: &Path, existing: &Existing) {
        let Value::String(path) = value else { return };
        let Ok(below) = Path::new(path).strip_prefix(old_root) else { return };
        let moved = self.root.join(below);
        if existing.file(&moved) {
            *path = text(&moved);
        }
    }
}

/// Leads a path that leads nowhere to the file of the same name in one of `homes`.
///
/// A relative path always belongs to the store: it only ever worked from one folder. A file that is merely still to
/// be written, in a folder that is there, is no reason to move it.
fn relocate(path: &mut String, homes: &[&Path], existing: &Existing) {
    let old = Path::new(path.as_str());
    let Some(file) = old.file_name() else { return };
    if !old.is_relative() && existing.file(old) {
        return;
    }
    let lost = old.is_relative() || !old.parent().is_some_and(|folder| existing.folder(folder));
    let found = homes.iter().map(|home| home.join(file)).find(|candidate| existing.file(candidate));
    match found {
        Some(found) => *path = text(&found),
        None if lost => *path = text(&homes[0].join(file)),
        _ => {}
    }
}

/// Paths come from the command line and the environment as Unicode; records cannot hold anything else.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn dir() -> (tempfile::TempDir, MachineDir) {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("machines/web")).unwrap();
        fs::create_dir(root.path().join("certs")).unwrap();
        let dir = MachineDir { name: "web".parse().unwrap(), root: root.path().into() };
        (root, dir)
    }

    #[test]
    fn the_damage_of_faulty_migrations_is_repaired() {
        let (_root, dir) = dir();
        for damaged in [".", "", "st/machines/web", &dir.root_text()] {
            let mut auth = AuthOptions { store_path: damaged.into(), cert_dir: "certs".into(), ..Default::default() };
            dir.repair_auth(&mut auth, &Existing::default());
            assert_eq!((auth.store_path, auth.cert_dir), (dir.folder_text(), dir.certs_text()), "{damaged:?}");
            assert_eq!(auth.server_key_path, format!("{}/server-key.pem", dir.folder_text()));
            assert_eq!(auth.client_key_path, format!("{}/key.pem", dir.certs_text()));
        }
        let mut driver = json!({"StorePath": ".", "SSHKeyPath": ""});
        dir.repair_driver(&mut driver, &Existing::default());
        assert_eq!(driver, json!({"StorePath": dir.root_text(), "SSHKeyPath": ""}));
    }

    #[test]
    fn a_moved_store_finds_its_own_files() {
        let (root, dir) = dir();
        for file in ["certs/ca.pem", "machines/web/id_rsa", "machines/web/disk.vmdk"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        let mut auth = AuthOptions {
            ca_cert_path: "/gone/certs/ca.pem".into(),
            server_cert_path: "/gone/machines/web/server.pem".into(),
            ..Default::default()
        };
        dir.repair_auth(&mut auth, &Existing::default());
        assert_eq!(auth.ca_cert_path, format!("{}/ca.pem", dir.certs_text()));
        assert_eq!(auth.server_cert_path, format!("{}/server.pem", dir.folder_text()));
        let mut driver = json!({
            "StorePath": "/gone",
            "SSHKeyPath": "/gone/machines/web/id_rsa",
            "Disk": "/gone/machines/web/disk.vmdk",
            "Iso": "/gone/none.iso",
        });
        dir.repair_driver(&mut driver, &Existing::default());
        assert_eq!(driver["StorePath"], dir.root_text());
        assert_eq!(driver["SSHKeyPath"], format!("{}/id_rsa", dir.folder_text()));
        assert_eq!(driver["Disk"], format!("{}/disk.vmdk", dir.folder_text()));
        assert_eq!(driver["Iso"], "/gone/none.iso");
    }

    #[test]
    fn paths_that_lead_somewhere_stay() {
        let (root, dir) = dir();
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("ca.pem"), "").unwrap();
        fs::write(root.path().join("certs/ca.pem"), "").unwrap();
        let foreign = text(&other.path().join("ca.pem"));
        let coming = text(&other.path().join("cert.pem"));
        let mut auth =
            AuthOptions { ca_cert_path: foreign.clone(), client_cert_path: coming.clone(), ..Default::default() };
        dir.repair_auth(&mut auth, &Existing::default());
        assert_eq!((auth.ca_cert_path, auth.client_cert_path), (foreign, coming));
    }
}
