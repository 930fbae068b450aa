//! What should be true once accounts that are surely somebody's are theirs.

use jiff::Timestamp;

use super::{Desired, desired};
use crate::{
    id::IdentityId,
    identity::Assembled,
    observed::Observed,
    plan::{Adoption, PlanSettings, adopting},
    policy::Policy,
};

/// What is [`desired`], with accounts of nobody that are surely somebody's
/// taken for theirs; they are in `observed.adopting` then, and linked.
pub fn desired_adopting(
    policy: &Policy,
    assembled: &Assembled,
    observed: &mut Observed,
    now: Timestamp,
) -> Desired {
    let is_new = |id: &IdentityId| assembled.shrank.iter().any(|shrank| shrank.new.contains(id));
    loop {
        let desired = desired(policy, assembled, observed, now);
        let mut found = adopting(&PlanSettings::of(policy), &desired, observed);
        // They may be somebody who is known, under another key.
        found.retain(|adoption: &Adoption| !is_new(&adoption.identity));
        if found.is_empty() {
            return desired;
        }
        observed.adopt(found);
    }
}
