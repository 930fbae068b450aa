//! A connection, and the transactions on it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Settings, connect,
    session::Session,
    work::{Failure, Job, said},
};
use crate::store::sql::{Kind, Problem};

/// How long a transaction that was in another one's way waits before it is
/// done again, each time.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(80),
    Duration::from_millis(320),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// How long nobody asks whether a server that is away is there again.
const AWAY: Duration = Duration::from_millis(250);
const BEGIN_WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
     LOCK TABLE writer IN EXCLUSIVE MODE; SAVEPOINT job";
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A connection that is made anew when it broke off.
#[derive(Debug)]
pub(super) struct Post {
    settings: Arc<Settings>,
    session: Option<Session>,
    /// Of the process that changes the store alone.
    epoch: Option<i64>,
}

impl Post {
    pub(super) fn new(
        settings: Arc<Settings>,
        session: Option<Session>,
        epoch: Option<i64>,
    ) -> Self {
        Self { settings, session, epoch }
    }

    /// The session, in a transaction that was begun with `begin`.  One that
    /// broke off while nobody used it is replaced.
    fn begun(&mut self, begin: &str) -> Result<&mut Session, Problem> {
        let usable = match &mut self.session {
            Some(session) if !session.is_closed() => match session.batch(begin) {
                Err(Problem::Database { kind: Kind::Lost, .. }) => false,
                done => done.map(|()| true)?,
            },
            _ => false,
        };
        if !usable {
            self.session = None;
            let mut session = connect::connect(&self.settings)?;
            self.resume(&mut session)?;
            session.batch(begin)?;
            self.session = Some(session);
        }
        self.session.as_mut().ok_or_else(|| Problem::Refused("there is no session".to_owned()))
    }

    /// Whoever changes the store alone goes on only if nobody else did so
    /// since.
    fn resume(&self, session: &mut Session) -> Result<(), Problem> {
        let Some(epoch) = self.epoch else { return Ok(()) };
        let held = session.take_lock()?;
        if held && session.epoch()? == epoch {
            return Ok(());
        }
        let taken =
            "the connection broke off, and another lanyard has the store since; begin again";
        Err(said(taken.to_owned()).into())
    }

    /// Whoever comes next finds the store free: the server may take a moment
    /// to notice that the connection has ended.
    pub(super) fn leave(&mut self) {
        let (Some(session), Some(_)) = (&mut self.session, self.epoch) else { return };
        if let Err(error) = session.leave_lock() {
            tracing::debug!(?error, "the store's lock goes with its connection");
        }
    }

    pub(super) fn write(&mut self, mut group: Vec<Box<dyn Job>>) {
        let failure = self.repeat(|post| post.transact(&mut group)).err().map(Failure::from);
        for job in group {
            job.reply(failure.clone());
        }
    }

    /// Again and again where the database asks for that, and for a while
    /// where nobody answers: what was begun then is undone, for the end of it
    /// was never asked for.
    fn repeat(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut pauses = PAUSES.iter();
        let mut away = None;
        loop {
            let problem = match work(self) {
                Ok(()) => return Ok(()),
                Err(problem) => problem,
            };
            // What was begun is undone; a connection that cannot do that is
            // not used again.
            let undone = self.session.as_mut().map(|session| session.batch("ROLLBACK"));
            if !matches!(undone, Some(Ok(()))) {
                self.session = None;
            }
            let pause = match &problem {
                Problem::Database { kind: Kind::Again, .. } => pauses.next().copied(),
                Problem::Database { kind: Kind::Lost | Kind::Unreachable, .. } => {
                    let since = *away.get_or_insert_with(Instant::now);
                    (since.elapsed() < self.settings.patience).then_some(AWAY)
                }
                _ => None,
            };
            let Some(pause) = pause else { return Err(problem) };
            std::thread::sleep(pause);
        }
    }

    fn transact(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), Problem> {
        let session = self.begun(BEGIN_WRITING)?;
        let mut jobs = group.iter_mut().peekable();
        while let Some(job) = jobs.next() {
            let failure = job.run(session);
            let is_last = jobs.peek().is_none();
            match failure {
                Some(failure) if ends_all(failure.kind) => return Err(failure.into()),
                Some(_) => session.batch("ROLLBACK TO SAVEPOINT job")?,
                None if is_last => {}
                None => session.batch("RELEASE SAVEPOINT job; SAVEPOINT job")?,
            }
        }
        // A transaction that was broken off within fails here, where COMMIT
        // alone would undo it and say nothing.
        match session.batch("RELEASE SAVEPOINT job; COMMIT") {
            Err(Problem::Database { kind: Kind::Lost, source }) => {
                Err(Problem::Database { kind: Kind::Unknown, source })
            }
            done => done,
        }
    }

    /// What only reads may be done again on another connection.
    pub(super) fn read(&mut self, mut job: Box<dyn Job>) {
        let mut again = true;
        let failure = loop {
            let done = self.repeat(|post| {
                let session = post.begun(BEGIN_READING)?;
                match job.run(session) {
                    Some(failure) if ends_all(failure.kind) => Err(failure.into()),
                    Some(_) => session.batch("ROLLBACK"),
                    None => session.batch("COMMIT"),
                }
            });
            match done {
                Err(Problem::Database { kind: Kind::Lost, .. }) if again => again = false,
                done => break done.err().map(Failure::from),
            }
        };
        job.reply(failure);
    }
}

/// Whether this is an end for all that is done in one transaction.
pub(super) fn ends_all(kind: Kind) -> bool {
    matches!(kind, Kind::Again | Kind::Lost | Kind::Unknown | Kind::Unreachable)
}
