//! What somebody on leave keeps.

use std::collections::{BTreeMap, BTreeSet};

use super::person::Wanted;
use crate::{
    id::ConnectorName,
    lifecycle::{LeavePolicy, LifecycleState, StateNow},
    policy::Policy,
};

/// The type of their leave, where they are on one that the file knows.
fn of<'a>(policy: &'a Policy, state: &StateNow) -> Option<&'a LeavePolicy> {
    if state.state != LifecycleState::OnLeave {
        return None;
    }
    policy.lifecycle.leaves.get(state.leave.as_ref()?)
}

/// Whether an account stays enabled during their leave.
pub(super) fn keeps_login(policy: &Policy, state: &StateNow, target: &ConnectorName) -> bool {
    of(policy, state).is_some_and(|leave| leave.keeps_login(target))
}

/// Whether their leave closes an account.
pub(super) fn closes(policy: &Policy, state: &StateNow, target: &ConnectorName) -> bool {
    state.state == LifecycleState::OnLeave && !keeps_login(policy, state, target)
}

/// Whether a grant stays during their leave.
pub(super) fn keeps_grant(
    policy: &Policy,
    state: &StateNow,
    target: &ConnectorName,
    entitlement: &str,
) -> bool {
    of(policy, state).is_none_or(|leave| leave.keeps_grant(target, entitlement))
}

/// Takes out the grants that their leave takes away; says at which targets.
pub(crate) fn keeps_of(
    policy: &Policy,
    state: &StateNow,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
) -> BTreeSet<ConnectorName> {
    let mut taken = BTreeSet::new();
    let Some(leave) = of(policy, state) else { return taken };
    for (target, wanted) in wanted {
        let before = wanted.grants.len();
        wanted.grants.retain(|grant, _| leave.keeps_grant(target, &grant.entitlement));
        if wanted.grants.len() < before {
            taken.insert(target.clone());
        }
    }
    taken
}
