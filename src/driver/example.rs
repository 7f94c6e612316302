//! The smallest driver that makes something, for tests: a computer is a folder, and is on while a file `on` is in it.
//!
//! Besides this file it is one line in the registry. It shows what a new driver brings, and lets everything above the
//! drivers be tested without a cloud.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Checkpoint, Collector, Driver, Flag, FlagKind, FlagValues, HostKind, Kind, Leftovers, Offers, Power, Resource,
    Scope, Scopes, Search, Sight, State, Told, base, decode, encode,
};
use crate::clock;
use crate::context::DriverContext;
use crate::error::{Error, Result};
use crate::ssh::SshTarget;
use crate::store::Ids;

/// The driver, for the registry.
pub const KIND: Kind = Kind {
    name: "folder",
    new: |_| Box::new(Folder::default()),
    load: |_, state| Ok(Box::new(decode::<Folder>("folder", state)?)),
    offers: |flag, _: &Sight<'_>| if flag == "folder-root" { Offers::Files } else { Offers::Nothing },
    collector: Some(&FolderCollector),
};

/// A folder below `root`, called by the machine's id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Folder {
    root: PathBuf,
    id: String,
    /// Its `create` never ends.
    #[serde(skip)]
    hangs: bool,
}

impl Folder {
    fn path(&self) -> PathBuf {
        self.root.join(&self.id)
    }

    fn switch(&self, on: bool) -> Result<()> {
        let file = self.path().join("on");
        let done = if on { fs::write(&file, "") } else { fs::remove_file(&file) };
        done.map_err(|error| Error::file("switch", &file, &error))
    }
}

#[async_trait]
impl Driver for Folder {
    fn name(&self) -> &str {
        "folder"
    }

    fn host_kind(&self) -> HostKind {
        HostKind::EngineOnly
    }

    async fn flags(&self, _cx: &DriverContext<'_>) -> Result<Vec<Flag>> {
        let root = FlagKind::String(String::new());
        Ok(vec![
            Flag::new("folder-root", root, "FOLDER_ROOT", "Where the folders are"),
            Flag::new("folder-hangs", FlagKind::Bool, "", "Never finish"),
        ])
    }

    async fn configure(&mut self, _cx: &DriverContext<'_>, values: &FlagValues) -> Result<()> {
        self.root = values.string("folder-root").into();
        self.hangs = values.bool("folder-hangs");
        let now = clock::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.id = format!("f-{:x}", now.as_nanos());
        Ok(())
    }

    async fn resume(&mut self, _cx: &DriverContext<'_>, earlier: Value) -> Result<()> {
        self.id = decode::<Self>("folder", earlier)?.id;
        Ok(())
    }

    async fn save(&self) -> Result<Value> {
        encode(self)
    }

    async fn create(&mut self, cx: &DriverContext<'_>, checkpoint: &dyn Checkpoint) -> Result<()> {
        checkpoint.save(self.save().await?).await?;
        let (path, store) = (self.path(), cx.store_id()?);
        let made = fs::create_dir_all(&path).and_then(|()| fs::write(path.join("store"), store));
        made.map_err(|error| Error::file("make", &path, &error))?;
        if self.hangs {
            std::future::pending::<()>().await;
        }
        self.switch(true)
    }

    async fn undo(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.remove(cx).await
    }

    async fn remove(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        remove(&self.path())
    }

    async fn state(&self, _cx: &DriverContext<'_>) -> Result<State> {
        let path = self.path();
        Ok(if path.join("on").exists() {
            State::Running
        } else if path.exists() {
            State::Stopped
        } else {
            State::Error
        })
    }

    async fn url(&self, cx: &DriverContext<'_>) -> Result<String> {
        Ok(base::engine_url(&self.ip(cx).await?, self.engine_port(cx).await?))
    }

    async fn engine_port(&self, _cx: &DriverContext<'_>) -> Result<u16> {
        Ok(base::ENGINE_PORT)
    }

    async fn ip(&self, _cx: &DriverContext<'_>) -> Result<String> {
        Ok("127.0.0.1".to_owned())
    }

    async fn ssh(&self, _cx: &DriverContext<'_>) -> Result<SshTarget> {
        Err(Error::msg("nobody logs in to a folder"))
    }

    fn power(&mut self) -> Option<&mut dyn Power> {
        Some(self)
    }

    fn leftovers(&self) -> Option<&dyn Leftovers> {
        Some(self)
    }
}

#[async_trait]
impl Power for Folder {
    async fn start(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        self.switch(true)
    }

    async fn stop(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        self.switch(false)
    }

    async fn kill(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        self.switch(false)
    }

    async fn restart(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Ok(())
    }
}

impl Leftovers for Folder {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn traces(&self) -> Vec<String> {
        vec![format!("folder {}", self.path().display())]
    }

    fn is_removed_on_failure(&self) -> bool {
        false
    }
}

/// Removes a folder, unless a file `stuck` is in it.
fn remove(path: &Path) -> Result<()> {
    if path.join("stuck").exists() {
        return Err(Error::msg(format!("{} is stuck", path.display())));
    }
    match fs::remove_dir_all(path) {
        Err(error) if path.exists() => Err(Error::file("remove", path, &error)),
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct FolderCollector;

#[async_trait]
impl Collector for FolderCollector {
    async fn scopes(&self, cx: &DriverContext<'_>, search: Search<'_>) -> Result<Scopes> {
        let root = cx.env.var("FOLDER_ROOT").map(PathBuf::from);
        let open = root.map(|root| Box::new(Root { root, store: search.store.clone() }) as Box<dyn Scope>);
        Ok(Scopes { open: open.into_iter().collect(), hidden: Vec::new() })
    }
}

struct Root {
    root: PathBuf,
    store: Ids,
}

#[async_trait]
impl Scope for Root {
    fn name(&self) -> String {
        format!("root {}", self.root.display())
    }

    async fn find(&self, _cx: &DriverContext<'_>) -> Result<Vec<Resource>> {
        let entries = fs::read_dir(&self.root).map_err(|error| Error::file("open", &self.root, &error))?;
        let found = entries.flatten().filter_map(|entry| {
            let id = entry.file_name().to_string_lossy().into_owned();
            let store = fs::read_to_string(entry.path().join("store")).ok()?;
            let own = self.store.own.as_ref() == Some(&store);
            let made = entry.metadata().and_then(|data| data.modified()).ok();
            (own || self.store.earlier.contains(&store)).then(|| Resource {
                kind: "folder",
                machine: id.clone(),
                name: id.clone(),
                id,
                region: self.root.display().to_string(),
                own,
                handle: None,
                made,
                users: None,
            })
        });
        Ok(found.collect())
    }

    async fn remove(&self, _cx: &DriverContext<'_>, resources: Vec<Resource>, told: Told<'_>) {
        for one in resources {
            told(&one, remove(&self.root.join(&one.id)));
        }
    }
}
