//! What is remembered of lives from one look to the next.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    absence,
    fact::Identity,
    guard::{
        Finding, FindingKind, GuardSettings, clock_jump, guard, mass_ejects, mass_erasures,
        still_doubted,
    },
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    lifecycle::{Absence, ClockMarks, Kept},
    observed::Observed,
    plan::Plan,
    policy::Policy,
    value::ObjectRef,
};

use super::{
    Context, ReconcileError, Survey,
    approvals::{self, Seen},
    known::lately,
    survey::{accept_lost, accept_shrunk},
};
use crate::store::{SourceRead, StoreError, StoredPlan};

/// How often people were found missing, counted with these reads.
///
/// Before anybody is recorded as absent: after a crash in between they would
/// pass for confirmed.
pub(super) async fn confirm_absences(
    context: &Context,
    assembled: &Assembled,
    known: &[Identity],
    reads: &BTreeMap<ConnectorName, SourceRead>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kept = context.store.kept().await?;
    let changed = counted(&context.policy, (assembled, known), reads, &kept, now);
    if changed.is_empty() { Ok(()) } else { context.store.record_absences(&changed).await }
}

/// What is to be remembered of those who are missing, where that changes.
pub(super) fn counted(
    policy: &Policy,
    (assembled, known): (&Assembled, &[Identity]),
    reads: &BTreeMap<ConnectorName, SourceRead>,
    Kept { absences, clock, .. }: &Kept,
    now: Timestamp,
) -> BTreeMap<IdentityId, Option<Absence>> {
    let jump = clock.after(policy.lifecycle.clock_jump, now).jump;
    let reads = reads.iter().map(|(source, read)| (source.clone(), read.read_at)).collect();
    absence::confirm(policy, assembled, known, &reads, absences, jump)
}

/// What the guard says by what is remembered of lives.  A jump of the clock
/// that takes nothing from anybody is forgotten.
pub(super) fn findings(
    context: &Context,
    plan: &Plan,
    assembled: &Assembled,
    observed: &mut Observed,
    now: Timestamp,
) -> Vec<Finding> {
    let policy = context.policy.as_ref();
    let ejects = mass_ejects(&policy.limits, plan, &observed.kept, now);
    let jump = observed.kept.clock.jump;
    let jumped = jump.and_then(|jump| clock_jump(plan, policy, (assembled, observed), (jump, now)));
    if jumped.is_none() {
        observed.kept.clock.jump = None;
    }
    let forgotten = &observed.forgetting.forgotten;
    let erasures = mass_erasures(&policy.limits, plan, forgotten, now);
    jumped.into_iter().chain(ejects).chain(erasures).collect()
}

/// What a person says is so is believed from here on.  A plan that goes back
/// is about what was done, and not about what systems say.
pub(super) async fn accept(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<(), ReconcileError> {
    if survey.stored.plan.undoes.is_some() {
        return Ok(());
    }
    if released.contains(&FindingKind::SourceShrank) {
        accept_shrunk(context, survey).await?;
    }
    if released.contains(&FindingKind::TargetShrank) {
        accept_lost(context, survey).await?;
    }
    if released.contains(&FindingKind::ClockJump) {
        accept_clock(context, survey).await?;
    }
    Ok(())
}

/// A person said that the clock is right.
async fn accept_clock(context: &Context, survey: &Survey) -> Result<(), StoreError> {
    let marks = ClockMarks { jump: None, ..survey.observed.kept.clock };
    context.store.mark_clock(marks).await
}

impl Survey {
    /// What it says of one identity, to be carried out by itself.  What was
    /// found of sources is for the whole plan; accounts that were `closed` a
    /// moment ago are deleted by a later one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn only(
        self,
        context: &Context,
        identity: IdentityId,
        closed: &BTreeSet<(ConnectorName, ObjectRef)>,
    ) -> Result<Self, ReconcileError> {
        let plan = self.stored.plan.only(identity).without_deleting(closed);
        let policy = context.policy.as_ref();
        let jump = self.observed.kept.clock.jump;
        let now = self.stored.made_at;
        let about = (&self.assembled, &self.observed);
        let jumped = jump.and_then(|jump| clock_jump(&plan, policy, about, (jump, now)));
        self.with(context, plan, jumped).await
    }

    /// The same look with another plan, guarded and kept; `besides` is what
    /// is to be said of it that only depends on how it came about.
    pub(super) async fn with(
        mut self,
        context: &Context,
        plan: Plan,
        besides: Option<Finding>,
    ) -> Result<Self, ReconcileError> {
        let policy = context.policy.as_ref();
        let now = self.stored.made_at;
        let lately = lately(policy, context.store.as_ref(), now).await?;
        let settings = GuardSettings::of(policy);
        let doubted = still_doubted(&self.assembled.shrank, &self.desired);
        let mut findings = guard(&settings, &plan, &self.observed, &lately, &doubted);
        findings.extend(mass_ejects(&policy.limits, &plan, &self.observed.kept, now));
        findings.extend(besides);
        findings.retain(|it| !it.blocks.is_empty() || it.kind == FindingKind::MassPassword);
        let digest = plan.digest()?;
        let about = (&self.assembled, &self.desired, &self.observed);
        let seen = Seen::of((&plan, &digest), about, now);
        findings.extend(approvals::findings(context, seen).await?);
        self.stored = StoredPlan { digest, plan, findings, ..self.stored };
        context.store.save_plan(&self.stored).await?;
        Ok(self)
    }
}
