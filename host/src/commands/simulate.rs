//! `lanyard simulate`.

use std::path::Path;

use jiff::Timestamp;
use lanyard_core::{
    plan::PlanSettings,
    simulate::{self, Moment},
    whole::Whole,
};

use super::{
    moment::{Edge, moment},
    named,
    output::Output,
    session,
};
use crate::{
    args::Simulated,
    errors::{AppError, Exit},
    reconcile,
    store::Store as _,
    telemetry,
};

/// From what is stored: no system is called, and nothing is recorded.
pub(super) async fn simulate(
    file: &Path,
    wanted: &Simulated,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    let now = telemetry::clock()();
    let timezone = config.policy.lifecycle.timezone.clone();
    let until = moment(&wanted.until, Edge::Last, &timezone)?;
    let from =
        wanted.from.as_deref().map(|text| moment(text, Edge::First, &timezone)).transpose()?;
    if until < now {
        return Err(AppError::new(Exit::Usage, format!("{until:.0} is past"))
            .hint("give a date to come; what was done is in `lanyard audit list`"));
    }
    let who = match &wanted.who {
        Some(who) => Some(named::identity(&store, who, now).await?.id),
        None => None,
    };
    let approvals = store.plan_approvals().await?;
    let lately = reconcile::lately(&config.policy, &store, now).await?;
    let known = reconcile::last_known(config.policy, &store, now).await?;
    session::say_unread(&known, output);
    let settings = PlanSettings::of(&known.policy);
    let whole = Whole::new(&settings, known.assembled, known.observed);
    let before = (&lately, approvals.as_slice());
    let mut moments = simulate::simulate_after(&known.policy, whole, before, now, until);
    moments.retain_mut(|moment| shown(moment, from, who));
    if wanted.json {
        output.json(&moments)?;
    } else {
        output.text(&simulate::calendar(&moments, &timezone))?;
    }
    Ok(Exit::Ok)
}

/// Whether anything of it is asked for; the rest is taken out.
fn shown(
    moment: &mut Moment,
    from: Option<Timestamp>,
    who: Option<lanyard_core::id::IdentityId>,
) -> bool {
    if let Some(who) = who {
        moment.people.retain(|it| it.identity == who);
        moment.inquiries.retain(|it| it.people.contains(&who));
        moment.held_back.retain(|_| !moment.people.is_empty());
    }
    let late_enough = from.is_none_or(|from| moment.at >= from);
    late_enough && !moment.is_empty()
}
