//! What is there before anything is decided, and when accounts were last used.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use lanyard::reconcile::{self, Context, Stop};

use crate::{
    answers::{chain, plain},
    system::Inner,
};

/// `xray`, with 90 days as long.
pub(crate) async fn shown(context: &Context, now: Timestamp) -> Result<String, String> {
    let long = SignedDuration::from_hours(90 * 24);
    let (policy, store) = (context.policy.as_ref(), context.store.as_ref());
    let at = (now, &Stop::default());
    let found = reconcile::look_through(policy, &context.connectors, store, long, at).await;
    Ok(found.map_or_else(|error| format!("error: {}\n", chain(&error)), |it| plain(&it.render())))
}

/// `directory last saw ada on 2026-03-01`: somebody used the account then.
pub(crate) fn saw(inner: &mut Inner, name: &str, day: &str) -> Result<(), String> {
    let wrong = |error: jiff::Error| format!("`{day}` is no day: {error}");
    let day = day.parse::<Date>().map_err(wrong)?.to_zoned(TimeZone::UTC).map_err(wrong)?;
    inner.by_name(name)?.last_used = Some(day.timestamp());
    Ok(())
}
