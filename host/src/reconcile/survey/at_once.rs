//! What an ejection does at once: by what was read last, before any system
//! is asked what it holds now.

use std::collections::BTreeMap;

use lanyard_core::{
    desired::desired,
    dropped::Dropped,
    guard::clock_jump,
    id::IdentityId,
    plan::{PlanSettings, plan},
};

use super::Survey;
use crate::{
    reconcile::{
        Context, ReconcileError, known::recorded, nothing_is_halted, obligations::open_at_once,
    },
    store::StoredPlan,
};

/// What takes access from somebody who was ejected, planned by what is
/// recorded and guarded as any plan.  It is no look at the world: one has to
/// follow, for what is not known here.
///
/// # Errors
/// When everything is halted, or the store fails.
pub async fn at_once(context: &Context, identity: IdentityId) -> Result<Survey, ReconcileError> {
    let now = context.now();
    let policy = context.policy.as_ref();
    let (assembled, mut observed) = recorded(policy, context.store.as_ref(), now).await?;
    // What left the file is asked nothing.
    observed.targets.retain(|name, _| context.connectors.targets.contains_key(name));
    let desired = desired(policy, &assembled, &observed, now);
    let whole = plan(&PlanSettings::of(policy), &desired, &observed, now);
    let plan = whole.at_once(identity);
    let stored = StoredPlan {
        digest: plan.digest()?,
        plan,
        findings: Vec::new(),
        config: context.config.clone(),
        made_at: now,
        erased: None,
    };
    let survey = Survey {
        assembled,
        desired,
        observed,
        stored,
        reads: BTreeMap::new(),
        dropped: Dropped::default(),
        unread: BTreeMap::new(),
        shrank: BTreeMap::new(),
        unread_sources: BTreeMap::new(),
    };
    let plan = survey.stored.plan.clone();
    let jump = survey.observed.kept.clock.after(policy.lifecycle.clock_jump, now).jump;
    let about = (&survey.assembled, &survey.observed);
    let jumped = jump.and_then(|jump| clock_jump(&plan, policy, about, (jump, now)));
    let survey = survey.with(context, plan, jumped).await?;
    // What is due is written down, whatever is halted.
    open_at_once(context, &survey, identity).await?;
    nothing_is_halted(context.store.as_ref()).await?;
    Ok(survey)
}
