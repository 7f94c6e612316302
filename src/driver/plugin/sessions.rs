//! The plugins of a command: each is ended when nobody needs it any more, all at the command's end.

use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::process::Processes;
use super::session::{Session, Turn};
use crate::shared::Shared;

/// What was started.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: Mutex<Vec<Arc<Session>>>,
    ending: Mutex<JoinSet<()>>,
    virtualbox: Turn,
}

impl Sessions {
    /// When a driver's sessions may be called: those of `virtualbox`, which has one service for all machines, one at a time.
    pub(super) fn turn(&self, driver: &str) -> Turn {
        if driver == "virtualbox" { self.virtualbox.clone() } else { Turn::default() }
    }

    /// Remembers a plugin.
    pub(super) fn add(&self, session: &Arc<Session>) {
        self.open.lock().expect("no panic while held").push(session.clone());
    }

    /// Begins to end a plugin that nobody asks any more.
    pub(super) fn retire(&self, session: Arc<Session>) {
        self.open.lock().expect("no panic while held").retain(|open| !Arc::ptr_eq(open, &session));
        // After the command's end there is nothing that could wait, and nothing left to wait for.
        if Handle::try_current().is_ok() {
            self.ending.lock().expect("no panic while held").spawn(async move { session.close().await });
        }
    }
}

/// Ends all plugins that still run, and waits for it.
pub async fn end(shared: &Shared) {
    let sessions = shared.get::<Sessions>();
    let open = std::mem::take(&mut *sessions.open.lock().expect("no panic while held"));
    for session in open {
        sessions.retire(session);
    }
    let mut ending = std::mem::take(&mut *sessions.ending.lock().expect("no panic while held"));
    while ending.join_next().await.is_some() {}
    shared.get::<Processes>().end().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtualbox_has_one_turn_for_all_its_machines() {
        let sessions = Sessions::default();
        assert!(Arc::ptr_eq(&sessions.turn("virtualbox"), &sessions.turn("virtualbox")));
        assert!(!Arc::ptr_eq(&sessions.turn("hetzner"), &sessions.turn("hetzner")));
    }
}
