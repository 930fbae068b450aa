//! `lanyard who`.

mod then;

use std::path::Path;

use lanyard_core::asking::{Holder, What, Who, who as asked};

use super::{explain, named, output::Output, session, sheet};
use crate::{
    args::Holding,
    errors::{AppError, Exit},
    telemetry,
};

/// From what is stored: no system is called.
pub(super) async fn who(
    file: &Path,
    wanted: &Holding,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let Holding { what, at, json, csv } = wanted;
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    let now = telemetry::clock()();
    if let Some(at) = at {
        return then::who_then(&config, &store, (wanted, at, now), output).await;
    }
    if let What::Target(target) | What::Entitlement { target, .. } = what {
        named::target(&config, &store, target).await?;
    }
    let (supposed, touched) = explain::known(config, &store, None, now).await?;
    session::say_unread(&supposed.known, output);
    let world = explain::world(&supposed, &touched, now);
    let found = asked(world, &supposed.known.assembled, what)
        .map_err(|error| AppError::new(Exit::Usage, error))?;
    if *json {
        output.json(&found)?;
    } else if *csv {
        output.text(&table(&found))?;
    } else {
        output.text(&found.render())?;
    }
    Ok(Exit::Ok)
}

fn table(found: &Who) -> String {
    let heading = [
        "name",
        "key",
        "id",
        "state",
        "account",
        "uid",
        "account state",
        "has",
        "should",
        "since",
        "how",
        "why",
        "read",
        "read wholly",
    ];
    let mut text = sheet::row(heading);
    let read = found.read_at.map(|at| format!("{at:.0}")).unwrap_or_default();
    let whole = found.whole.map(word).unwrap_or_default();
    for holder in &found.holders {
        let Holder { label, key, identity, account, uid, .. } = holder;
        let (state, account_state) = (holder.state, holder.account_state);
        let id = identity.map(|id| id.to_string()).unwrap_or_default();
        let since = holder.since.map(|at| format!("{at:.0}")).unwrap_or_default();
        let (why, should) = if holder.held.is_empty() {
            (holder.why.join("; "), word(holder.should))
        } else {
            (holder.held.join("; "), "held")
        };
        let has = word(holder.has);
        text.push_str(&sheet::row([
            label,
            key,
            &id,
            state,
            account,
            uid,
            account_state,
            has,
            should,
            &since,
            holder.how,
            &why,
            &read,
            whole,
        ]));
    }
    text
}

fn word(truth: bool) -> &'static str {
    if truth { "yes" } else { "no" }
}
