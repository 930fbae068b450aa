//! What an operator asks: `why 1001 crm/admins`, `why 1001 crm`, `simulate until
//! 2026-12-31`.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard::reconcile::{Context, Survey};
use lanyard_core::{
    asking::{Asking, World},
    guard::Lately,
    id::ConnectorName,
    plan::PlanSettings,
    simulate::{calendar, simulate_after},
    whole::Whole,
};

use crate::answers::plain;

/// Of what a look found.
pub(crate) async fn answer(
    context: &Context,
    survey: Result<Survey, String>,
    words: &[&str],
    now: Timestamp,
) -> Result<String, String> {
    match (survey, words) {
        (Err(error), _) => Ok(format!("error: {error}\n")),
        (Ok(survey), ["why", who, what]) => why(context, &survey, (who, what), now),
        (Ok(survey), ["simulate", "until", day]) => simulated(context, survey, day, now).await,
        (Ok(_), other) => Err(format!("nobody can be asked `{}`", other.join(" "))),
    }
}

fn why(
    context: &Context,
    survey: &Survey,
    (who, what): (&str, &str),
    now: Timestamp,
) -> Result<String, String> {
    let mut people = survey.assembled.identities.iter();
    let person = people.find(|it| it.records.iter().any(|record| record.key == who));
    let person = person.ok_or_else(|| format!("nobody has the key `{who}`"))?;
    let world = World {
        policy: &context.policy,
        desired: &survey.desired,
        observed: &survey.observed,
        plan: &survey.stored.plan,
        findings: &survey.stored.findings,
        touched: &[],
        now,
    };
    let asking = Asking::about(world, person).ok_or("nothing is decided of them")?;
    let target = |name: &str| ConnectorName::new(name).map_err(|error| error.to_string());
    let answer = match what.split_once('/') {
        Some((name, entitlement)) => asking.entitlement(&target(name)?, entitlement),
        None => asking.account(&target(what)?),
    };
    Ok(plain(&answer.render()))
}

async fn simulated(
    context: &Context,
    survey: Survey,
    day: &str,
    now: Timestamp,
) -> Result<String, String> {
    let policy = context.policy.as_ref();
    let day: Date = day.parse().map_err(|error: jiff::Error| error.to_string())?;
    let until = day.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?.timestamp();
    let approvals = context.store.plan_approvals().await.map_err(|error| error.to_string())?;
    let settings = PlanSettings::of(policy);
    let whole = Whole::new(&settings, survey.assembled, survey.observed);
    let before = (&Lately::default(), approvals.as_slice());
    let moments = simulate_after(policy, whole, before, now, until);
    Ok(plain(&calendar(&moments, &policy.lifecycle.timezone)))
}
