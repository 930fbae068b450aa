//! Reviews of access: who is asked, and what they say.

use std::fmt::Write as _;

use jiff::Timestamp;
use lanyard::reconcile::{self, Context, ReviewAnswer};
use lanyard_core::{
    id::{IdentityId, ReviewName},
    identity::{facts_now, label},
    review::Item,
};

use crate::people::identity;

/// `review quarterly`: who is asked about what, and what they said.
pub(crate) async fn shown(context: &Context, name: &str, now: Timestamp) -> Result<String, String> {
    let store = context.store.as_ref();
    let people = store.identities().await.map_err(|error| error.to_string())?;
    let kept = store.kept().await.map_err(|error| error.to_string())?;
    let called = |id: &IdentityId| {
        let person = people.iter().find(|person| person.id == *id);
        person.map(|it| label(it, &facts_now(it, now))).unwrap_or_default()
    };
    let Some(review) = kept.reviews.iter().rev().find(|it| it.name.as_str() == name) else {
        return Ok("not opened\n".to_owned());
    };
    let mut text = String::new();
    for item in &review.items {
        let Item { identity, target, label, given, asked, decision, .. } = item;
        let who = called(&kept.by_now(*identity));
        let said = match (decision, asked) {
            (None, _) if item.closed.is_some() => {
                format!("not asked: {}", item.closed.map_or("", |it| it.why.text()))
            }
            (Some(decision), _) => {
                let answer = if decision.revoke { "revoked" } else { "kept" };
                let over = decision.over.map(|it| format!(", not taken: {}", it.how.text()));
                let by = decision.by.as_deref().unwrap_or("silence");
                format!("{answer} by {by}{}", over.unwrap_or_default())
            }
            (None, Some(asked)) => {
                let names: Vec<String> = asked.waits_for(now).iter().map(called).collect();
                let told = if item.told.is_empty() { ", who was not told," } else { "" };
                format!("{}{told} until {:.0}", names.join(" or "), asked.expires)
            }
            (None, None) => "nobody can be asked".to_owned(),
        };
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{who}, {label} at {target} ({given}): {said}");
    }
    Ok(if text.is_empty() { "nothing\n".to_owned() } else { text })
}

/// `grace keeps admins of 1001`, `grace revokes admins of 1001`.
pub(crate) async fn decides(
    context: &Context,
    (user, revoke, what, whom): (&str, bool, &str, &str),
    now: Timestamp,
) -> Result<String, String> {
    let store = context.store.as_ref();
    let whom = identity(context, whom).await?;
    let kept = store.kept().await.map_err(|error| error.to_string())?;
    let mut items = kept.reviews.iter().rev().flat_map(|review| &review.items);
    let of = |it: &&Item| kept.by_now(it.identity) == whom && it.label == what;
    let (items, all_of) = match (what, items.find(of)) {
        ("everything", _) => (Vec::new(), Some(whom)),
        (_, Some(item)) => (vec![item.id.clone()], None),
        (_, None) => return Ok("refused: nobody is asked about it\n".to_owned()),
    };
    let answer = ReviewAnswer { items: &items, all_of, revoke, reason: "looked at it" };
    let policy = context.policy.as_ref();
    let said = reconcile::decide_review(store, policy, answer, (user, now)).await;
    Ok(match said {
        Ok(said) if said.is_empty() => "nothing is asked of them\n".to_owned(),
        Ok(said) if said.iter().all(|it| it.gone) => {
            "noted, and it is gone and nothing gives it any more\n".to_owned()
        }
        Ok(said) => match said.len() {
            1 => "noted\n".to_owned(),
            count => format!("noted, {count} times\n"),
        },
        Err(error) => format!("refused: {error}\n"),
    })
}

/// `review quarterly is cancelled`.
pub(crate) async fn cancelled(
    context: &Context,
    name: &str,
    now: Timestamp,
) -> Result<String, String> {
    let called = ReviewName::new(name).map_err(|error| error.to_string())?;
    let store = context.store.as_ref();
    let cancelled = reconcile::cancel_review(store, &called, ("operator", "a mistake"), now).await;
    let cancelled = cancelled.map_err(|error| error.to_string())?.unwrap_or_default();
    let lines = cancelled.iter().map(|(ordinal, (closed, back))| {
        format!("{name} {ordinal}: {closed} not asked any more, {back} given back\n")
    });
    let lines: String = lines.collect();
    Ok(if lines.is_empty() { "nothing\n".to_owned() } else { lines })
}
