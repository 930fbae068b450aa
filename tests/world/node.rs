//! A node: a process that opens the store, goes the road once, and ends, by
//! itself or not.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::{Arc, Mutex, OnceLock},
};

use lanyard::{
    config,
    connector::{Attached, Connector, Connectors, Gate},
    reconcile::{self, Context, Progress, ReconcileError, Settling, Stop, Summary, Survey},
};
use lanyard_core::{guard::FindingKind, id::Digest, operation::Operation, policy::Policy};

use crate::{
    air::{Air, locked},
    disk::{self, Disk},
    feed::Feed,
    post::Post,
    target::Target,
    truth,
};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// `lanyard plan`
    Look,
    /// `lanyard run once`
    Apply,
    /// `lanyard apply`, releasing all that a person can.
    ApplyReleasing,
}

/// How it ended.
pub(crate) enum Ended {
    Crashed,
    /// Nothing could be planned, and why.
    Refused(String),
    Looked(Box<Survey>),
    Applied(Box<Survey>, Box<Summary>, Vec<Undone>),
}

/// An operation that was not carried out in its run, and why.
#[derive(Debug, Clone)]
pub(crate) struct Undone {
    pub(crate) operation: Operation,
    pub(crate) why: String,
}

/// Systems as they are for every node.
pub(crate) struct Systems {
    pub(crate) air: Arc<Air>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) targets: Vec<Arc<Target>>,
    pub(crate) post: Arc<Post>,
    pub(crate) policy: Arc<Policy>,
}

/// One process, from its beginning to its end.
pub(crate) struct Node {
    pub(crate) disk: Arc<Disk>,
    context: Context,
    runtime: tokio::runtime::Runtime,
    air: Arc<Air>,
}

/// The file for these targets, checked once for all worlds.
pub(crate) fn policy(targets: &[&str]) -> Arc<Policy> {
    static KNOWN: OnceLock<Mutex<BTreeMap<String, Arc<Policy>>>> = OnceLock::new();
    let text = truth::file(targets);
    let mut known = locked(KNOWN.get_or_init(Mutex::default));
    Arc::clone(known.entry(text.clone()).or_insert_with(|| {
        let folder = disk::folder();
        std::fs::create_dir(folder.path().join("plugins")).unwrap();
        for plugin in targets.iter().chain(&["hr"]) {
            std::fs::write(folder.path().join(format!("plugins/{plugin}.wasm")), []).unwrap();
        }
        let path = folder.path().join("lanyard.toml");
        std::fs::write(&path, text).unwrap();
        let loaded = config::load(&path, &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
        Arc::new(loaded.config.policy)
    }))
}

impl Node {
    /// Over a store that it has for itself.
    pub(crate) fn over(systems: &Systems, disk: Arc<Disk>) -> Self {
        let air = Arc::clone(&systems.air);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let clock = {
            let air = Arc::clone(&air);
            Arc::new(move || air.clock())
        };
        let attached = |connector: Arc<dyn Connector>, page_size, parallel| Attached {
            connector,
            plugin: Digest::of("plugin"),
            permission: Digest::of("permission"),
            page_size,
            parallel,
            gate: Gate::new(lanyard_core::schedule::Pacing::default(), clock.clone()),
        };
        let targets = systems.targets.iter().map(|target| {
            let connector = Arc::clone(target) as Arc<dyn Connector>;
            let attached = attached(connector, target.kind.page, target.kind.parallel);
            (target.name().parse().unwrap(), attached)
        });
        let connectors = Connectors {
            components: BTreeMap::new(),
            sources: BTreeMap::from([(
                "hr".parse().unwrap(),
                attached(systems.feed.clone(), 2, 1),
            )]),
            targets: targets.collect(),
        };
        let passing = {
            let air = Arc::clone(&air);
            move |wait: std::time::Duration| {
                air.passes(i64::try_from(wait.as_micros()).unwrap());
            }
        };
        let context = Context {
            policy: Arc::clone(&systems.policy),
            config: Digest::of("file"),
            store: disk.clone(),
            connectors,
            messenger: Arc::<Post>::clone(&systems.post),
            actor: "operator".to_owned(),
            clock,
            stop: Stop::default().impatient(Arc::new(passing)),
        };
        Self { disk, context, runtime, air }
    }

    /// Goes the road once, unless the process ends before that; `meanwhile`
    /// is what happens while it stands still.
    pub(crate) fn runs(&self, errand: Errand, mut meanwhile: impl FnMut(&Self)) -> Ended {
        let mut road = pin!(self.road(errand));
        loop {
            let gone = self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = self.air.stopped.notified() => None,
                    gone = &mut road => Some(gone),
                }
            });
            match gone {
                Some(gone) => return gone.unwrap_or_else(|error| Ended::Refused(chain(&error))),
                None if self.air.is_ended() => return Ended::Crashed,
                None => {
                    meanwhile(self);
                    self.air.resumed.notify_one();
                }
            }
        }
    }

    async fn road(&self, errand: Errand) -> Result<Ended, ReconcileError> {
        let context = &self.context;
        let settling = if errand == Errand::Look { Settling::Looking } else { Settling::Finishing };
        reconcile::settle(context, settling).await?;
        let survey = Box::new(reconcile::survey(context).await?);
        for operation in &survey.stored.plan.operations {
            self.air.say(|| {
                let kind = operation.change.kind().word();
                format!("plan: {} {kind} {:?}", operation.target, operation.change.account())
            });
        }
        for finding in &survey.stored.findings {
            self.air.say(|| format!("finding: {}: {}", finding.kind.word(), finding.text));
        }
        for note in &survey.stored.plan.notes {
            self.air.say(|| format!("note: {note:?}"));
        }
        if errand == Errand::Look {
            return Ok(Ended::Looked(survey));
        }
        let released: BTreeSet<FindingKind> = FindingKind::ALL
            .into_iter()
            .filter(|kind| errand == Errand::ApplyReleasing && kind.releasable())
            .filter(|kind| found(&survey, *kind))
            .collect();
        let undone: Mutex<Vec<Undone>> = Mutex::default();
        let report = |progress| {
            self.air.say(|| format!("  told: {}", told(&progress)));
            locked(&undone).extend(left_undone(progress));
        };
        let summary = reconcile::execute(context, &survey, &released, &report).await?;
        let written = survey.stored.plan.operations.iter().map(|it| it.target.clone()).collect();
        reconcile::refresh(context, &written).await?;
        let undone = std::mem::take(&mut *locked(&undone));
        Ok(Ended::Applied(survey, Box::new(summary), undone))
    }
}

fn found(survey: &Survey, kind: FindingKind) -> bool {
    survey.stored.findings.iter().any(|it| it.kind == kind)
}

/// What was not carried out for a reason that is not its own.
fn left_undone(progress: Progress) -> Option<Undone> {
    match progress {
        Progress::Uncertain { operation, fault } => Some(Undone { operation, why: fault.message }),
        Progress::Skipped { operation, why } => Some(Undone { operation, why: why.to_owned() }),
        Progress::Waiting { operation, why } => Some(Undone { operation, why }),
        _ => None,
    }
}

fn told(progress: &Progress) -> String {
    let line = |operation: &Operation, how: String| {
        format!("{} {}: {how}", operation.target, operation.change.kind().word())
    };
    match progress {
        Progress::Done { operation, verification } => line(operation, format!("{verification:?}")),
        Progress::Retrying { operation, fault } => line(operation, fault.clone()),
        Progress::Failed { operation, fault } => line(operation, format!("failed: {fault}")),
        Progress::Uncertain { operation, fault } => line(operation, format!("uncertain: {fault}")),
        Progress::Skipped { operation, why } => line(operation, format!("skipped: {why}")),
        Progress::Waiting { operation, why } => line(operation, format!("waits: {why}")),
        _ => "something beside operations".to_owned(),
    }
}

/// An error with everything under it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        text = format!("{text}: {error}");
        below = error.source();
    }
    text
}
