//! A call that makes something. It is carried through even if nobody waits for it any more, but not begun anew.
//!
//! The SDK repeats a call that was throttled for a minute or longer. Whoever takes everything back must know that no
//! attempt comes after that, and must not break one off that EC2 may be carrying out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_ec2::config::interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_ec2::operation::run_instances::RunInstancesError;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::model::{is_no_capacity, is_throttled};

tokio::task_local! {
    /// Those of the call that this task makes.
    static ATTEMPTS: Arc<Attempts>;
}

/// How the attempts of a call stand.
#[derive(Debug, Default)]
struct Attempts {
    stopped: AtomicBool,
    under_way: AtomicBool,
    sent: AtomicBool,
    unclear: AtomicBool,
    told: Notify,
}

impl Attempts {
    /// Resolves when no further attempt shall be made, and none is under way.
    async fn over(&self) {
        while !self.stopped.load(Ordering::SeqCst) || self.under_way.load(Ordering::SeqCst) {
            self.told.notified().await;
        }
    }
}

/// A call in a task of its own.
#[derive(Debug)]
pub struct Pending {
    attempts: Arc<Attempts>,
    task: JoinHandle<()>,
}

impl Pending {
    /// Begins it.
    pub fn begin(call: impl Future<Output = ()> + Send + 'static) -> Self {
        let attempts = Arc::new(Attempts::default());
        let told = Arc::clone(&attempts);
        let task = tokio::spawn(ATTEMPTS.scope(Arc::clone(&attempts), async move {
            tokio::select! {
                // An attempt that has just ended well is heard.
                biased;
                () = call => {}
                () = told.over() => {}
            }
        }));
        Self { attempts, task }
    }

    /// Lets no further attempt begin, and waits for the end of one that is under way. Whether all of them were
    /// answered: otherwise EC2 may have done what it was asked for.
    pub async fn settle(self) -> bool {
        self.attempts.stopped.store(true, Ordering::SeqCst);
        self.attempts.told.notify_one();
        _ = self.task.await;
        !self.attempts.unclear.load(Ordering::SeqCst)
    }
}

/// Whether EC2 may have done what the call of this task asked for, although no attempt brought a good answer.
pub fn is_unclear() -> bool {
    ATTEMPTS.try_with(|attempts| attempts.unclear.load(Ordering::SeqCst)).unwrap_or_default()
}

/// Keeps account of the attempts of calls in tasks of their own.
#[derive(Debug)]
pub struct Account;

impl Intercept for Account {
    fn name(&self) -> &'static str {
        "account of attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        _ = ATTEMPTS.try_with(|attempts| {
            attempts.sent.store(false, Ordering::SeqCst);
            attempts.under_way.store(true, Ordering::SeqCst);
        });
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_stopped = |attempts: &Arc<Attempts>| {
            let stopped = attempts.stopped.load(Ordering::SeqCst);
            attempts.sent.store(!stopped, Ordering::SeqCst);
            stopped
        };
        match ATTEMPTS.try_with(is_stopped) {
            Ok(true) => Err("interrupted before it was sent".into()),
            _ => Ok(()),
        }
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        _ = ATTEMPTS.try_with(|attempts| {
            if attempts.sent.load(Ordering::SeqCst) && !is_answered(context) {
                attempts.unclear.store(true, Ordering::SeqCst);
            }
            attempts.under_way.store(false, Ordering::SeqCst);
            attempts.told.notify_one();
        });
        Ok(())
    }
}

/// Whether EC2 said yes or no.
fn is_answered(context: &FinalizerInterceptorContextRef<'_>) -> bool {
    let error = match context.output_or_error() {
        Some(Ok(_)) => return true,
        Some(Err(error)) => error.as_operation_error(),
        None => return false,
    };
    let code = error.and_then(|error| error.downcast_ref::<RunInstancesError>()?.code());
    let status = context.response().map(|response| response.status().as_u16());
    is_no(code, status.filter(|_| error.is_some()))
}

/// Whether a failure means that nothing was done: throttled, out of capacity, or the caller's own fault.
fn is_no(code: Option<&str>, status: Option<u16>) -> bool {
    code.is_some_and(|code| is_throttled(code) || is_no_capacity(code)) || status.is_some_and(|status| status < 500)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_no_means_that_nothing_was_done() {
        assert!(is_no(Some("RequestLimitExceeded"), Some(503)));
        assert!(is_no(Some("InsufficientInstanceCapacity"), Some(500)));
        assert!(is_no(Some("UnauthorizedOperation"), Some(403)));
        assert!(!is_no(Some("InternalError"), Some(500)));
        assert!(!is_no(Some("Unavailable"), Some(503)));
        assert!(!is_no(None, None));
    }

    /// An attempt that asks whether it may begin, and ends when it is told to.
    async fn attempt(may_end: &Notify) {
        ATTEMPTS.with(|attempts| attempts.under_way.store(true, Ordering::SeqCst));
        may_end.notified().await;
        ATTEMPTS.with(|attempts| {
            attempts.under_way.store(false, Ordering::SeqCst);
            attempts.told.notify_one();
        });
    }

    #[tokio::test]
    async fn an_attempt_under_way_is_waited_for_and_no_other_one_begins() {
        let (may_end, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let second = Arc::new(AtomicBool::new(false));
        let (may, told, again) = (Arc::clone(&may_end), Arc::clone(&begun), Arc::clone(&second));
        let pending = Pending::begin(async move {
            told.notify_one();
            attempt(&may).await;
            std::future::pending::<()>().await;
            again.store(true, Ordering::SeqCst);
        });
        begun.notified().await;
        let settled = tokio::spawn(pending.settle());
        tokio::task::yield_now().await;
        assert!(!settled.is_finished(), "an attempt was broken off");
        may_end.notify_one();
        assert!(settled.await.unwrap());
        assert!(!second.load(Ordering::SeqCst));
    }
}
