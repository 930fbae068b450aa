//! `lanyard who … --at DATE`: by the record of what was done.

use jiff::Timestamp;
use lanyard_core::asking::{Had, HadThen, What};

use crate::{
    args::Holding,
    commands::{
        moment::{Edge, moment},
        named,
        output::Output,
        sheet,
    },
    config::Config,
    errors::{AppError, Exit},
    reconcile::{self, RecallError},
    store::Store,
};

/// What the record cannot know.
const NOT_KNOWN: &str = "note: this is what Lanyard did, took over and saw removed; what others \
                         gave and nobody took over is not in it, and what others took away stays \
                         in it until a run had to take it away\n";

pub(super) async fn who_then(
    config: &Config,
    store: &dyn Store,
    (wanted, at, now): (&Holding, &str, Timestamp),
    output: &mut Output,
) -> Result<Exit, AppError> {
    let at = moment(at, Edge::First, &config.policy.lifecycle.timezone)?;
    if at > now {
        return Err(AppError::new(Exit::Usage, format!("{at:.0} is not over yet"))
            .hint("`lanyard plan --at` and `lanyard simulate` look ahead"));
    }
    let found = reconcile::had_then(&config.policy, store, &wanted.what, (at, now)).await;
    let found = found.map_err(|error| match error {
        RecallError::Store(error) => error.into(),
        error @ RecallError::Unknown(_) => AppError::new(Exit::Usage, error),
    })?;
    // What is long gone may still be in the record.
    if let (None, What::Target(target) | What::Entitlement { target, .. }) =
        (found.begins, &wanted.what)
    {
        named::target(config, store, target).await?;
    }
    if wanted.json {
        output.json(&found)?;
    } else if wanted.csv {
        output.text(&table(&found))?;
    } else {
        output.text(&found.render())?;
        output.error(NOT_KNOWN);
    }
    Ok(Exit::Ok)
}

fn table(found: &HadThen) -> String {
    let mut text = sheet::row([
        "name",
        "key",
        "id",
        "uid",
        "account state",
        "since",
        "until",
        "due",
        "how",
        "by",
        "why",
        "row",
        "doubt",
    ]);
    for had in &found.had {
        let Had {
            label,
            key,
            identity,
            uid,
            state,
            since,
            until,
            due,
            how,
            by,
            because,
            row,
            doubt,
        } = had;
        let due = due.map(|(verb, since)| format!("{verb} since {since:.0}"));
        text.push_str(&sheet::row([
            label.as_str(),
            key,
            &identity.map(|it| it.to_string()).unwrap_or_default(),
            uid.as_deref().unwrap_or_default(),
            state,
            &format!("{since:.0}"),
            &until.map(|it| format!("{it:.0}")).unwrap_or_default(),
            due.as_deref().unwrap_or_default(),
            how,
            by,
            because.as_deref().unwrap_or_default(),
            &row.to_string(),
            doubt.unwrap_or_default(),
        ]));
    }
    text
}
