//! `lanyard case list`, `show`, `decide` and `reopen`.

mod shown;

use std::path::Path;

use jiff::Timestamp;
use lanyard_core::{
    case::{KeptCase, Whose, accounts::AccountCase},
    forgetting::StillErased,
    policy::Policy,
};

use self::shown::People;
use super::{
    apply::UNSWEPT,
    named,
    output::Output,
    session::{self, Use},
};
use crate::{
    args::CaseVerb,
    errors::{AppError, Exit},
    reconcile::{self, CaseError, Cases, DecidedAccount, Decider},
    store::Store,
    telemetry,
};

/// Fewer characters of an id are a slip, not a reference.
const SHORTEST: usize = 4;

/// One case.
enum Found<'a> {
    Record(&'a KeptCase),
    Account(&'a AccountCase),
    Decided(&'a DecidedAccount),
    /// Of a record that is still that of somebody who was erased.
    Still(&'a str, &'a StillErased),
}

pub(super) async fn case(
    file: &Path,
    verb: CaseVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let mut config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    match verb {
        CaseVerb::List { all, json } => {
            let store = session::open_store(&config).await?;
            let cases = known(&mut config.policy, &store, now).await?;
            let people = People::of(&store, now).await?;
            shown::list(&cases, &people, (all, json), output)?;
        }
        CaseVerb::Show { id, json } => {
            let store = session::open_store(&config).await?;
            let cases = known(&mut config.policy, &store, now).await?;
            let people = People::of(&store, now).await?;
            shown::one(&find(&cases, &id)?, &people, json, output)?;
        }
        CaseVerb::Decide { id, erased: true, reason, .. } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let cases = known(&mut config.policy, &store, now).await?;
            let actor = session::actor();
            let by = Decider { actor: &actor, now, reason: reason.as_deref() };
            let said = still_erased(&store, &find(&cases, &id)?, by).await?;
            output.line(&said)?;
            if !store.sweep().await? {
                output.error(&format!("note: {UNSWEPT}\n"));
                return Ok(Exit::Failed);
            }
        }
        CaseVerb::Decide { id, link, none, reason, .. } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let cases = known(&mut config.policy, &store, now).await?;
            let actor = session::actor();
            let by = Decider { actor: &actor, now, reason: reason.as_deref() };
            let said = decide(&store, &find(&cases, &id)?, (link.as_deref(), none), by).await?;
            output.line(&said)?;
        }
        CaseVerb::Reopen { id } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let cases = known(&mut config.policy, &store, now).await?;
            let actor = session::actor();
            let by = Decider { actor: &actor, now, reason: None };
            reopen(&store, &find(&cases, &id)?, by).await?;
            output.line("open again; the next plan asks anew")?;
        }
    }
    Ok(Exit::Ok)
}

async fn known(policy: &mut Policy, store: &dyn Store, now: Timestamp) -> Result<Cases, AppError> {
    policy.keep_versions(&store.definitions().await?);
    Ok(reconcile::cases(policy, store, now).await?)
}

/// What a person says, and what became of it in a sentence.
async fn decide(
    store: &dyn Store,
    found: &Found<'_>,
    (link, none): (Option<&str>, bool),
    by: Decider<'_>,
) -> Result<String, AppError> {
    match (found, link) {
        (Found::Record(_), None) if none => Err(usage("it is about a record")
            .hint("`--link WHO` says whose it is, `--new` that it is somebody new")),
        (Found::Record(kept), link) => {
            let (whose, said) = match link {
                Some(who) => {
                    let identity = named::identity(store, who, by.now).await?.id;
                    (Whose::Identity(identity), format!("belongs to {identity}"))
                }
                None => (Whose::New, "is somebody new".to_owned()),
            };
            reconcile::decide_record(store, kept, whose, by).await.map_err(told)?;
            Ok(format!("{} {said}, from the next plan on", kept.case.about.named()))
        }
        (Found::Account(case), Some(account)) => {
            let chosen = case
                .accounts
                .iter()
                .find(|it| it.account.uid == account || it.name == account)
                .ok_or_else(|| unknown_account(case, account))?;
            reconcile::decide_account(store, case, Some(chosen), by).await.map_err(told)?;
            let (name, target, identity) = (&chosen.name, &case.target, case.identity);
            Ok(format!("`{name}` at {target} now belongs to {identity}"))
        }
        (Found::Account(_), None) if !none => {
            Err(usage("it is about an account of somebody who is known")
                .hint("`--link ACCOUNT` says which one is theirs, `--none` that none of them is"))
        }
        (Found::Account(case), None) => {
            reconcile::decide_account(store, case, None, by).await.map_err(told)?;
            let (target, identity) = (&case.target, case.identity);
            Ok(format!("none of these accounts at {target} is suggested for {identity} any more"))
        }
        (Found::Decided(decided), _) => Err(decided_already(&decided.id)),
        (Found::Still(id, _), _) => Err(decided_already(id)),
    }
}

/// A record is still that of somebody who was erased.
async fn still_erased(
    store: &dyn Store,
    found: &Found<'_>,
    by: Decider<'_>,
) -> Result<String, AppError> {
    match found {
        Found::Record(kept) => {
            reconcile::decide_still_erased(store, kept, by).await.map_err(told)?;
            Ok("it is as before: nothing of the record is taken in, and its key is not kept"
                .to_owned())
        }
        Found::Account(_) => Err(usage("it is about an account")
            .hint("`--link ACCOUNT` says which one is theirs, `--none` that none of them is")),
        Found::Decided(decided) => Err(decided_already(&decided.id)),
        Found::Still(id, _) => Err(decided_already(id)),
    }
}

async fn reopen(store: &dyn Store, found: &Found<'_>, by: Decider<'_>) -> Result<(), AppError> {
    match found {
        Found::Record(kept) => reconcile::reopen_record(store, kept, by).await.map_err(told),
        Found::Decided(decided) => {
            reconcile::reopen_account(store, decided, by).await.map_err(told)
        }
        Found::Still(id, still) => {
            reconcile::reopen_still_erased(store, (id, still), by).await.map_err(told)
        }
        Found::Account(case) => Err(usage(format!("the case `{}` is open", case.id))),
    }
}

/// By its id, or by the beginning of it when that is one alone.
fn find<'a>(cases: &'a Cases, wanted: &str) -> Result<Found<'a>, AppError> {
    let is = |id: &str| id == wanted || (wanted.len() >= SHORTEST && id.starts_with(wanted));
    let records = cases.records.iter().filter(|it| is(&it.case.id)).map(Found::Record);
    let accounts = cases.accounts.iter().filter(|it| is(&it.id)).map(Found::Account);
    // Of somebody with an answer, other accounts may be open.
    let open = |id: &str| cases.accounts.iter().any(|case| case.id == id);
    let decided = cases.decided.iter().filter(|it| is(&it.id) && !open(&it.id));
    let still = cases.still.iter().filter(|(id, _)| is(id)).map(|(id, it)| Found::Still(id, it));
    let mut found = records.chain(accounts).chain(decided.map(Found::Decided)).chain(still);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(usage(format!("there is no case `{wanted}`"))
            .hint("`lanyard case list` shows those that are open, `--all` the others too")),
        (Some(_), Some(_)) => {
            Err(usage(format!("`{wanted}` could be several cases")).hint("give more of it"))
        }
    }
}

fn unknown_account(case: &AccountCase, wanted: &str) -> AppError {
    let names: Vec<String> =
        case.accounts.iter().map(|it| format!("`{}` ({})", it.account.uid, it.name)).collect();
    usage(format!("the case is not about an account `{wanted}`"))
        .hint(format!("it is about {}", names.join(", ")))
        .hint("`lanyard account adopt` says so of any other account")
}

fn decided_already(id: &str) -> AppError {
    usage(format!("the case `{id}` is decided"))
        .hint(format!("`lanyard case reopen {id}` takes that back"))
}

fn told(error: CaseError) -> AppError {
    match error {
        CaseError::Store(error) => error.into(),
        CaseError::Decided { ref id, .. } => {
            let hint = format!("`lanyard case reopen {id}` takes that back");
            AppError::new(Exit::Usage, error).hint(hint)
        }
        CaseError::NotErased(_) => AppError::new(Exit::Usage, error)
            .hint("`--link WHO` says whose it is, `--new` that it is somebody new"),
        CaseError::Closed(_) => AppError::new(Exit::Usage, error).hint("there is nothing to do"),
        CaseError::Reopen { .. } => AppError::new(Exit::Usage, error)
            .hint("`lanyard identity merge` and `identity split` change who is whom later on"),
    }
}

fn usage(text: impl Into<String>) -> AppError {
    AppError::new(Exit::Usage, text.into())
}
