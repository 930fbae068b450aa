//! Sources and targets that lost far too much at once.

use super::{Finding, FindingKind, GuardSettings, plan_word};
use crate::{
    desired::Desired,
    id::{ConnectorName, IdentityId, OperationId},
    identity::Shrank,
    observed::{Link, ObservedTarget},
    operation::Event,
    plan::Plan,
};

/// A target that lost more accounts of ours at once than the limit: another
/// system behind the same name, or a sign-in that sees less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetShrank {
    pub target: ConnectorName,
    pub lost: usize,
    pub ours: usize,
}

impl TargetShrank {
    /// None when no more is missing than `settings` allow.
    pub fn of(
        settings: &GuardSettings<'_>,
        target: &ConnectorName,
        observed: &ObservedTarget,
        links: &[Link],
    ) -> Option<Self> {
        let lost = observed.vanished(target, links).len();
        let ours = links.iter().filter(|link| !link.gone && link.target == *target).count();
        let share = ours.saturating_mul(usize::from(settings.removals_percent)) / 100;
        let floor = usize::try_from(settings.removals_floor).unwrap_or(usize::MAX);
        (lost > share.max(floor)).then(|| Self { target: target.clone(), lost, ours })
    }

    /// What the guard says of it.
    pub fn finding(&self, plan: &Plan) -> Finding {
        let Self { target, lost, ours } = self;
        let text = format!(
            "{lost} of {ours} accounts of ours at {target} are missing from a complete reading; \
             nothing is created there, and none is taken for gone. Is it another system, or does \
             the sign-in see less than before? If they really are gone, `lanyard apply {} \
             --release {}`",
            plan_word(plan),
            FindingKind::TargetShrank.word(),
        );
        let target = Some(target.clone());
        Finding { kind: FindingKind::TargetShrank, target, text, blocks: Vec::new() }
    }
}

/// Sources that shrank, without those whose last day has passed: that was
/// known before, and no matter of who is in a reading.
pub fn still_doubted(shrank: &[Shrank], desired: &Desired) -> Vec<Shrank> {
    let by_end = |id: &IdentityId| desired.identities.get(id).is_some_and(|it| it.state.by_end);
    let mut shrank = shrank.to_vec();
    for shrank in &mut shrank {
        shrank.missing.retain(|id| !by_end(id));
    }
    shrank
}

/// Until a person has looked, nothing is taken from those who are missing and
/// nothing is given to those who are new: they may be the same people.
pub(super) fn source_shrank(plan: &Plan, shrank: &Shrank) -> Finding {
    let Shrank { source, renamed, before, lost, missing, new } = shrank;
    let blocks: Vec<OperationId> = plan
        .operations
        .iter()
        .filter(|it| {
            let doubted = if it.change.kind().removes() { missing } else { new };
            doubted.contains(&it.identity) && it.event != Event::Eject
        })
        .map(|it| it.id)
        .collect();
    let release = format!(
        "`lanyard apply {} --release {}`",
        plan_word(plan),
        FindingKind::SourceShrank.word()
    );
    let given = format!("nothing is given to those it has under new keys ({})", new.len());
    let respelt = "If keys are only written differently (`00123`, `123`), mend the source.";
    let text = match renamed {
        Some(dropped) => format!(
            "the source {source} is read for the first time, and lacks {lost} of the {before} \
             records of `{dropped}`, which is no longer in the file; {given}. {respelt} If these \
             are other people, {release}"
        ),
        None if new.is_empty() => format!(
            "the source {source} no longer has {lost} of the {before} records it had last time; \
             nothing is taken from those who are missing. If they really left, {release}"
        ),
        None => format!(
            "the source {source} no longer has {lost} of the {before} records it had last time; \
             nothing is taken from those who are missing, and {given}. {respelt} If they really \
             left, {release}"
        ),
    };
    Finding { kind: FindingKind::SourceShrank, target: None, text, blocks }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        desired::desired,
        example::{hired, id, named, noon, observed, policy, worker},
    };

    #[test]
    fn whose_last_day_has_passed_is_gone_whatever_their_source_lost() {
        let policy = policy();
        let left = worker("1", ("Ada", "Example"), &[("end", "2026-05-31")]);
        let assembled = hired(&policy, vec![left, worker("2", ("Ben", "Beispiel"), &[])]);
        let desired = desired(&policy, &assembled, &observed(&[]), noon());
        let shrank = Shrank {
            source: named("hr"),
            renamed: None,
            before: 40,
            lost: 2,
            missing: BTreeSet::from([id("1"), id("2")]),
            new: BTreeSet::new(),
        };
        let doubted = still_doubted(&[shrank], &desired);
        assert_eq!(doubted[0].missing, BTreeSet::from([id("2")]));
    }
}
