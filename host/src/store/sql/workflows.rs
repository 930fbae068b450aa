//! Workflows: when each was first seen, their older forms, and episodes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    id::{IdentityId, WorkflowName},
    workflow::{Definition, Episode, Remembered},
};

use super::{
    Sql, audit,
    columns::{At, Json, Word},
    problem::Problem,
    union::ByNow,
    values,
};
use crate::store::AuditEntry;

pub(super) fn remembered(tx: &mut dyn Sql) -> Result<Remembered, Problem> {
    let known_since = tx.all("SELECT name, known_since FROM workflow", &[], |row| {
        Ok((row.get::<Word<WorkflowName>>(0)?.0, row.get::<At>(1)?.0))
    })?;
    // In ascending order, so that the latest of each is what stays.
    let statement =
        "SELECT identity, workflow, body FROM episode ORDER BY identity, workflow, ordinal";
    let by_now = ByNow::of(tx)?;
    let mut episodes: BTreeMap<IdentityId, BTreeMap<WorkflowName, Episode>> = BTreeMap::new();
    tx.each(statement, &[], &mut |row| {
        let of_identity = episodes.entry(row.get::<Word<_>>(0)?.0).or_default();
        let episode: Episode = row.get::<Json<_>>(2)?.0;
        let episode = episode.as_known(&|id| by_now.who(id));
        of_identity.insert(row.get::<Word<_>>(1)?.0, episode);
        Ok(())
    })?;
    Ok(Remembered { known_since, episodes })
}

/// Every form of a workflow that was ever looked at.
pub(super) fn definitions(tx: &mut dyn Sql) -> Result<Vec<Definition>, Problem> {
    tx.all("SELECT definition FROM workflow_version ORDER BY digest", &[], |row| {
        Ok(row.get::<Json<_>>(0)?.0)
    })
}

pub(super) fn know(
    tx: &mut dyn Sql,
    definitions: &[Definition],
    at: Timestamp,
) -> Result<(), Problem> {
    let first = "INSERT INTO workflow (name, known_since) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let version =
        "INSERT INTO workflow_version (digest, definition) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    for definition in definitions {
        tx.execute(first, values![definition.name.as_str(), At(at)])?;
        let digest = definition
            .version()
            .map_err(|error| Problem::Refused(format!("a workflow is no JSON: {error}")))?;
        tx.execute(version, values![digest.as_str(), Json(definition)])?;
    }
    Ok(())
}

pub(super) fn record(
    tx: &mut dyn Sql,
    episodes: &[(Episode, Option<AuditEntry>)],
) -> Result<(), Problem> {
    let keep = "INSERT INTO episode (identity, workflow, ordinal, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (identity, workflow, ordinal) DO UPDATE SET body = excluded.body";
    for (episode, entry) in episodes {
        tx.execute(
            keep,
            values![
                episode.identity.to_string(),
                episode.workflow.as_str(),
                episode.ordinal,
                Json(episode)
            ],
        )?;
        if let Some(entry) = entry {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}
