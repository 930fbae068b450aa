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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        example::{id, named, observed, policy},
        policy::Bound,
    };

    fn account(uid: &str) -> ObjectRef {
        ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() }
    }

    /// Each of these accounts at the crm gets a password.
    fn plan(accounts: &[&str]) -> Plan {
        let steps = accounts.iter().map(|uid| PlannedStep {
            identity: id(uid),
            workflow: named("joiner"),
            ordinal: 1,
            step: named("pass"),
            attempt: 1,
            effect: Effect::Credential {
                target: named("crm"),
                account: account(uid),
                login: (*uid).to_owned(),
                length: 16,
                must_change: false,
                again: false,
                deliveries: Vec::new(),
            },
            causes: Vec::new(),
        });
        Plan { steps: steps.collect(), ..Plan::default() }
    }

    fn lately(accounts: &[&str]) -> Lately {
        let passwords = accounts.iter().map(|uid| account(uid)).collect();
        Lately { passwords: [(named("crm"), passwords)].into(), ..Lately::default() }
    }

    /// Who waits where so many may get one, and what the guard says of it.
    fn waiting(
        most: Option<u32>,
        (planned, before): (&[&str], &[&str]),
        goes: impl Fn(&PlannedStep) -> bool,
    ) -> (BTreeSet<String>, Vec<Finding>) {
        let mut policy = policy();
        if let Some(most) = most {
            let bound = Bound { percent: None, floor: 0, max: Some(most) };
            policy.limits.classes.everywhere.insert(Class::Passwords, bound);
        }
        let (plan, observed, lately) = (plan(planned), observed(&[]), lately(before));
        let found = findings(&AccessGuard::of(&policy), &plan, &observed, &lately);
        (passwords_waiting(&policy, &plan, (&observed, &lately), goes), found)
    }

    fn keys(accounts: &[&str]) -> BTreeSet<String> {
        plan(accounts).steps.iter().map(PlannedStep::key).collect()
    }

    /// The limit, who is planned, who got one lately, and who waits.
    type Case<'a> = (Option<u32>, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

    #[test]
    fn whoever_comes_first_gets_one_and_the_rest_wait() {
        let all = |_: &PlannedStep| true;
        let cases: [Case<'_>; 6] = [
            (None, &["a", "b", "c"], &[], &[]),
            (Some(3), &["a", "b", "c"], &[], &[]),
            (Some(2), &["a", "b", "c"], &[], &["c"]),
            (Some(2), &["a", "b", "c"], &["x"], &["b", "c"]),
            // One that is made once more takes no further place.
            (Some(2), &["a", "b", "c"], &["b"], &["c"]),
            (Some(0), &["a"], &[], &["a"]),
        ];
        for (most, planned, before, expected) in cases {
            let (waiting, found) = waiting(most, (planned, before), all);
            assert_eq!(waiting, keys(expected), "{most:?} {planned:?} {before:?}");
            assert_eq!(found.is_empty(), expected.is_empty());
            assert!(found.iter().all(|it| it.blocks.is_empty() && it.holds_back()));
            assert!(found.iter().all(|it| it.kind.releasable()));
        }
    }

    #[test]
    fn what_does_not_go_anyway_takes_nobodys_place() {
        let (waiting, found) = waiting(Some(1), (&["a", "b"], &[]), |it| it.identity != id("a"));
        assert_eq!(waiting, BTreeSet::new());
        assert_eq!(found.len(), 1, "both would be more than may be");
    }

    #[test]
    fn two_steps_for_one_account_take_one_place() {
        let (waiting, found) = waiting(Some(1), (&["a", "a"], &[]), |_| true);
        assert_eq!((waiting, found), (BTreeSet::new(), Vec::new()));
    }
}
