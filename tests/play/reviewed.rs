//! Reviews of access: who is asked, and what they say.

use std::fmt::Write as _;

use jiff::Timestamp;
use lanyard::reconcile::{self, Context, ReviewAnswer};
use lanyard_core::{
    id::IdentityId,
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
    for Item { identity, target, label, given, asked, decision, .. } in &review.items {
        let who = called(identity);
        let said = match (decision, asked) {
            (Some(decision), _) => {
                let answer = if decision.revoke { "revoked" } else { "kept" };
                format!("{answer} by {}", decision.by.as_deref().unwrap_or("silence"))
            }
            (None, Some(asked)) => {
                let names: Vec<String> = asked.waits_for(now).iter().map(called).collect();
                format!("{} until {:.0}", names.join(" or "), asked.expires)
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
    let items = kept.reviews.iter().rev().flat_map(|review| &review.items);
    let Some(item) = items.into_iter().find(|it| it.identity == whom && it.label == what) else {
        return Ok("refused: nobody is asked about it\n".to_owned());
    };
    let answer = ReviewAnswer { revoke, reason: "looked at it" };
    let policy = context.policy.as_ref();
    let said = reconcile::decide_review(store, policy, &item.id, answer, (user, now)).await;
    Ok(match said {
        Ok(()) => "noted\n".to_owned(),
        Err(error) => format!("refused: {error}\n"),
    })
}
