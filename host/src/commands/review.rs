//! `lanyard review list`, `show` and `decide`.

use std::path::Path;

use jiff::Timestamp;
use lanyard_core::{
    id::{IdentityId, ReviewName},
    review::{Holdings, Item, Review},
};

use super::{
    named,
    output::{Output, counted},
    session::{self, Use},
    sheet,
};
use crate::{
    args::ReviewVerb,
    errors::{AppError, Exit},
    reconcile::{self, LastKnown, ReviewAnswer, Reviewed},
    store::Store as _,
    telemetry,
};

pub(super) async fn review(
    file: &Path,
    verb: ReviewVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    match verb {
        ReviewVerb::List => {
            let store = session::open_store(&config).await?;
            for review in store.kept().await?.reviews.iter().rev() {
                output.line(&line(review))?;
            }
        }
        ReviewVerb::Show { name, all, csv } => {
            let store = session::open_store(&config).await?;
            let known = reconcile::last_known(config.policy, &store, now).await?;
            show(&known, (&name, all, csv), now, output)?;
        }
        ReviewVerb::Decide { items, all_of, keep: _, revoke, reason } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let all_of = match all_of {
                Some(who) => Some(named::identity(&store, &who, now).await?.id),
                None => None,
            };
            let by = session::actor();
            let answer = ReviewAnswer { items: &items, all_of, revoke, reason: &reason };
            let policy = &config.policy;
            let said = reconcile::decide_review(&store, policy, answer, (&by, now)).await?;
            for Reviewed { item, gone } in &said {
                let what = match (revoke, gone) {
                    (true, _) => "revoked; the next plan takes it away",
                    (false, true) => {
                        "kept; it is gone by now and nothing gives it any more, so that it has to \
                         be asked for anew"
                    }
                    (false, false) => "kept",
                };
                output.line(&format!("{item}: {what}"))?;
            }
            if said.is_empty() {
                output.line("nothing is asked of you about them")?;
            }
        }
        ReviewVerb::Cancel { name, reason } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let by = session::actor();
            let none = || not_opened(&name);
            let called = ReviewName::new(&name).map_err(|_wrong| none())?;
            let cancelled = reconcile::cancel_review(&store, &called, (&by, &reason), now).await?;
            let cancelled = cancelled.ok_or_else(none)?;
            for (ordinal, (closed, back)) in &cancelled {
                let (closed, back) =
                    (counted(*closed, "grant", "grants"), counted(*back, "grant", "grants"));
                output.line(&format!(
                    "{name} {ordinal}: nobody is asked about {closed} any more, and silence takes \
                     {back} no longer"
                ))?;
            }
            if cancelled.is_empty() {
                output.line("nobody is asked anything in it, and silence took nothing")?;
            }
        }
    }
    Ok(Exit::Ok)
}

fn not_opened(name: &str) -> AppError {
    let text = format!("no review `{name}` was opened");
    AppError::new(Exit::Usage, text).hint("`lanyard review list` shows all")
}

fn line(review: &Review) -> String {
    let Review { name, ordinal, opened, items, .. } = review;
    let count = |revoke: Option<bool>| {
        let said = |it: &&Item| it.decision.as_ref().map(|decision| decision.revoke) == revoke;
        items.iter().filter(said).count()
    };
    let closed = items.iter().filter(|it| it.decision.is_none() && !it.is_open()).count();
    let text = format!(
        "{name} {ordinal}, opened {opened:.0}: {} kept, {} revoked, {} not answered",
        count(Some(false)),
        count(Some(true)),
        count(None) - closed
    );
    if closed == 0 { text } else { format!("{text}, {closed} not asked any more") }
}

fn show(
    known: &LastKnown,
    (name, all, csv): (&str, bool, bool),
    now: Timestamp,
    output: &mut Output,
) -> Result<(), AppError> {
    let named = known.observed.kept.reviews.iter().rev().filter(|it| it.name.as_str() == name);
    let reviews: Vec<&Review> = named.take(if all { usize::MAX } else { 1 }).collect();
    if reviews.is_empty() {
        return Err(not_opened(name));
    }
    if csv {
        output.text(&sheet::row(COLUMNS))?;
    }
    let holdings = Holdings::of(&known.observed);
    for review in reviews {
        if !csv {
            output.line(&line(review))?;
        }
        for item in &review.items {
            let row = row((known, &holdings), review, item, now);
            if csv {
                output.text(&sheet::row(row.iter().map(String::as_str)))?;
                continue;
            }
            let [_, _, id, person, target, label, given, asked, until, answer, by, at, why, so] =
                &row;
            let said = match (answer.as_str(), asked.as_str()) {
                ("", "") => "nobody could be asked".to_owned(),
                ("", asked) => waiting(item, (asked, until), now),
                ("closed", _) => format!("not asked any more: {why}; {so}"),
                (answer, _) if why.is_empty() => format!("{answer} by {by} at {at}; {so}"),
                (answer, _) => format!("{answer} by {by} at {at} ({why}); {so}"),
            };
            let over = item.decision.as_ref().and_then(|it| it.over);
            let over = over.map_or_else(String::new, |over| {
                format!("; taken no longer since {:.0}: {}", over.at, over.how.text())
            });
            let said = format!("{said}{over}");
            output.line(&format!("  {id}  {person}, {label} at {target} ({given}): {said}"))?;
        }
    }
    Ok(())
}

/// Whose answer is waited for, and since when in vain.
fn waiting(item: &Item, (asked, until): (&str, &str), now: Timestamp) -> String {
    let late = item.asked.as_ref().is_some_and(|asked| asked.expires <= now);
    match (item.told.is_empty(), late) {
        (_, false) => format!("{asked} is asked, until {until}"),
        (true, true) => format!("{asked} is asked, and has not been told so"),
        (false, true) => format!("{asked} was asked until {until}, and did not answer"),
    }
}

const COLUMNS: [&str; 14] = [
    "review",
    "opened",
    "item",
    "person",
    "target",
    "entitlement",
    "given",
    "asked",
    "until",
    "answer",
    "by",
    "at",
    "reason",
    "now",
];

fn row(
    (known, holdings): (&LastKnown, &Holdings),
    review: &Review,
    item: &Item,
    now: Timestamp,
) -> [String; 14] {
    let identity = known.observed.kept.by_now(item.identity);
    let called = |id: &IdentityId| {
        let person = known.desired.identities.get(id);
        person.map_or_else(|| id.to_string(), |person| person.label.clone())
    };
    let asked = item.asked.as_ref();
    let who: Vec<String> =
        asked.map(|asked| asked.waits_for(now).iter().map(called).collect()).unwrap_or_default();
    let decision = item.decision.as_ref();
    let answer = decision.map_or("", |it| if it.revoke { "revoked" } else { "kept" });
    let by = decision.map(|it| it.by.clone().unwrap_or_else(|| "silence".to_owned()));
    let held = holdings.has(identity, &item.key());
    let closed = item.closed.filter(|_| decision.is_none());
    let answer = if closed.is_some() { "closed" } else { answer };
    let why = closed.map(|it| it.why.text().to_owned());
    let why = why.or_else(|| decision.map(|it| it.reason.clone()));
    let at = closed.map(|it| it.at).or_else(|| decision.map(|it| it.at));
    [
        format!("{} {}", review.name, review.ordinal),
        format!("{:.0}", review.opened),
        item.id.clone(),
        called(&identity),
        item.target.to_string(),
        item.label.clone(),
        item.given.clone(),
        who.join(" or "),
        asked.map(|it| format!("{:.0}", it.expires)).unwrap_or_default(),
        answer.to_owned(),
        by.unwrap_or_default(),
        at.map(|at| format!("{at:.0}")).unwrap_or_default(),
        why.unwrap_or_default(),
        if held { "they hold it" } else { "they hold it no longer" }.to_owned(),
    ]
}
