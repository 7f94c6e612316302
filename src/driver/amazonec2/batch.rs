//! Questions about single instances, gathered into few calls: `ls` of 300 machines is two of them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::api::Api;
use super::model::{ApiError, ApiResult, Group, Instance};
use crate::console::Console;

/// How long the first question waits for company.
const WINDOW: Duration = Duration::from_millis(10);
/// How long it waits at most for questions that were announced; only a busy computer needs it.
const GATHERING: Duration = Duration::from_millis(500);
/// Ids in one call: EC2's limit for the values of a filter.
const IDS: usize = 200;
/// Calls at one time where each asks for one instance.
const SINGLE_CALLS: usize = 8;

/// A question that is about to be asked: those that come before it wait for it, until it is dropped. It knows how many
/// there are.
#[derive(Debug)]
pub struct Announced(Arc<AtomicUsize>);

impl Announced {
    /// Announces a question.
    pub fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns when company may have come.
async fn gathered(announced: &AtomicUsize) {
    let end = Instant::now() + GATHERING;
    sleep(WINDOW).await;
    while announced.load(Ordering::Relaxed) > 0 && Instant::now() < end {
        sleep(WINDOW).await;
    }
}

type Asker = (String, oneshot::Sender<ApiResult<Option<Instance>>>);

/// EC2 with a waiting room for questions about instances. Cheap to clone: the room is the same.
#[derive(Clone, Debug)]
pub struct Ec2 {
    api: Api,
    room: Arc<Room>,
}

/// What all that ask one EC2 have in common.
#[derive(Debug)]
struct Room {
    waiting: Mutex<Vec<Asker>>,
    /// How many questions were announced and not asked yet, here and elsewhere.
    announced: Arc<AtomicUsize>,
    /// What it was told, or finds in its environment; empty: AWS's own.
    endpoint: String,
    defaults: OnceCell<Vec<Group>>,
    /// The security groups that were made over it.
    made: Mutex<HashSet<String>>,
}

impl Ec2 {
    /// Over the calls of one target; `announced` counts the questions that are about to be asked.
    pub fn new(api: Api, endpoint: String, announced: Arc<AtomicUsize>) -> Self {
        let (waiting, made) = (Mutex::default(), Mutex::default());
        let room = Room { waiting, announced, endpoint, defaults: OnceCell::new(), made };
        Self { api, room: Arc::new(room) }
    }

    /// The same, for somebody with another console.
    pub fn for_console(&self, console: &Console) -> Self {
        Self { api: self.api.for_console(console), room: Arc::clone(&self.room) }
    }

    /// Where it is asked, if not at AWS's own endpoint.
    pub fn endpoint(&self) -> &str {
        &self.room.endpoint
    }

    /// The group that every VPC has, for each VPC of the account that answers; asked once.
    ///
    /// # Errors
    /// The call failed.
    pub async fn default_groups(&self) -> ApiResult<&[Group]> {
        let ask = || async { self.api.groups(&[("group-name", &["default".to_owned()])]).await };
        self.room.defaults.get_or_try_init(ask).await.map(Vec::as_slice)
    }

    /// Keeps in mind that this process has made a security group.
    pub fn has_made(&self, group: &str) {
        self.room.made.lock().expect("no panic while held").insert(group.to_owned());
    }

    /// Whether this process has made a security group, for whichever machine.
    pub fn made(&self, group: &str) -> bool {
        self.room.made.lock().expect("no panic while held").contains(group)
    }

    /// All other calls.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// An instance; `None`: EC2 does not know it. Questions that come at the same time share a call.
    ///
    /// # Errors
    /// The call failed.
    pub async fn instance(&self, id: &str) -> ApiResult<Option<Instance>> {
        self.announced_instance(id, None).await
    }

    /// As [`Ec2::instance`], a question that was announced.
    ///
    /// # Errors
    /// The call failed.
    pub async fn announced_instance(&self, id: &str, announced: Option<Announced>) -> ApiResult<Option<Instance>> {
        assert!(!id.is_empty(), "an id is needed");
        let (sender, answer) = oneshot::channel();
        let first = {
            let mut waiting = self.room.waiting.lock().expect("no panic while held");
            waiting.push((id.to_owned(), sender));
            waiting.len() == 1
        };
        drop(announced);
        if first {
            let ec2 = self.clone();
            tokio::spawn(async move {
                gathered(&ec2.room.announced).await;
                ec2.ask().await;
            });
        }
        answer.await.unwrap_or_else(|_| {
            Err(ApiError {
                code: "RequestCanceled".to_owned(),
                message: "nobody asked".to_owned(),
                ..ApiError::default()
            })
        })
    }

    async fn ask(&self) {
        let askers = std::mem::take(&mut *self.room.waiting.lock().expect("no panic while held"));
        let mut ids: Vec<String> = askers.iter().map(|(id, _)| id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut calls = JoinSet::new();
        for chunk in ids.chunks(IDS) {
            let (api, chunk) = (self.api.clone(), chunk.to_vec());
            calls.spawn(async move { several(&api, chunk).await });
        }
        let mut known = Answers::new();
        while let Some(Ok(answers)) = calls.join_next().await {
            known.extend(answers);
        }
        for (id, sender) in askers {
            if let Some(found) = known.get(&id) {
                _ = sender.send(found.clone());
            }
        }
    }
}

/// What EC2 said of each id.
type Answers = HashMap<String, ApiResult<Option<Instance>>>;

/// By a filter: a list of ids fails as a whole on one that is unknown. If EC2 itself fails (it does so for questions
/// over a zone that is down), each is asked for alone.
async fn several(api: &Api, ids: Vec<String>) -> Answers {
    match api.instances(&[("instance-id", &ids)]).await {
        Ok(found) => {
            let mut found: HashMap<_, _> = found.into_iter().map(|one| (one.id.clone(), one)).collect();
            ids.into_iter().map(|id| (id.clone(), Ok(found.remove(&id)))).collect()
        }
        Err(error) if error.status.is_some_and(|status| status >= 500) && ids.len() > 1 => one_by_one(api, ids).await,
        Err(error) => ids.into_iter().map(|id| (id, Err(error.clone()))).collect(),
    }
}

async fn one_by_one(api: &Api, ids: Vec<String>) -> Answers {
    let permits = Arc::new(Semaphore::new(SINGLE_CALLS));
    let mut calls = JoinSet::new();
    for id in ids {
        let (api, permits) = (api.clone(), Arc::clone(&permits));
        calls.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let answer = api.instances(&[("instance-id", std::slice::from_ref(&id))]).await;
            (id, answer.map(|found| found.into_iter().next()))
        });
    }
    let mut answers = Answers::new();
    while let Some(Ok((id, answer))) = calls.join_next().await {
        answers.insert(id, answer);
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn announced_questions_are_waited_for_but_not_for_ever() {
        let count = Arc::default();
        let begin = Instant::now();
        let announced = [Announced::new(&count), Announced::new(&count)];
        tokio::spawn(async move {
            sleep(WINDOW * 5).await;
            drop(announced);
        });
        gathered(&count).await;
        assert!(begin.elapsed() >= WINDOW * 5);

        let begin = Instant::now();
        let never_asked = Announced::new(&count);
        gathered(&count).await;
        assert!(begin.elapsed() >= GATHERING);
        drop(never_asked);
    }
}
