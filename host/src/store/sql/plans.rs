//! Plans, kept for good.

use lanyard_core::id::Digest;

use super::{
    Sql,
    columns::{At, Json, Word},
    problem::Problem,
    values,
};
use crate::store::{StoreError, StoredPlan};

/// Fewer characters of a digest are a slip, not a reference.
const PREFIX: usize = 4;

pub(super) fn save(tx: &mut dyn Sql, stored: &StoredPlan) -> Result<(), Problem> {
    let StoredPlan { digest, plan, findings, config, made_at, erased: _ } = stored;
    let text = serde_json::to_string(plan)?;
    if Digest::of(&text) != *digest {
        return Err(Problem::Refused(format!(
            "`{}` is not the digest of the plan",
            digest.short()
        )));
    }
    tx.execute(
        "INSERT INTO plan (digest, plan, findings, config, made_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (digest) DO UPDATE SET plan = excluded.plan, findings = excluded.findings,
             erased_at = NULL, emptied = NULL
         WHERE plan.erased_at IS NOT NULL",
        values![digest.as_str(), text, Json(findings), config.as_str(), At(*made_at)],
    )?;
    Ok(())
}

pub(super) fn by_digest(tx: &mut dyn Sql, wanted: &str) -> Result<Option<StoredPlan>, Problem> {
    let prefix = wanted.to_ascii_lowercase();
    if prefix.len() < PREFIX {
        return Err(StoreError::TooShort { prefix: wanted.to_owned(), least: PREFIX }.into());
    }
    if !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    // `g` is the first letter after the hexadecimal ones.
    let found: Vec<String> = tx.all(
        "SELECT digest FROM plan WHERE digest >= $1 AND digest < $2 ORDER BY digest",
        values![&prefix, format!("{prefix}g")],
        |row| row.get(0),
    )?;
    match found.as_slice() {
        [] => Ok(None),
        [digest] => load(tx, digest).map(Some),
        several => {
            Err(StoreError::Ambiguous { prefix: wanted.to_owned(), count: several.len() }.into())
        }
    }
}

fn load(tx: &mut dyn Sql, digest: &str) -> Result<StoredPlan, Problem> {
    let (text, erased, emptied, stored): (String, Option<At>, Option<String>, _) = tx.one(
        "SELECT plan, findings, config, made_at, erased_at, emptied, digest FROM plan
             WHERE digest = $1",
        values![digest],
        |row| {
            let rest: (Json<_>, Word<Digest>, At, Word<Digest>) =
                (row.get(1)?, row.get(2)?, row.get(3)?, row.get(6)?);
            Ok((row.get(0)?, row.get(4)?, row.get(5)?, rest))
        },
    )?;
    let (Json(findings), Word(config), At(made_at), Word(whole)) = stored;
    // Without what was of somebody who was erased, it has a digest of its own.
    let expected = if erased.is_some() { emptied.as_deref() } else { Some(digest) };
    if expected.is_some_and(|expected| Digest::of(&text).as_str() != expected) {
        return Err(StoreError::Damaged(format!("plan `{digest}` is not what was saved")).into());
    }
    let erased = erased.map(|At(at)| at);
    let plan = serde_json::from_str(&text)?;
    Ok(StoredPlan { digest: whole, plan, findings, config, made_at, erased })
}
