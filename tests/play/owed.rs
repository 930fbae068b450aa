//! What people of a scenario still have to lose, and targets that say that
//! they did what they did not.

use jiff::Timestamp;
use lanyard::{
    connector::Write,
    receipt::{self, Format, Known, PURPOSE, Signed},
    reconcile::{self, Context, Survey},
    signing::SigningKey,
    store::Store,
};
use lanyard_core::{
    id::IdentityId,
    identity::{facts_now, label},
    obligation::{Listed, Obligation, rendered, spent, times},
    value::ObjectRef,
};

use crate::{answers::plain, people::identity, stage::Stage};

impl Stage {
    /// What is said of obligations; none for any other words.
    pub(crate) fn owed(&self, words: &[&str]) -> Option<Result<Option<String>, String>> {
        // Before there is a firm nobody has to lose anything.
        self.firm().ok()?;
        let said = self.said(async |context, now| Ok(say(context, words, now).await));
        said.and_then(Option::transpose).transpose().map(|it| it.map(Some))
    }
}

/// `obligations`, `obligations all`, `times to revoke`, `grace closes 3
/// because REASON`; none for any other words.
async fn say(context: &Context, words: &[&str], now: Timestamp) -> Option<Result<String, String>> {
    Some(match words {
        ["obligations"] => list(context, false, now).await,
        ["obligations", "all"] => list(context, true, now).await,
        ["times", "to", "revoke"] => took(context).await,
        [user, "closes", number, "because", reason @ ..] => match number.parse::<i64>() {
            Ok(number) => close(context, user, (number, &reason.join(" ")), now).await,
            Err(error) => Err(error.to_string()),
        },
        _ => return None,
    })
}

/// Numbers, and who it is about, as `lanyard obligations` shows them.
async fn list(context: &Context, all: bool, now: Timestamp) -> Result<String, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let kept = context.store.obligations(true).await.map_err(|error| said(&error))?;
    let people = context.store.identities().await.map_err(|error| said(&error))?;
    let labels: Vec<String> = kept
        .iter()
        .map(|it| {
            let person = people.iter().find(|person| person.id == it.obligation.identity);
            person.map(|it| label(it, &facts_now(it, now))).unwrap_or_default()
        })
        .collect();
    let listed: Vec<Listed<'_>> = kept
        .iter()
        .zip(&labels)
        .filter(|(it, _)| all || it.obligation.is_open())
        .map(|(it, who)| Listed { number: it.number, who, obligation: &it.obligation })
        .collect();
    Ok(if listed.is_empty() {
        "nothing is open\n".to_owned()
    } else {
        plain(&rendered(&listed, now))
    })
}

async fn took(context: &Context) -> Result<String, String> {
    let kept = context.store.obligations(true).await.map_err(|error| error.to_string())?;
    Ok(times(&spent(kept.iter().map(|it| &it.obligation))))
}

async fn close(
    context: &Context,
    user: &str,
    said: (i64, &str),
    now: Timestamp,
) -> Result<String, String> {
    let (policy, store) = (context.policy.as_ref(), context.store.as_ref());
    Ok(match reconcile::close_obligation(policy, store, said, (user, now)).await {
        Ok(_) => "closed\n".to_owned(),
        Err(error) => format!("refused: {error}\n"),
    })
}

/// `leaver 1001`, `receipt of 1001`: what became of everything of theirs, as
/// it is now; the signed document down to what only says when it was made.
pub(crate) async fn left(
    context: &Context,
    survey: Result<Survey, String>,
    (who, signed): (&str, bool),
    now: Timestamp,
) -> Result<String, String> {
    let survey = match survey {
        Ok(survey) => survey,
        Err(error) => return Ok(format!("error: {error}\n")),
    };
    let identity = identity(context, who).await?;
    let known = Known {
        policy: &context.policy,
        desired: &survey.desired,
        observed: &survey.observed,
        plan: &survey.stored.plan,
    };
    let by = ("operator", now);
    let store = context.store.as_ref();
    let document = match receipt::gather(&known, store, identity, &context.config, by).await {
        Ok(document) => document,
        Err(error) => return Ok(format!("refused: {error}\n")),
    };
    if !signed {
        return Ok(plain(&receipt::ticks(&document)));
    }
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let key = SigningKey::of_text(key, "a scenario").map_err(|error| said(&error))?;
    let seal = key.seal(PURPOSE, &document).map_err(|error| said(&error))?;
    let signed = Signed { document, seal };
    for format in [Format::Json, Format::Html] {
        let text = receipt::written(&signed, format).map_err(|error| said(&error))?;
        receipt::verify(&text, Some(&key.public())).map_err(|error| said(&error))?;
    }
    let text = receipt::written(&signed, Format::Text).map_err(|error| said(&error))?;
    receipt::verify(&text, Some(&key.public())).map_err(|error| said(&error))?;
    let shown = text.split("\nWhat was done").next().unwrap_or_default();
    Ok(plain(shown))
}

/// The account of what a target that lies only says that it took away.
pub(crate) fn only_said(write: &Write) -> Option<&ObjectRef> {
    match write {
        Write::Disable(account) | Write::Delete(account) => Some(account),
        Write::Revoke { holder, .. } => Some(holder),
        _ => None,
    }
}

/// What somebody still has to lose.
pub(crate) async fn of(store: &dyn Store, who: IdentityId) -> Result<Vec<Obligation>, String> {
    let kept = store.obligations(false).await.map_err(|error| error.to_string())?;
    let open = kept.into_iter().map(|it| it.obligation);
    Ok(open.filter(|it| it.is_open() && it.identity == who).collect())
}
