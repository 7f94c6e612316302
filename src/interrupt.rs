//! Ctrl-C, and requests to end the process, as an event that jobs can wait for.
//!
//! A command that has nothing to save or take back does not listen: the signal's default ends it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::{Error, Kind};

/// Hears SIGINT and SIGTERM. Each clone hears every one of them, those before its time too.
#[derive(Clone, Debug)]
pub struct Interruption {
    count: watch::Receiver<u32>,
}

impl Interruption {
    /// From now on these signals do not end the process.
    pub fn listen() -> Self {
        let listen = |kind| signal(kind).expect("a signal handler can be installed");
        let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
        let (came, count) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                came.send_modify(|count| *count += 1);
            }
        });
        Self { count }
    }

    /// Whether one has come already.
    pub fn has_come(&self) -> bool {
        *self.count.borrow() > 0
    }

    /// Resolves at the next one that this handle has not told of.
    pub async fn comes(&mut self) -> Error {
        if self.count.changed().await.is_err() {
            // Nothing sends any more.
            std::future::pending::<()>().await;
        }
        Error::new(Kind::Interrupted, "interrupted")
    }
}

#[cfg(test)]
impl Interruption {
    /// One that comes when the test says so.
    pub(crate) fn for_test() -> (Self, watch::Sender<u32>) {
        let (came, count) = watch::channel(0);
        (Self { count }, came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_hears_of_each() {
        let (mut first, came) = Interruption::for_test();
        assert!(!first.has_come());
        came.send_modify(|count| *count += 1);
        let mut second = first.clone();
        assert!(first.has_come());
        assert_eq!(first.comes().await.kind(), Kind::Interrupted);
        assert_eq!(second.comes().await.kind(), Kind::Interrupted);
        tokio::select! {
            biased;
            _ = first.comes() => panic!("it came once"),
            () = std::future::ready(()) => {}
        }
    }
}
