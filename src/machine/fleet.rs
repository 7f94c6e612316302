//! One job on each of many machines at the same time.
//!
//! All commands that take several machines go through here, so all of them name a machine in the same way, keep to a
//! limit, end in the same way on Ctrl-C, give their results in the order of the machines, and say the same at the end.
//! [`work`] is for commands that change machines, [`Jobs`] for those that only ask.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::Host;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interruption;
use crate::store::Name;

/// Machines that are changed at once: enough for a fleet, few enough for one network.
const CHANGED_AT_ONCE: usize = 16;

/// Machines that are asked at once: each costs about 60 KiB, and a process may usually have 1024 files open.
pub const ASKED_AT_ONCE: usize = 150;

/// Jobs under way. Their results come in the order in which the jobs were given.
#[derive(Debug)]
pub struct Jobs<T> {
    tasks: VecDeque<JoinHandle<T>>,
}

impl<T: Send + 'static> Jobs<T> {
    /// Starts a job for each item, at most `at_once` at the same time.
    pub fn start<I, F>(items: impl IntoIterator<Item = I>, at_once: usize, job: impl Fn(I) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let permits = Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS)));
        let start = |item| {
            let (permits, work) = (Arc::clone(&permits), job(item));
            tokio::spawn(async move {
                let _permit = permits.acquire_owned().await.expect("the semaphore is never closed");
                work.await
            })
        };
        Self { tasks: items.into_iter().map(start).collect() }
    }

    /// Waits for the next result.
    pub async fn next(&mut self) -> Option<T> {
        let ended = self.tasks.pop_front()?.await;
        Some(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
    }

    /// Waits for all results.
    pub async fn all(mut self) -> Vec<T> {
        let mut results = Vec::with_capacity(self.tasks.len());
        while let Some(result) = self.next().await {
            results.push(result);
        }
        results
    }
}

/// Starts a job that changes something for each machine. A job is handed a context whose console puts the machine's name
/// before every line, unless there is only one machine, and what tells it of Ctrl-C. After that no job is begun.
pub fn start<I, T, F>(
    cx: &Context,
    interruption: &Interruption,
    machines: Vec<(String, I)>,
    job: impl Fn(Context, Interruption, I) -> F + Clone + Send + 'static,
) -> Jobs<(String, Result<T>)>
where
    I: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let is_alone = machines.len() == 1;
    Jobs::start(machines, CHANGED_AT_ONCE, |(name, item)| {
        let (mut cx, interruption, job) = (cx.clone(), interruption.clone(), job.clone());
        async move {
            if interruption.has_come() {
                let error = Error::new(Kind::Interrupted, "interrupted before anything was done");
                return (name, Err(error));
            }
            if !is_alone {
                cx.console = cx.console.for_one_of_several(&name);
            }
            let console = cx.console.clone();
            let result = job(cx, interruption, item).await;
            console.end_steps();
            (name, result)
        }
    })
}

/// Does a job that changes something on each machine, and shows what fails as soon as it does.
///
/// # Errors
/// Of a single machine its own error, which has not been shown; of several the [`Summary`].
pub async fn work<I, F>(
    cx: &Context,
    machines: Vec<(String, I)>,
    job: impl Fn(Context, Interruption, I) -> F + Clone + Send + 'static,
) -> Result<()>
where
    I: Send + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    let is_alone = machines.len() == 1;
    let told = move |cx: Context, interruption: Interruption, item: I| {
        let (console, job) = (cx.console.clone(), job.clone());
        async move {
            let result = job(cx, interruption, item).await;
            match &result {
                Ok(()) => console.finished(),
                Err(error) if !is_alone => console.error(error),
                Err(_) => {}
            }
            result
        }
    };
    let mut jobs = start(cx, &Interruption::listen(), machines, told);
    let mut summary = Summary::default();
    while let Some((name, result)) = jobs.next().await {
        if is_alone {
            return result;
        }
        summary.add(&name, result.as_ref().err());
    }
    summary.conclude()
}

/// Reads machines before anything is done to one of them.
///
/// # Errors
/// One cannot be read. Of several machines all such errors have been shown.
pub fn load(cx: &Context, names: &[Name]) -> Result<Vec<Host>> {
    let (mut hosts, mut unreadable) = (Vec::new(), Vec::new());
    for name in names {
        match Host::load(cx, name) {
            Ok(host) => hosts.push(host),
            Err(error) if names.len() == 1 => return Err(error),
            Err(error) => {
                cx.console.for_one_of_several(name.as_str()).error(&error);
                unreadable.push(name.as_str());
            }
        }
    }
    if unreadable.is_empty() {
        return Ok(hosts);
    }
    let (some, all, which) = (unreadable.len(), names.len(), unreadable.join(", "));
    Err(Error::msg(format!("nothing was done: {some} of {all} machines cannot be read: {which}")))
}

/// Which of several machines have failed: the last line of a command.
#[derive(Debug, Default)]
pub struct Summary {
    machines: usize,
    failed: Vec<String>,
    interrupted: bool,
}

impl Summary {
    /// Counts a machine.
    pub fn add(&mut self, name: &str, failure: Option<&Error>) {
        self.machines += 1;
        if let Some(error) = failure {
            self.failed.push(name.to_owned());
            self.interrupted |= error.kind() == Kind::Interrupted;
        }
    }

    /// How many machines there were.
    pub fn machines(&self) -> usize {
        self.machines
    }

    /// Whether one of them was left because of Ctrl-C.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Nothing if all is well.
    ///
    /// # Errors
    /// Some have failed; which.
    pub fn conclude(self) -> Result<()> {
        let (all, some, which) = (self.machines, self.failed.len(), self.failed.join(", "));
        match (some, self.interrupted) {
            (0, _) => Ok(()),
            (_, false) => Err(Error::msg(format!("{some} of {all} machines failed: {which}"))),
            (_, true) => {
                let message = format!("interrupted: {some} of {all} machines are not done: {which}");
                Err(Error::new(Kind::Interrupted, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Barrier;

    use super::*;
    use crate::console::Console;

    #[tokio::test]
    async fn results_come_in_order_whoever_is_done_first() {
        let turn = Arc::new(Barrier::new(2));
        let jobs = Jobs::start([1, 2], 2, |number| {
            let turn = Arc::clone(&turn);
            async move {
                turn.wait().await;
                if number == 1 {
                    tokio::task::yield_now().await;
                }
                number
            }
        });
        assert_eq!(jobs.all().await, [1, 2]);
    }

    #[tokio::test]
    async fn no_more_jobs_than_allowed_are_under_way() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs = Jobs::start(0..20, 3, |_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
            }
        });
        jobs.all().await;
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    fn machines(names: &[&str]) -> Vec<(String, ())> {
        names.iter().map(|name| ((*name).to_owned(), ())).collect()
    }

    async fn worked(names: &[&str], outcome: fn() -> Result<()>) -> (Result<()>, String) {
        let cx = Context { console: Console::captured(&[]), ..Context::for_test() };
        let result = work(&cx, machines(names), move |cx, _, ()| async move {
            cx.console.say("busy");
            outcome()
        });
        (result.await, cx.console.captured_text().1)
    }

    #[tokio::test]
    async fn a_single_machine_has_no_prefix_and_its_error_is_the_commands() {
        let (result, shown) = worked(&["a"], || Err(Error::msg("a is off").with_kind(Kind::NotRunning))).await;
        let error = result.unwrap_err();
        assert_eq!((error.message(), error.kind(), shown.as_str()), ("a is off", Kind::NotRunning, ""));
    }

    #[tokio::test]
    async fn each_of_several_is_named_whatever_its_message_says() {
        let (result, shown) = worked(&["a", "b"], || Err(Error::msg("a machine\nis off").hint("wait"))).await;
        assert_eq!(result.unwrap_err().message(), "2 of 2 machines failed: a, b");
        let mut lines: Vec<&str> = shown.lines().collect();
        lines.sort_unstable();
        let of = |name: &str| ["a machine", "hint: wait", "is off"].map(|line| format!("({name}) {line}"));
        assert_eq!(lines, [of("a"), of("b")].concat());
        assert!(worked(&["a", "b"], || Ok(())).await.0.is_ok());
    }

    #[test]
    fn who_interrupts_is_told_what_is_not_done() {
        let mut summary = Summary::default();
        summary.add("a", None);
        summary.add("b", Some(&Error::msg("no")));
        summary.add("c", Some(&Error::new(Kind::Interrupted, "interrupted")));
        let error = summary.conclude().unwrap_err();
        assert_eq!(error.message(), "interrupted: 2 of 3 machines are not done: b, c");
        assert_eq!(error.exit_status(), 130);
    }
}
