//! The threads that have connections, and what they are given to do.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use super::{
    Settings,
    post::{Post, ends_all},
};
use crate::store::sql::{Kind, Problem, Sql};

/// Changes in one transaction.
const GROUP: usize = 256;
/// One thread or several that do what waits in one queue.
#[derive(Debug)]
pub(super) struct Crew {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    pub(super) fn writer(mut post: Post) -> Result<Self, Problem> {
        let (jobs, queue) = mpsc::channel::<Box<dyn Job>>();
        let thread = thread("lanyard-writer", move || {
            while let Ok(first) = queue.recv() {
                let mut group = vec![first];
                while group.len() < GROUP
                    && let Ok(next) = queue.try_recv()
                {
                    group.push(next);
                }
                post.write(group);
            }
            post.leave();
        })?;
        Ok(Self { jobs: Some(jobs), threads: vec![thread] })
    }

    /// Each connects when it is needed first.
    pub(super) fn readers(settings: &Arc<Settings>, count: usize) -> Result<Self, Problem> {
        let (jobs, queue) = mpsc::channel::<Box<dyn Job>>();
        let queue = Arc::new(Mutex::new(queue));
        let mut threads = Vec::new();
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            let mut post = Post::new(Arc::clone(settings), None, None);
            threads.push(thread("lanyard-reader", move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = next else { return };
                    post.read(job);
                }
            })?);
        }
        Ok(Self { jobs: Some(jobs), threads })
    }

    /// Has `work` done in a transaction, and waits until it is durable.
    pub(super) async fn call<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Sql) -> Result<T, Problem> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let stopped = || Problem::Refused("the store's thread has stopped".to_owned());
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Box::new(Call { work, outcome: None, reply })).map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Crew {
    /// Waits for the threads, so that what they hold is free.
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Problem> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| Problem::Refused(format!("no thread for the store: {error}")))
}

/// What ended a transaction, for each whose transaction it was.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    source: Arc<dyn std::error::Error + Send + Sync>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Database { kind, source } => Self { kind, source },
            Problem::Refused(sentence) => said(sentence),
            other => Self { kind: Kind::Other, source: Arc::new(other.told("go on", "it")) },
        }
    }
}

pub(super) fn said(sentence: String) -> Failure {
    let source = Box::<dyn std::error::Error + Send + Sync>::from(sentence);
    Failure { kind: Kind::Other, source: Arc::from(source) }
}

impl From<Failure> for Problem {
    fn from(Failure { kind, source }: Failure) -> Self {
        Self::Database { kind, source }
    }
}

/// One call, its type hidden from the thread.
pub(super) trait Job: Send {
    /// What it failed with, when it did.
    fn run(&mut self, tx: &mut dyn Sql) -> Option<Failure>;
    /// Tells the caller, after the transaction has ended.
    fn reply(self: Box<Self>, failure: Option<Failure>);
}

struct Call<T, F> {
    work: F,
    outcome: Option<Result<T, Problem>>,
    reply: oneshot::Sender<Result<T, Problem>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: Fn(&mut dyn Sql) -> Result<T, Problem> + Send,
{
    fn run(&mut self, tx: &mut dyn Sql) -> Option<Failure> {
        let outcome = (self.work)(tx);
        let failure = match &outcome {
            Ok(_) => None,
            Err(Problem::Database { kind, source }) => {
                Some(Failure { kind: *kind, source: Arc::clone(source) })
            }
            Err(_) => Some(said(String::new())),
        };
        self.outcome = Some(outcome);
        failure
    }

    fn reply(self: Box<Self>, failure: Option<Failure>) {
        let Self { outcome, reply, .. } = *self;
        let outcome = match (outcome, failure) {
            // Of an attempt that was followed by another one.
            (Some(Err(Problem::Database { kind, .. })), Some(failure)) if ends_all(kind) => {
                Err(failure.into())
            }
            (Some(Err(own)), _) => Err(own),
            (_, Some(failure)) => Err(failure.into()),
            (Some(done), None) => done,
            // Unreachable: a group that committed has run all its jobs.
            (None, None) => Err(Problem::Refused("the change was never made".to_owned())),
        };
        // Nobody waits any more: the change stands, as after a lost answer.
        drop(reply.send(outcome));
    }
}
