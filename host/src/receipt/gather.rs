//! What is known of somebody who left, put together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    desired::{Desired, DesiredIdentity, Presence, deleted_from, workflows_delete},
    id::{ConnectorName, Digest, IdentityId},
    obligation::{Closed, ClosedBy, Loss, Obligation, Shows, shows},
    observed::{Link, Observed},
    operation::{Change, Operation},
    plan::{Note, NoteKind, Plan},
    policy::Policy,
    value::ObjectRef,
};

use super::{AccountPart, Document, Head, Item, Row, Stands};
use crate::store::{
    AuditFilter, AuditRow, KeptObligation, RunRecord, Store, StoreError, Unsettled,
};

/// What is known, and what the file wants of it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub policy: &'a Policy,
    pub desired: &'a Desired,
    pub observed: &'a Observed,
    /// What is to be done by what is recorded.
    pub plan: &'a Plan,
}

/// Why there is nothing to say.
#[derive(Debug, thiserror::Error)]
pub enum NotLeft {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("nothing is known of {0}")]
    Unknown(IdentityId),
    #[error("nobody can tell whether {who} has left: {why}")]
    Held { who: String, why: String },
    #[error("{who} has not left: they are {state}")]
    Stays { who: String, state: &'static str },
}

/// What the audit says that takes access away, and what follows from it.
const ACTIONS: [&str; 7] =
    ["disable", "delete", "revoke", "end-sessions", "revoke-credentials", "obligation", "eject"];

/// From what is stored: no system is called.
///
/// # Errors
/// When they have not left, or the store fails.
pub async fn gather(
    known: &Known<'_>,
    store: &dyn Store,
    identity: IdentityId,
    config: &Digest,
    (by, now): (&str, Timestamp),
) -> Result<Document, NotLeft> {
    let person = known.desired.identities.get(&identity).ok_or(NotLeft::Unknown(identity))?;
    let who = person.label.clone();
    if let Some(why) = person.holds.first() {
        return Err(NotLeft::Held { who, why: why.clone() });
    }
    let state = person.state.state;
    if !state.is_over() {
        return Err(NotLeft::Stays { who, state: state.word() });
    }
    let kept = store.obligations(true).await?;
    let mut accounts = accounts(known, (identity, person), &kept, now);
    accounts.extend(in_doubt(&store.unsettled(None).await?, identity));
    accounts.extend(not_ours(known.plan, identity));
    let stands = accounts.iter().flat_map(|it| &it.items).map(|item| item.stands);
    let filter = AuditFilter { identity: Some(identity), ..AuditFilter::default() };
    let runs = store.runs().await?;
    let rows = store.audit(&filter).await?;
    let rows = rows.iter().filter(|it| ACTIONS.contains(&it.entry.action.as_str()));
    let last = store.audit(&AuditFilter { last: Some(1), ..AuditFilter::default() }).await?;
    let head = |row: &AuditRow| Head { rows: row.sequence, digest: row.chain.clone() };
    Ok(Document {
        version: 1,
        trying_out: false,
        open: stands.filter(|it| *it == Stands::Open).count(),
        made: now,
        by: by.to_owned(),
        program: format!("lanyard {}", env!("CARGO_PKG_VERSION")),
        config: config.clone(),
        identity,
        who,
        state: state.word().to_owned(),
        since: person.state.since,
        rows: rows.map(|row| of_audit(row, &runs)).collect(),
        accounts,
        audit: last.last().map(head),
    })
}

type Key<'a> = (&'a ConnectorName, &'a ObjectRef);

fn accounts(
    known: &Known<'_>,
    (identity, person): (IdentityId, &DesiredIdentity),
    kept: &[KeptObligation],
    now: Timestamp,
) -> Vec<AccountPart> {
    let mut latest: BTreeMap<Key<'_>, BTreeMap<&Loss, &Obligation>> = BTreeMap::new();
    let theirs = kept.iter().map(|it| &it.obligation).filter(|it| it.identity == identity);
    for it in theirs {
        let here = latest.entry((&it.place.target, &it.place.account)).or_default();
        here.insert(&it.place.loss, it);
    }
    let links = known.observed.links.iter().filter(|link| link.identity == identity);
    let links: BTreeMap<Key<'_>, &Link> =
        links.map(|link| ((&link.target, &link.account), link)).collect();
    let keys: BTreeSet<Key<'_>> = latest.keys().chain(links.keys()).copied().collect();
    let mut parts = Vec::new();
    for key in keys {
        let mut owed = latest.remove(&key).unwrap_or_default();
        let link = links.get(&key).copied();
        owed.retain(|_, it| !is_former(known, person, link, it));
        let mut items: Vec<Item> = owed.values().filter_map(|it| item(it)).collect();
        if let Some(link) = link {
            let has = |loss: &Loss| {
                let owed = owed.get(loss).copied();
                owed.is_some_and(|it| !is_over(it))
            };
            if !has(&Loss::Disabled) {
                items.insert(0, disabled(known, link));
            }
            if !has(&Loss::Deleted) {
                items.push(deleted(known, person, link, now));
            }
        }
        let (target, account) = key;
        parts.push(AccountPart {
            target: target.clone(),
            key: account.uid.clone(),
            login: login(known, key, &owed),
            items,
        });
    }
    parts
}

/// Whether it was closed for an earlier departure, or is not so any more: then
/// nothing follows from it.
fn is_former(
    known: &Known<'_>,
    person: &DesiredIdentity,
    link: Option<&Link>,
    it: &Obligation,
) -> bool {
    let (Some(Closed { at, .. }), Some(link)) = (&it.closed, link) else { return false };
    if !link.is_open() || link.gone {
        return false;
    }
    let there = known.observed.targets.get(&it.place.target).filter(|there| there.read_at > *at);
    let again = there.is_some_and(|there| shows(&it.place, there) == Shows::Still);
    again || person.state.since.is_some_and(|since| *at < since)
}

/// What was sent for them, and nobody knows what came of it.
fn in_doubt(unsettled: &[Unsettled], identity: IdentityId) -> impl Iterator<Item = AccountPart> {
    let theirs = unsettled.iter().filter(move |it| it.operation.identity == identity);
    theirs.map(|Unsettled { operation, sent_at, .. }| {
        let Operation { target, change, .. } = operation;
        let account = change.account();
        let login = match change {
            Change::Create { name, .. } => name.clone(),
            _ => account.map(|it| it.uid.clone()).unwrap_or_default(),
        };
        let item = Item {
            what: format!("{} in doubt", change.kind().word()),
            stands: Stands::Open,
            since: Some(*sent_at),
            at: None,
            how: "nobody knows what came of it; the next run looks".to_owned(),
        };
        AccountPart {
            target: target.clone(),
            key: account.map(|it| it.uid.clone()).unwrap_or_default(),
            login,
            items: vec![item],
        }
    })
}

/// Accounts that may be theirs and are not ours: nobody takes anything there.
fn not_ours(plan: &Plan, identity: IdentityId) -> impl Iterator<Item = AccountPart> {
    let theirs = move |it: &&Note| {
        it.open && it.kind == NoteKind::Unmanaged && it.identity == Some(identity)
    };
    plan.notes.iter().filter(theirs).filter_map(|note| {
        let item = Item {
            what: "an account that is not ours".to_owned(),
            stands: Stands::Open,
            since: None,
            at: None,
            how: note.text.clone(),
        };
        let (key, login) = (String::new(), "not ours".to_owned());
        Some(AccountPart { target: note.target.clone()?, key, login, items: vec![item] })
    })
}

fn login(
    known: &Known<'_>,
    (target, account): Key<'_>,
    owed: &BTreeMap<&Loss, &Obligation>,
) -> String {
    let there = known.observed.targets.get(target);
    let read = there.and_then(|it| it.accounts.iter().find(|it| it.reference == *account));
    let read = read.map(|it| it.name.clone());
    let before = owed.values().next().map(|it| it.name.clone());
    read.or(before).unwrap_or_else(|| account.uid.clone())
}

fn is_over(it: &Obligation) -> bool {
    it.closed.as_ref().is_some_and(|closed| matches!(closed.by, ClosedBy::Over { .. }))
}

/// None: it was due no more, and says nothing of what is.
fn item(it: &Obligation) -> Option<Item> {
    let (stands, at, how) = match &it.closed {
        Some(_) if is_over(it) => return None,
        Some(closed) => (Stands::Done, Some(closed.at), closed.by.to_string()),
        None => {
            let why = it.why.as_ref().or(it.last_error.as_ref()).cloned();
            (Stands::Open, None, why.unwrap_or_else(|| "the next run does it".to_owned()))
        }
    };
    Some(Item { what: it.what(), stands, since: Some(it.since), at, how })
}

/// An account that was closed before anybody had to.
fn disabled(known: &Known<'_>, link: &Link) -> Item {
    let (stands, how) = if link.gone {
        (Stands::Done, "the account is not there any more")
    } else if known.policy.retired_targets.contains(&link.target) {
        (Stands::Later, "the file says that the target is retired: others answer for it")
    } else if link.is_open() {
        (Stands::Open, "no run has looked at it since")
    } else {
        (Stands::Done, "it was disabled when they left")
    };
    let at = link.disabled_since.filter(|_| stands == Stands::Done);
    Item { what: "disable".to_owned(), stands, since: None, at, how: how.to_owned() }
}

fn deleted(known: &Known<'_>, person: &DesiredIdentity, link: &Link, now: Timestamp) -> Item {
    let item = |stands, how: String| Item {
        what: "delete".to_owned(),
        stands,
        since: None,
        at: None,
        how,
    };
    if link.gone {
        return item(Stands::Done, "the account is not there any more".to_owned());
    }
    let presence = person.accounts.get(&link.target).map(|it| &it.presence);
    let due_now = matches!(presence, Some(Presence::Deleted { due }) if *due <= now);
    let from = deleted_from(known.policy, &[link], person.state.since, now);
    let how = match (person.legal_holds.first(), from) {
        (Some(hold), _) => format!("kept by the legal hold `{hold}`"),
        (None, _) if due_now => {
            return item(Stands::Open, "no run has looked at it since".to_owned());
        }
        (None, _) if !known.policy.targets.contains_key(&link.target) => {
            "the target is not in the file any more".to_owned()
        }
        (None, _) if workflows_delete(known.policy) => "when a workflow says so".to_owned(),
        (None, Some(from)) => format!("due from {from:.0}"),
        (None, None) if known.policy.leaver.delete_after.is_none() => {
            "the file has accounts stay".to_owned()
        }
        (None, None) => "due some time after it is disabled".to_owned(),
    };
    item(Stands::Later, how)
}

fn of_audit(row: &AuditRow, runs: &[RunRecord]) -> Row {
    let AuditRow { sequence, entry, chain, .. } = row;
    let detail = |name: &str| entry.detail.get(name).cloned();
    let run = detail("run");
    let of_run = |run: &String| runs.iter().find(|it| it.id.0.to_string() == *run);
    let target = entry.target.as_ref().map(ToString::to_string);
    let account = entry.account.as_ref().map(|it| it.uid.clone());
    let what = [Some(entry.action.clone()), detail("loss"), target, account, detail("entitlement")];
    let what: Vec<String> = what.into_iter().flatten().collect();
    let verified = entry.verification.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
    Row {
        number: *sequence,
        at: entry.at,
        what: format!("{}: {}{verified}", what.join(" "), entry.result),
        by: entry.actor.clone(),
        plan: run.as_ref().and_then(of_run).map(|it| it.plan.to_string()),
        run,
        operation: detail("operation"),
        plugin: detail("plugin"),
        permission: detail("permission"),
        chain: chain.clone(),
    }
}
