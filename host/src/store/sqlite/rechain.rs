//! An audit from before its rows had a part that can be erased.

use lanyard_core::id::Digest;

use crate::store::{
    AuditEntry, chain,
    sql::{
        Problem, Row, Sql, audit,
        columns::{At, Json, Word, object},
        values,
    },
};

/// A row as it was.
struct Former {
    sequence: i64,
    entry: AuditEntry,
    chain: Digest,
}

/// What it held lies in the parts.
const MOVED: [&str; 3] = [
    "ALTER TABLE audit DROP COLUMN object_type",
    "ALTER TABLE audit DROP COLUMN uid",
    "ALTER TABLE audit DROP COLUMN detail",
];

/// Gives every row its part and a new place in the chain, and notes the head
/// that the old chain had.
///
/// Where the old chain does not hold, the new one does not either: from the
/// first row that is not what was written, rows keep their old digests.
pub(super) fn rechain(tx: &mut dyn Sql) -> Result<(), Problem> {
    let rows: i64 = tx.one("SELECT count(*) FROM audit", &[], |row| row.get(0))?;
    let (mut old, mut new): (Option<Digest>, Option<Digest>) = (None, None);
    let mut last_at = None;
    let mut whole = true;
    for (expected, sequence) in (1_i64..).zip(sequences(tx)?) {
        let former = if whole { former(tx, sequence)? } else { None };
        let holds = former.as_ref().is_some_and(|former| {
            chain::former(old.as_ref(), &former.entry).is_ok_and(|it| it == former.chain)
        });
        whole = holds && sequence == expected;
        let Some(Former { sequence, entry, chain }) = former.filter(|_| whole) else {
            move_aside(tx, sequence)?;
            continue;
        };
        let personal = audit::keep_part(tx, sequence, &entry)?;
        let next = chain::chained(new.as_ref(), &entry, &personal)?;
        tx.execute(
            "UPDATE audit SET personal = $2, chain = $3 WHERE sequence = $1",
            values![sequence, personal.as_str(), next.as_str()],
        )?;
        (old, new, last_at) = (Some(chain), Some(next), Some(entry.at));
    }
    for moved in MOVED {
        tx.execute(moved, &[])?;
    }
    let (Some(head), Some(at), true) = (old, last_at, whole) else { return Ok(()) };
    audit::append(
        tx,
        &AuditEntry {
            at,
            actor: "lanyard".to_owned(),
            action: "audit".to_owned(),
            identity: None,
            target: None,
            account: None,
            result: chain::CHAINED_ANEW.to_owned(),
            verification: None,
            detail: [
                (chain::FORMER_HEAD.to_owned(), head.to_string()),
                ("former rows".to_owned(), rows.to_string()),
            ]
            .into(),
        },
    )
}

fn sequences(tx: &mut dyn Sql) -> Result<Vec<i64>, Problem> {
    tx.all("SELECT sequence FROM audit ORDER BY sequence", &[], |row| row.get(0))
}

/// None: it cannot be read.
fn former(tx: &mut dyn Sql, sequence: i64) -> Result<Option<Former>, Problem> {
    let statement =
        "SELECT sequence, at, actor, action, identity, target, object_type, uid, result,
             verification, detail, chain
         FROM audit WHERE sequence = $1";
    match tx.optional(statement, values![sequence], read) {
        Err(Problem::Unreadable { .. }) => Ok(None),
        read => read,
    }
}

fn read(row: &dyn Row) -> Result<Former, Problem> {
    let account = match row.get::<Option<String>>(6)? {
        Some(_) => Some(object(row, 6)?),
        None => None,
    };
    Ok(Former {
        sequence: row.get(0)?,
        entry: AuditEntry {
            at: row.get::<At>(1)?.0,
            actor: row.get(2)?,
            action: row.get(3)?,
            identity: row.get::<Option<Word<_>>>(4)?.map(|identity| identity.0),
            target: row.get::<Option<Word<_>>>(5)?.map(|target| target.0),
            account,
            result: row.get(8)?,
            verification: row.get(9)?,
            detail: row.get::<Json<_>>(10)?.0,
        },
        chain: row.get::<Word<_>>(11)?.0,
    })
}

/// What a row that does not hold said is kept as it stands.
fn move_aside(tx: &mut dyn Sql, sequence: i64) -> Result<(), Problem> {
    tx.execute(
        "INSERT INTO audit_part (sequence, salt, body)
         SELECT sequence, lower(hex(randomblob(16))),
             json_array(iif(uid IS NULL, NULL, json_object('object_type', object_type, 'uid', uid)),
                 iif(json_valid(detail), json(detail), json_object('detail', detail)))
         FROM audit WHERE sequence = $1",
        values![sequence],
    )?;
    let nothing = Digest::of("");
    tx.execute(
        "UPDATE audit SET personal = $2 WHERE sequence = $1",
        values![sequence, nothing.as_str()],
    )?;
    Ok(())
}
