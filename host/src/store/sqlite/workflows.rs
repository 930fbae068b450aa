//! Workflows: when each was first seen, their older forms, and episodes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    id::{IdentityId, WorkflowName},
    workflow::{Definition, Episode, Remembered},
};
use rusqlite::{Connection, params};

use super::{
    audit,
    columns::{At, Json, Word},
    problem::Problem,
    union::ByNow,
};
use crate::store::AuditEntry;

pub(super) fn remembered(tx: &Connection) -> Result<Remembered, Problem> {
    let mut statement = tx.prepare_cached("SELECT name, known_since FROM workflow")?;
    let known_since = statement
        .query_map([], |row| Ok((row.get::<_, Word<WorkflowName>>(0)?.0, row.get::<_, At>(1)?.0)))?
        .collect::<Result<_, _>>()?;
    // In ascending order, so that the latest of each is what stays.
    let mut statement = tx.prepare_cached(
        "SELECT identity, workflow, body FROM episode ORDER BY identity, workflow, ordinal",
    )?;
    let by_now = ByNow::of(tx)?;
    let mut rows = statement.query([])?;
    let mut episodes: BTreeMap<IdentityId, BTreeMap<WorkflowName, Episode>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let of_identity = episodes.entry(row.get::<_, Word<_>>(0)?.0).or_default();
        let episode: Episode = row.get::<_, Json<_>>(2)?.0;
        let episode = episode.as_known(&|id| by_now.who(id));
        of_identity.insert(row.get::<_, Word<_>>(1)?.0, episode);
    }
    Ok(Remembered { known_since, episodes })
}

/// Every form of a workflow that was ever looked at.
pub(super) fn definitions(tx: &Connection) -> Result<Vec<Definition>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT definition FROM workflow_version ORDER BY digest")?;
    let definitions = statement.query_map([], |row| Ok(row.get::<_, Json<_>>(0)?.0))?;
    Ok(definitions.collect::<Result<_, _>>()?)
}

pub(super) fn know(
    tx: &Connection,
    definitions: &[Definition],
    at: Timestamp,
) -> Result<(), Problem> {
    let mut first = tx.prepare_cached(
        "INSERT INTO workflow (name, known_since) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?;
    let mut version = tx.prepare_cached(
        "INSERT INTO workflow_version (digest, definition) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?;
    for definition in definitions {
        first.execute(params![definition.name.as_str(), At(at)])?;
        let digest = definition
            .version()
            .map_err(|error| Problem::Refused(format!("a workflow is no JSON: {error}")))?;
        version.execute(params![digest.as_str(), Json(definition)])?;
    }
    Ok(())
}

pub(super) fn record(
    tx: &Connection,
    episodes: &[(Episode, Option<AuditEntry>)],
) -> Result<(), Problem> {
    let mut keep = tx.prepare_cached(
        "INSERT INTO episode (identity, workflow, ordinal, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (identity, workflow, ordinal) DO UPDATE SET body = excluded.body",
    )?;
    for (episode, entry) in episodes {
        keep.execute(params![
            episode.identity.to_string(),
            episode.workflow.as_str(),
            episode.ordinal,
            Json(episode)
        ])?;
        if let Some(entry) = entry {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}
