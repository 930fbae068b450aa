//! People, two simulated targets, a store, and everything to reconcile them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use lanyard::{
    connector::{Attached, Connector, Connectors, Gate},
    reconcile::{self, Context, Progress, ReconcileError, Settled, Stop, Summary, Survey},
    store::{AuditEntry, AuditFilter, sqlite::SqliteStore},
};
use lanyard_core::{
    access::{AccessPolicy, Validity},
    authority::Authority,
    condition::{Condition, Test},
    correlation::Correlation,
    fault::FaultKind,
    id::{Digest, IdentityId},
    lifecycle::LifecycleState,
    observed::{Link, Origin, OwnedGrant},
    policy::{
        LeaverPolicy, LifecyclePolicy, LimitsPolicy, Policy, Rule, SourcePolicy, StepsPolicy,
        TargetPolicy,
    },
    schedule::Pacing,
    template::{Expressions, Template},
};
use lanyard_tests::around::{Around, Beside};

use super::system::{Source, System, record, user};

fn named<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> T {
    name.parse().unwrap()
}

/// Everybody has `directory` and the group `staff`, Sales has `crm` too.
pub(super) struct Firm {
    pub(super) context: Context,
    pub(super) directory: Arc<System>,
    pub(super) crm: Arc<System>,
    source: Arc<Source>,
    pub(super) log: Arc<Mutex<Vec<String>>>,
    shown: Mutex<Vec<String>>,
    folder: tempfile::TempDir,
}

fn rule(name: &str, when: Condition, target: &str, grant: Template) -> Rule {
    Rule {
        name: named(name),
        line: 1,
        when,
        valid: Validity::default(),
        roles: Vec::new(),
        accounts: BTreeSet::from([named(target)]),
        grants: BTreeMap::from([(named("directory"), vec![grant])]),
    }
}

pub(super) fn policy() -> Policy {
    let mut expressions = Expressions::new();
    let mut template = |source: &str| expressions.template(source).unwrap();
    let mut target = |after: &[&str]| TargetPolicy {
        attributes: BTreeMap::from([("title".to_owned(), vec![template("{{ title }}")])]),
        after: after.iter().map(|name| named(name)).collect(),
        ..TargetPolicy::new(template("{{ given_name | lower }}"))
    };
    let targets =
        BTreeMap::from([(named("crm"), target(&["directory"])), (named("directory"), target(&[]))]);
    let sales = Condition {
        all: vec![(named("department"), Test::OneOf(vec!["Sales".to_owned()]))],
        expr: None,
    };
    let rules = vec![
        rule("everyone", Condition::always(), "directory", template("staff")),
        rule("sales", sales, "crm", template("{{ department | lower }}")),
        Rule {
            accounts: BTreeSet::new(),
            ..rule(
                "support",
                Condition {
                    all: vec![(named("department"), Test::OneOf(vec!["Support".to_owned()]))],
                    expr: None,
                },
                "directory",
                template("support"),
            )
        },
    ];
    Policy {
        sources: BTreeMap::from([(
            named("hr"),
            SourcePolicy { shrink_limit_percent: 100, ..SourcePolicy::default() },
        )]),
        tables: BTreeMap::new(),
        targets,
        retired_sources: BTreeSet::new(),
        retired_targets: BTreeSet::new(),
        authority: Authority::default(),
        correlation: Correlation::default(),
        rules,
        workflows: Vec::new(),
        steps: StepsPolicy::default(),
        versions: BTreeMap::new(),
        access: AccessPolicy::default(),
        lifecycle: LifecyclePolicy {
            prehire: SignedDuration::from_hours(24),
            status: BTreeMap::from([("active".to_owned(), LifecycleState::Active)]),
            ..LifecyclePolicy::default()
        },
        leaver: LeaverPolicy {
            delete_after: Some(SignedDuration::ZERO),
            revoke_grants: true,
            retain: None,
            begins_anew: false,
        },
        limits: limits(),
        holds: BTreeMap::new(),
        expressions,
    }
}

fn limits() -> LimitsPolicy {
    LimitsPolicy { removals_percent: 100, removals_floor: 1000, ..LimitsPolicy::default() }
}

/// A minute passes at every look, so that no retry has to be waited for.
fn hurried() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    let seconds = AtomicI64::new(1_800_000_000);
    Arc::new(move || Timestamp::from_second(seconds.fetch_add(60, Ordering::SeqCst)).unwrap())
}

impl Firm {
    pub(super) fn new(people: &[(&str, &str)]) -> Self {
        Self::beside(people, Box::new(|_side, _method| Ok(())))
    }

    pub(super) fn beside(people: &[(&str, &str)], beside: Box<Beside>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inner = SqliteStore::open_exclusive(&folder.path().join("lanyard.db")).unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (directory, crm) = (System::new("directory", &log), System::new("crm", &log));
        let source = Arc::new(Source::default());
        let attached = |connector: Arc<dyn Connector>| Attached {
            connector,
            plugin: Digest::of("plugin"),
            permission: Digest::of("permission"),
            page_size: 100,
            parallel: 4,
            gate: Gate::new(Pacing::default(), hurried()),
        };
        let connectors = Connectors {
            components: BTreeMap::new(),
            sources: BTreeMap::from([(named("hr"), attached(source.clone()))]),
            targets: BTreeMap::from([
                (named("directory"), attached(directory.clone())),
                (named("crm"), attached(crm.clone())),
            ]),
        };
        let context = Context {
            policy: Arc::new(policy()),
            config: Digest::of("file"),
            store: Arc::new(Around { inner: Arc::new(inner), beside }),
            connectors,
            messenger: Arc::new(lanyard::messenger::Nowhere),
            actor: "operator".to_owned(),
            clock: hurried(),
            stop: Stop::default(),
        };
        let shown = Mutex::default();
        let firm = Self { context, directory, crm, source, log, shown, folder };
        firm.people(people);
        firm
    }

    /// Given name and department; the name is the key too.
    pub(super) fn people(&self, people: &[(&str, &str)]) {
        let records = people.iter().map(|(name, department)| record(name, name, department, "-"));
        *self.source.0.lock().unwrap() = records.collect();
    }

    /// The same person under another name.
    pub(super) fn rename(&self, key: &str, name: &str) {
        self.rename_and_move(key, name, "Support");
    }

    /// And in another department.
    pub(super) fn rename_and_move(&self, key: &str, name: &str, department: &str) {
        *self.source.0.lock().unwrap() = vec![record(key, name, department, "-")];
    }

    pub(super) async fn survey(&self) -> Survey {
        reconcile::survey(&self.context).await.unwrap()
    }

    pub(super) async fn settle(&self) -> Settled {
        reconcile::settle(&self.context, reconcile::Settling::Finishing).await.unwrap()
    }

    pub(super) async fn execute(
        &self,
        survey: &Survey,
        stop: &Stop,
    ) -> Result<Summary, ReconcileError> {
        let report = |progress: Progress| self.show(&progress);
        let context = Context { stop: stop.clone(), ..self.context.clone() };
        reconcile::execute(&context, survey, &BTreeSet::new(), &report).await
    }

    pub(super) fn show(&self, progress: &Progress) {
        let line = match progress {
            Progress::Began { .. }
            | Progress::Step { .. }
            | Progress::Question { .. }
            | Progress::Review { .. }
            | Progress::Erased { .. }
            | Progress::Unasked(_)
            | Progress::Approval { .. } => return,
            Progress::Done { operation, verification } => {
                (operation, verification.word().to_owned())
            }
            Progress::Retrying { operation, .. } => (operation, "again".to_owned()),
            Progress::Failed { operation, fault } => (operation, format!("failed: {fault}")),
            Progress::Uncertain { operation, fault } => (operation, format!("uncertain: {fault}")),
            Progress::Skipped { operation, why } => (operation, format!("skipped: {why}")),
            Progress::Waiting { operation, why } => (operation, format!("waits: {why}")),
        };
        let (operation, text) = line;
        let kind = operation.change.kind().word();
        self.shown.lock().unwrap().push(format!("{} {kind}: {text}", operation.target));
    }

    /// Where the store is.
    pub(super) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("lanyard.db")
    }

    /// As another process later: nothing is known of how targets may be
    /// called.
    pub(super) fn begins_anew(&mut self) {
        for target in self.context.connectors.targets.values_mut() {
            target.gate = Gate::new(Pacing::default(), hurried());
        }
    }

    /// A whole run as a process would do it.
    pub(super) async fn run(&self) -> Summary {
        let survey = self.survey().await;
        self.execute(&survey, &Stop::default()).await.unwrap()
    }

    /// What was sent since the last call.
    pub(super) fn sent(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// What was reported since the last call.
    pub(super) fn told(&self) -> String {
        std::mem::take(&mut *self.shown.lock().unwrap()).join("\n")
    }

    /// Nothing is left to do; everything of the journal is settled.
    pub(super) async fn assert_in_order(&self) {
        assert_eq!(self.settle().await, Settled::default());
        let survey = self.survey().await;
        let plan = &survey.stored.plan;
        assert!(plan.operations.is_empty(), "{:?}", plan.operations);
        assert!(plan.adoptions.is_empty(), "{:?}", plan.adoptions);
        assert!(plan.claims.is_empty(), "{:?}", plan.claims);
    }

    /// A person says that an account is an identity's.
    pub(super) async fn adopt(&self, uid: &str, identity: IdentityId) {
        let link = Link {
            identity,
            target: named("directory"),
            account: user(uid),
            origin: Origin::Adopted,
            disabled_since: None,
            unproven: false,
            was_enabled: true,
            unwanted_since: None,
            gone: false,
            ended: lanyard_core::observed::Ended::default(),
        };
        let audit = AuditEntry {
            at: Timestamp::UNIX_EPOCH,
            actor: "operator".to_owned(),
            action: "adopt".to_owned(),
            identity: Some(identity),
            target: Some(named("directory")),
            account: Some(user(uid)),
            result: "done".to_owned(),
            verification: None,
            detail: BTreeMap::new(),
        };
        self.context.store.adopt(&link, &audit).await.unwrap();
    }

    pub(super) async fn links(&self) -> Vec<Link> {
        self.context.store.links().await.unwrap()
    }

    pub(super) async fn ledger(&self) -> BTreeSet<OwnedGrant> {
        self.context.store.ledger().await.unwrap()
    }

    /// `create done`, `create uncertain`, …
    pub(super) async fn audit(&self) -> Vec<String> {
        let rows = self.context.store.audit(&AuditFilter::default()).await.unwrap();
        rows.iter().map(|row| format!("{} {}", row.entry.action, row.entry.result)).collect()
    }
}

pub(super) fn unknown() -> FaultKind {
    FaultKind::OutcomeUnknown { retry_after_ms: None }
}

pub(super) fn down() -> FaultKind {
    FaultKind::Unavailable { retry_after_ms: None }
}
