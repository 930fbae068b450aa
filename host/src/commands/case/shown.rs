//! Cases as people and programs read them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    case::{About, CaseDecision, KeptCase, Whose, accounts::AccountCase},
    forgetting::StillErased,
    id::IdentityId,
    identity::{facts_now, key, label},
};
use serde_json::{Value, json};

use super::{super::output::Output, Found};
use crate::{
    errors::AppError,
    reconcile::{Cases, DecidedAccount},
    store::Store,
};

/// How people call those who are known.
pub(super) struct People(BTreeMap<IdentityId, String>);

impl People {
    pub(super) async fn of(store: &dyn Store, now: Timestamp) -> Result<Self, AppError> {
        let known = store.identities().await?;
        let called = known.iter().map(|it| {
            let id = it.id.to_string();
            let short = id.get(..8).unwrap_or(&id).to_owned();
            (it.id, format!("{} ({short}, {})", label(it, &facts_now(it, now)), key(it)))
        });
        let mut called: BTreeMap<IdentityId, String> = called.collect();
        for (other, keep) in store.kept().await?.merged {
            called.extend(called.get(&keep).cloned().map(|keep| (other, keep)));
        }
        for (id, left) in store.forgotten().await?.people {
            let (short, at) = (id.to_string(), left.at);
            let short = short.get(..8).unwrap_or(&short);
            called.insert(id, format!("somebody who was erased on {at:.0} ({short})"));
        }
        Ok(Self(called))
    }

    fn called(&self, id: IdentityId) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

pub(super) fn list(
    cases: &Cases,
    people: &People,
    (all, as_json): (bool, bool),
    output: &mut Output,
) -> Result<(), AppError> {
    let records = cases.records.iter().filter(|it| it.waits() || all).map(Found::Record);
    let accounts = cases.accounts.iter().map(Found::Account);
    let decided = cases.decided.iter().filter(|_| all).map(Found::Decided);
    let still = cases.still.iter().filter(|_| all).map(|(id, it)| Found::Still(id, it));
    let found: Vec<Found<'_>> = records.chain(accounts).chain(decided).chain(still).collect();
    if as_json {
        let values: Vec<Value> = found.iter().map(value).collect();
        return output.json(&values);
    }
    for found in &found {
        output.line(&format!("{}  {}", id(found), sentence(found, people)))?;
    }
    Ok(())
}

pub(super) fn one(
    found: &Found<'_>,
    people: &People,
    as_json: bool,
    output: &mut Output,
) -> Result<(), AppError> {
    if as_json {
        return output.json(&value(found));
    }
    output.line(&format!("{}  {}", id(found), sentence(found, people)))?;
    match found {
        Found::Record(KeptCase { case, opened, decision, .. }) => {
            output.line(&format!("  because {}; open since {opened:.0}", case.because))?;
            for candidate in &case.candidates {
                let same = same(&candidate.matched);
                output.line(&format!("  {}{same}", people.called(candidate.identity)))?;
            }
            if let Some(CaseDecision { reason: Some(reason), .. }) = decision {
                output.line(&format!("  reason: {reason}"))?;
            }
        }
        Found::Account(AccountCase { accounts, .. }) => {
            for it in accounts {
                output
                    .line(&format!("  `{}` ({}): same {}", it.account.uid, it.name, it.matched))?;
            }
        }
        Found::Decided(_) | Found::Still(..) => {}
    }
    Ok(())
}

fn id<'a>(found: &'a Found<'_>) -> &'a str {
    match found {
        Found::Record(kept) => &kept.case.id,
        Found::Account(case) => &case.id,
        Found::Decided(decided) => &decided.id,
        Found::Still(id, _) => id,
    }
}

fn sentence(found: &Found<'_>, people: &People) -> String {
    match found {
        Found::Record(KeptCase { case, decision, .. }) => {
            let about = format!("{}, {}", case.about.named(), case.label);
            let Some(CaseDecision { whose, by, at, .. }) = decision else {
                let may: Vec<String> =
                    case.candidates.iter().map(|it| people.called(it.identity)).collect();
                return format!("{about}: may be {}", may.join(" or "));
            };
            let whose = match whose {
                Whose::Identity(id) => format!("is {}", people.called(*id)),
                Whose::New => "is somebody new".to_owned(),
            };
            let doubt = if case.contradicted { "; what is sure says otherwise" } else { "" };
            format!("{about}: {whose}, said by {by} on {at:.0}{doubt}")
        }
        Found::Account(AccountCase { identity, target, accounts, .. }) => {
            let may: Vec<String> = accounts.iter().map(|it| format!("`{}`", it.name)).collect();
            format!(
                "account of {} at {target}: may be {}",
                people.called(*identity),
                may.join(" or ")
            )
        }
        Found::Still(_, StillErased { identity, source, by, at }) => {
            let who = people.called(*identity);
            format!("record of `{source}`: is still that of {who}, said by {by} on {at:.0}")
        }
        Found::Decided(DecidedAccount { identity, target, adopted, declined, said, .. }) => {
            let adopted = adopted.iter().map(|it| format!("is `{}`", it.uid));
            let declined = declined.iter().map(|it| format!("is not `{}`", it.uid));
            let what: Vec<String> = adopted.chain(declined).collect();
            let said = said.as_ref().map(|(by, at)| format!(", said by {by} on {at:.0}"));
            format!(
                "account of {} at {target}: {}{}",
                people.called(*identity),
                what.join(", "),
                said.unwrap_or_default()
            )
        }
    }
}

fn same(matched: &[String]) -> String {
    if matched.is_empty() { String::new() } else { format!(": same {}", matched.join(", ")) }
}

fn value(found: &Found<'_>) -> Value {
    match found {
        Found::Record(KeptCase { case, opened, open, decision }) => {
            let About::Record(record) = &case.about;
            json!({
                "id": case.id,
                "about": "record",
                "source": record.source,
                "key": record.key,
                "label": case.label,
                "candidates": case.candidates,
                "because": case.because,
                "contradicted": case.contradicted,
                "opened": opened,
                "open": open,
                "decision": decision,
            })
        }
        Found::Account(AccountCase { id, identity, target, accounts }) => json!({
            "id": id,
            "about": "account",
            "identity": identity,
            "target": target,
            "candidates": accounts,
            "open": true,
        }),
        Found::Still(id, StillErased { identity, source, by, at }) => json!({
            "id": id,
            "about": "erased",
            "identity": identity,
            "source": source,
            "open": false,
            "by": by,
            "at": at,
        }),
        Found::Decided(DecidedAccount { id, identity, target, adopted, declined, said }) => {
            let (by, at) = said.clone().unzip();
            json!({
                "id": id,
                "about": "account",
                "identity": identity,
                "target": target,
                "open": false,
                "adopted": adopted,
                "declined": declined,
                "by": by,
                "at": at,
            })
        }
    }
}
