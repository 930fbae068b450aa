//! Somebody at another time.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{Timestamp, civil::Date};
use lanyard::reconcile::Context;
use lanyard_core::{desired, history::as_known, identity::facts_now};

/// `show 1001 at 2026-07-01`, `show 1001 as known 2026-06-01`, or both: where
/// they stand then, and with which facts.
pub(crate) async fn show(
    context: &Context,
    (who, at, known): (&str, Option<&str>, Option<&str>),
    now: Timestamp,
) -> Result<String, String> {
    let store = context.store.as_ref();
    let policy = context.policy.as_ref();
    let moment = |text: Option<&str>| match text {
        None => Ok(now),
        Some(text) => text
            .parse::<Date>()
            .and_then(|date| date.to_zoned(policy.lifecycle.timezone.clone()))
            .map(|zoned| zoned.timestamp())
            .map_err(|error| format!("`{text}` is no date: {error}")),
    };
    let (at, known) = (moment(at)?, moment(known)?);
    let people = store.identities().await.map_err(|error| error.to_string())?;
    let mut people = people.iter();
    let found = people.find(|it| it.records.iter().any(|record| record.key == who));
    let found = found.ok_or_else(|| format!("nobody has the key `{who}`"))?;
    let past = store.past_facts(found.id).await.map_err(|error| error.to_string())?;
    let then = as_known(policy, found, &past, known);
    if then.facts.is_empty() {
        return Ok("nobody knew them\n".to_owned());
    }
    let kept = store.kept().await.map_err(|error| error.to_string())?.as_of(known);
    let state = desired::standing(policy, &then, &then.holds(), (&kept, &[]), at);
    let mut text = match state {
        Ok(state) => format!("{}: {}\n", state.state.word(), state.because),
        Err(problems) => format!("held: {}\n", problems.join("; ")),
    };
    let facts: BTreeMap<_, _> = facts_now(&then, at).into_iter().collect();
    for (name, fact) in facts {
        let values: Vec<String> = fact.values.iter().map(ToString::to_string).collect();
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(text, "{name} = {}, learned {:.0}", values.join(", "), fact.learned);
    }
    Ok(text)
}
