//! What somebody on leave keeps.

use std::collections::BTreeMap;

use super::{achieved::same, person::Wanted, steps::Entitlements};
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

/// Takes out the grants that their leave takes away.
pub(crate) fn keeps_of(
    policy: &Policy,
    entitlements: &Entitlements<'_>,
    state: &StateNow,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
) {
    let Some(leave) = of(policy, state) else { return };
    for (target, wanted) in wanted {
        let same = |one: &str, other: &str| same(policy, entitlements, target, (one, other));
        wanted.grants.retain(|grant, _| leave.keeps_grant(target, &grant.entitlement, &same));
    }
}
