//! Whoever gets a new password cannot sign in with the one they know: only so
//! many are set without a person having looked.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccessGuard, Finding, FindingKind, Lately, ours, plan_word};
use crate::{
    id::ConnectorName,
    observed::Observed,
    plan::Plan,
    policy::{Class, Policy},
    value::ObjectRef,
    workflow::{Effect, PlannedStep},
};

/// Steps that set a password, by target, in the order of the plan.
type Setting<'p> = BTreeMap<&'p ConnectorName, Vec<(&'p PlannedStep, &'p ObjectRef)>>;

fn setting(plan: &Plan) -> Setting<'_> {
    let mut setting = Setting::new();
    for step in &plan.steps {
        if let Effect::Credential { target, account, .. } = &step.effect {
            setting.entry(target).or_default().push((step, account));
        }
    }
    setting
}

/// What a limit counts at one target.
struct Counted<'p> {
    before: usize,
    /// Accounts that got none lately.
    now: BTreeSet<&'p ObjectRef>,
    limit: u64,
    waiting: Vec<&'p PlannedStep>,
}

/// Whoever comes first in the plan goes; an account that got one lately, which
/// nobody was told of, takes no further place.
fn count<'p>(
    access: &AccessGuard<'_>,
    (target, steps): (&ConnectorName, &[(&'p PlannedStep, &'p ObjectRef)]),
    observed: &Observed,
    lately: &Lately,
) -> Option<Counted<'p>> {
    let limit = access.bound(Class::Passwords, target)?.limit(ours(observed, target));
    let nothing = BTreeSet::new();
    let before = lately.passwords.get(target).unwrap_or(&nothing);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let room = most.saturating_sub(before.len());
    let (mut now, mut going) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting = Vec::new();
    for (step, account) in steps {
        if before.contains(*account) {
            continue;
        }
        now.insert(*account);
        if going.len() < room || going.contains(account) {
            going.insert(*account);
        } else {
            waiting.push(*step);
        }
    }
    Some(Counted { before: before.len(), now, limit, waiting })
}

/// More passwords would be set than a target may get within the window.
pub(super) fn findings(
    access: &AccessGuard<'_>,
    plan: &Plan,
    observed: &Observed,
    lately: &Lately,
) -> Vec<Finding> {
    let found = setting(plan).into_iter().filter_map(|(target, steps)| {
        let Counted { before, now, limit, waiting } =
            count(access, (target, &steps), observed, lately)?;
        let bound = access.bound(Class::Passwords, target)?;
        let now = now.len();
        (!waiting.is_empty()).then(|| Finding {
            kind: FindingKind::MassPassword,
            target: Some(target.clone()),
            text: format!(
                "{now} accounts would get a new password at {target}, and {before} lately: {} in \
                 all, where {limit} are allowed ({bound}); {} of them wait. If that is right, \
                 `lanyard apply {} --release {}`",
                now.saturating_add(before),
                waiting.len(),
                plan_word(plan),
                FindingKind::MassPassword.word(),
            ),
            blocks: Vec::new(),
        })
    });
    found.collect()
}

/// Keys of the steps that wait for others to have had their turn, of those
/// that nothing else keeps from being carried out.
pub fn passwords_waiting(
    policy: &Policy,
    plan: &Plan,
    (observed, lately): (&Observed, &Lately),
    goes: impl Fn(&PlannedStep) -> bool,
) -> BTreeSet<String> {
    let access = AccessGuard::of(policy);
    let waiting = setting(plan).into_iter().flat_map(|(target, mut steps)| {
        steps.retain(|(step, _)| goes(step));
        count(&access, (target, &steps), observed, lately).map_or_else(Vec::new, |it| it.waiting)
    });
    waiting.map(PlannedStep::key).collect()
}
