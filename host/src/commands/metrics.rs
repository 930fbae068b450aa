//! `lanyard metrics`: numbers in the text format of Prometheus.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use jiff::Timestamp;
use lanyard_core::{
    id::ConnectorName,
    obligation::{Spent, spent},
};

use super::{output::Output, session};
use crate::{
    args::Measured,
    errors::{AppError, Exit},
    store::{KeptObligation, Store},
    telemetry,
};

/// From what is stored: no system is called.
pub(super) async fn metrics(
    file: &Path,
    wanted: &Measured,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    let text = exposition(&store.obligations(true).await?, telemetry::clock()());
    match &wanted.out {
        None => output.text(&text)?,
        Some(path) => replaced(path, &text).map_err(|error| {
            AppError::new(Exit::Usage, error)
                .hint(format!("the metrics could not be written to `{}`", path.display()))
        })?,
    }
    Ok(Exit::Ok)
}

/// Whoever reads the file has the old text or the new one, and never a part.
fn replaced(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.parent().filter(|it| !it.as_os_str().is_empty());
    let mut new = tempfile::NamedTempFile::new_in(beside.unwrap_or(Path::new(".")))?;
    std::io::Write::write_all(&mut new, text.as_bytes())?;
    // The collector is another user.
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    new.as_file().set_permissions(readable)?;
    new.persist(path)?;
    Ok(())
}

/// No label names a person.
fn exposition(kept: &[KeptObligation], now: Timestamp) -> String {
    let mut open: BTreeMap<(&ConnectorName, &str), (u64, i64)> = BTreeMap::new();
    for it in kept.iter().map(|it| &it.obligation).filter(|it| it.is_open()) {
        let here = open.entry((&it.place.target, it.place.loss.word())).or_default();
        here.0 += 1;
        here.1 = here.1.max(now.duration_since(it.since).as_secs());
    }
    let mut text = String::new();
    family(&mut text, "lanyard_obligations_open", "gauge", "Losses of access that are due.");
    for ((target, loss), (count, _)) in &open {
        let of = format!("{{target=\"{target}\",loss=\"{loss}\"}}");
        let _infallible = writeln!(text, "lanyard_obligations_open{of} {count}");
    }
    let name = "lanyard_obligation_oldest_seconds";
    family(&mut text, name, "gauge", "For how long the oldest of them has been due.");
    for ((target, loss), (_, oldest)) in &open {
        let of = format!("{{target=\"{target}\",loss=\"{loss}\"}}");
        let _infallible = writeln!(text, "{name}{of} {oldest}");
    }
    let took = spent(kept.iter().map(|it| &it.obligation));
    let name = "lanyard_time_to_revoke_seconds";
    family(&mut text, name, "summary", "From when a loss of access was due until it was closed.");
    for (target, Spent { count, p50, p95, max: _, sum }) in &took {
        for (quantile, value) in [("0.5", p50), ("0.95", p95)] {
            let of = format!("{{target=\"{target}\",quantile=\"{quantile}\"}}");
            let _infallible = writeln!(text, "{name}{of} {value}");
        }
        let _infallible = writeln!(text, "{name}_sum{{target=\"{target}\"}} {sum}");
        let _infallible = writeln!(text, "{name}_count{{target=\"{target}\"}} {count}");
    }
    let name = "lanyard_time_to_revoke_max_seconds";
    family(&mut text, name, "gauge", "The longest of them.");
    for (target, Spent { max, .. }) in &took {
        let _infallible = writeln!(text, "{name}{{target=\"{target}\"}} {max}");
    }
    text
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String cannot fail.
    let _infallible = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
