//! Cases in a scenario: who may be who, and what people say of it.

use std::fmt::Write as _;

use jiff::Timestamp;
use lanyard::reconcile::{self, CaseError, Cases, Context, DecidedAccount, Decider, UnionError};
use lanyard_core::{
    case::{About, CaseDecision, KeptCase, Whose, accounts::AccountCase},
    fact::{Identity, RecordKey},
    forgetting::{Forgotten, StillErased},
    id::IdentityId,
    identity::{facts_now, key, label},
    union::Said,
};

use crate::answers::chain;

/// Everybody who is known.
struct People(Vec<Identity>, Timestamp, Forgotten);

impl People {
    fn called(&self, id: IdentityId) -> String {
        if self.2.people.contains_key(&id) {
            return "still whoever was erased".to_owned();
        }
        let found = self.0.iter().find(|it| it.id == id);
        let called = |it| format!("{} ({})", label(it, &facts_now(it, self.1)), key(it));
        found.map_or_else(|| "somebody new as well".to_owned(), called)
    }

    fn whole(&self, key: &str) -> Result<&Identity, String> {
        let found = self.0.iter().find(|it| it.records.iter().any(|record| record.key == key));
        found.ok_or_else(|| format!("nobody has the key `{key}`"))
    }

    fn with_key(&self, key: &str) -> Result<IdentityId, String> {
        self.whole(key).map(|it| it.id)
    }
}

async fn known(context: &Context, now: Timestamp) -> Result<(Cases, People), String> {
    let cases = reconcile::cases(&context.policy, context.store.as_ref(), now).await;
    let people = context.store.identities().await.map_err(|error| error.to_string())?;
    let forgotten = context.store.forgotten().await.map_err(|error| error.to_string())?;
    Ok((cases.map_err(|error| error.to_string())?, People(people, now, forgotten)))
}

/// Open ones first, and those that were decided.
pub(crate) async fn list(context: &Context, now: Timestamp) -> Result<String, String> {
    let (cases, people) = known(context, now).await?;
    let mut text = String::new();
    for KeptCase { case, decision, .. } in cases.records.iter().filter(|it| it.waits()) {
        let may: Vec<String> = case
            .candidates
            .iter()
            .map(|it| {
                let same = it.matched.join(", ");
                let same = if same.is_empty() { same } else { format!(": same {same}") };
                format!("{}{same}", people.called(it.identity))
            })
            .collect();
        let told = if decision.is_some() { "decided, and contradicted; " } else { "" };
        let (about, who) = (case.about.named(), &case.label);
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{about}, {who}: {told}may be {}", may.join("; or "));
    }
    for AccountCase { identity, target, accounts, .. } in &cases.accounts {
        let who = people.called(*identity);
        let may: Vec<String> =
            accounts.iter().map(|it| format!("`{}`: same {}", it.name, it.matched)).collect();
        let _infallible =
            writeln!(text, "account of {who} at {target}: may be {}", may.join("; or "));
    }
    for KeptCase { case, decision, .. } in cases.records.iter().filter(|it| !it.waits()) {
        let Some(CaseDecision { whose, by, .. }) = decision else { continue };
        let whose = match whose {
            Whose::Identity(id) => people.called(*id),
            Whose::New => "somebody new".to_owned(),
        };
        let about = case.about.named();
        let _infallible = writeln!(text, "{about}: is {whose}, says {by}");
    }
    for StillErased { source, by, .. } in cases.still.values() {
        let _infallible =
            writeln!(text, "a record of `{source}`: is still whoever was erased, says {by}");
    }
    for DecidedAccount { identity, target, adopted, declined, said, .. } in &cases.decided {
        let who = people.called(*identity);
        let is = adopted.iter().map(|it| format!("is {}", it.uid));
        let is_not = declined.iter().map(|it| format!("is not {}", it.uid));
        let what: Vec<String> = is.chain(is_not).collect();
        let by = said.as_ref().map_or("nobody", |(by, _)| by.as_str());
        let _infallible =
            writeln!(text, "account of {who} at {target}: {}, says {by}", what.join(", "));
    }
    Ok(if text.is_empty() { "none\n".to_owned() } else { text })
}

/// `x2 of travel is 1001`, `x2 of travel is new`, `account of 1001 at crm is
/// ada`, `account of 1001 at crm is none`; without `is …` to reopen.
pub(crate) async fn say(
    context: &Context,
    decides: bool,
    words: &[&str],
    now: Timestamp,
) -> Result<String, String> {
    let (cases, people) = known(context, now).await?;
    let store = context.store.as_ref();
    let reason = Some("asked around");
    let by = Decider { actor: &context.actor, now, reason };
    let (about, answer) = match words {
        [about @ .., "is", answer] => (about, Some(*answer)),
        about => (about, None),
    };
    if decides != answer.is_some() {
        return Err("say what is decided, with `is …`".to_owned());
    }
    let said: Result<(), CaseError> = match about {
        ["account", "of", who, "at", target] => {
            let who = people.with_key(who)?;
            let here = |id: IdentityId, at: &str| id == who && at == *target;
            if let Some(answer) = answer {
                let mut open = cases.accounts.iter();
                let case = open.find(|it| here(it.identity, it.target.as_str()));
                let case = case.ok_or("there is no such case")?;
                let chosen = case.accounts.iter().find(|it| it.name == answer);
                if chosen.is_none() && answer != "none" {
                    return Err(format!("`{answer}` is not suggested"));
                }
                reconcile::decide_account(store, case, chosen, by).await
            } else {
                let mut answered = cases.decided.iter();
                let found = answered.find(|it| here(it.identity, it.target.as_str()));
                let found = found.ok_or("nothing was decided there")?;
                reconcile::reopen_account(store, found, by).await
            }
        }
        [key, "of", source] => {
            let is = |kept: &&KeptCase| {
                let About::Record(record) = &kept.case.about;
                record.key == *key && record.source.as_str() == *source
            };
            let kept = cases.records.iter().find(is).ok_or("there is no such case")?;
            match answer {
                Some("erased") => {
                    let said = reconcile::decide_still_erased(store, kept, by).await;
                    store.sweep().await.map_err(|error| error.to_string())?;
                    said
                }
                Some("new") => reconcile::decide_record(store, kept, Whose::New, by).await,
                Some(who) => {
                    let whose = Whose::Identity(people.with_key(who)?);
                    reconcile::decide_record(store, kept, whose, by).await
                }
                None => reconcile::reopen_record(store, kept, by).await,
            }
        }
        other => return Err(format!("`{}` is no case", other.join(" "))),
    };
    Ok(match said {
        Ok(()) => "done\n".to_owned(),
        Err(error) => format!("refused: {}\n", chain(&error)),
    })
}

/// `merge 1 and x1`: they are one person, and the first one stays.
pub(crate) async fn merge(
    context: &Context,
    (keep, other): (&str, &str),
    now: Timestamp,
) -> Result<String, String> {
    let (_, people) = known(context, now).await?;
    let (keep, other) = (people.whole(keep)?, people.whole(other)?);
    let said = Said { by: context.actor.clone(), at: now, reason: "asked around".to_owned() };
    let done = reconcile::merge_identities(context.store.as_ref(), keep, other, said).await;
    Ok(told(done.map(|()| None), &people))
}

/// `split x1 of travel from 1`.
pub(crate) async fn split(
    context: &Context,
    who: &str,
    (key, source): (&str, &str),
    now: Timestamp,
) -> Result<String, String> {
    let (_, people) = known(context, now).await?;
    let source = source.parse().map_err(|error| format!("`{source}`: {error}"))?;
    let record = RecordKey { source, key: key.to_owned() };
    let said = Said { by: context.actor.clone(), at: now, reason: "asked around".to_owned() };
    let store = context.store.as_ref();
    let done = reconcile::split_identity(store, people.whole(who)?, &record, said).await;
    Ok(told(done.map(Some), &people))
}

fn told(done: Result<Option<IdentityId>, UnionError>, people: &People) -> String {
    let Err(error) = done else { return "done\n".to_owned() };
    let mut text = format!("refused: {}\n", chain(&error));
    for person in &people.0 {
        text = text.replace(&person.id.to_string(), &people.called(person.id));
    }
    text
}
