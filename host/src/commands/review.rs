//! `lanyard review list`, `show` and `decide`.

use std::path::Path;

use jiff::Timestamp;
use lanyard_core::{
    id::IdentityId,
    review::{Item, Review},
};

use super::{
    named,
    output::Output,
    session::{self, Use},
    sheet,
};
use crate::{
    args::ReviewVerb,
    errors::{AppError, Exit},
    reconcile::{self, LastKnown, ReviewAnswer},
    store::Store,
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
            let store = session::open_store(&config)?;
            for review in store.kept().await?.reviews.iter().rev() {
                output.line(&line(review))?;
            }
        }
        ReviewVerb::Show { name, all, csv } => {
            let store = session::open_store(&config)?;
            let known = reconcile::last_known(config.policy, &store, now).await?;
            show(&known, (&name, all, csv), now, output)?;
        }
        ReviewVerb::Decide { items, all_of, keep: _, revoke, reason } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let mut items = items;
            if let Some(who) = all_of {
                let who = named::identity(&store, &who, now).await?.id;
                items.extend(open(&store, who).await?);
            }
            let by = (session::actor(), now);
            let answer = ReviewAnswer { revoke, reason: &reason };
            for item in &items {
                let by = (by.0.as_str(), by.1);
                reconcile::decide_review(&store, &config.policy, item, answer, by).await?;
                let what = if revoke { "revoked; the next plan takes it away" } else { "kept" };
                output.line(&format!("{item}: {what}"))?;
            }
            if items.is_empty() {
                output.line("nothing is asked about them")?;
            }
        }
    }
    Ok(Exit::Ok)
}

/// Items about somebody that wait for an answer.
async fn open(store: &dyn Store, who: IdentityId) -> Result<Vec<String>, AppError> {
    let reviews = store.kept().await?.reviews;
    let items = reviews.into_iter().flat_map(|review| review.items);
    let open = items.filter(|it| it.identity == who && it.decision.is_none() && it.asked.is_some());
    Ok(open.map(|item| item.id).collect())
}

fn line(review: &Review) -> String {
    let Review { name, ordinal, opened, items, .. } = review;
    let count = |revoke: Option<bool>| {
        let said = |it: &&Item| it.decision.as_ref().map(|decision| decision.revoke) == revoke;
        items.iter().filter(said).count()
    };
    format!(
        "{name} {ordinal}, opened {opened:.0}: {} kept, {} revoked, {} not answered",
        count(Some(false)),
        count(Some(true)),
        count(None)
    )
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
        let text = format!("no review `{name}` was opened");
        return Err(AppError::new(Exit::Usage, text).hint("`lanyard review list` shows all"));
    }
    if csv {
        output.text(&sheet::row(COLUMNS))?;
    }
    for review in reviews {
        if !csv {
            output.line(&line(review))?;
        }
        for item in &review.items {
            let row = row(known, review, item, now);
            if csv {
                output.text(&sheet::row(row.iter().map(String::as_str)))?;
                continue;
            }
            let [_, _, id, person, target, label, given, asked, until, answer, by, at, why, so] =
                &row;
            let said = match (answer.as_str(), asked.as_str()) {
                ("", "") => "nobody could be asked".to_owned(),
                ("", asked) => format!("{asked} is asked, until {until}"),
                (answer, _) if why.is_empty() => format!("{answer} by {by} at {at}; {so}"),
                (answer, _) => format!("{answer} by {by} at {at} ({why}); {so}"),
            };
            output.line(&format!("  {id}  {person}, {label} at {target} ({given}): {said}"))?;
        }
    }
    Ok(())
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

fn row(known: &LastKnown, review: &Review, item: &Item, now: Timestamp) -> [String; 14] {
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
    let there = known.observed.targets.get(&item.target);
    let holders = known.observed.links.iter().filter(|it| it.identity == item.identity);
    let mut holders = holders.filter(|it| it.target == item.target && !it.gone);
    let held = holders.any(|link| {
        there
            .into_iter()
            .flat_map(|there| &there.assignments)
            .any(|it| it.holder == link.account && it.entitlement == item.entitlement)
    });
    [
        format!("{} {}", review.name, review.ordinal),
        format!("{:.0}", review.opened),
        item.id.clone(),
        called(&item.identity),
        item.target.to_string(),
        item.label.clone(),
        item.given.clone(),
        who.join(" or "),
        asked.map(|it| format!("{:.0}", it.expires)).unwrap_or_default(),
        answer.to_owned(),
        by.unwrap_or_default(),
        decision.map(|it| format!("{:.0}", it.at)).unwrap_or_default(),
        decision.map(|it| it.reason.clone()).unwrap_or_default(),
        if held { "they hold it" } else { "they hold it no longer" }.to_owned(),
    ]
}
