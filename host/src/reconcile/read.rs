//! Reading a source or a target to its end, page by page.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    account::{Account, Assignment, Coverage, CoverageKind, Entitlement, Skipped},
    fact::Reading,
    fault::{Fault, FaultKind},
    id::ConnectorName,
    observed::ObservedTarget,
    schema::{ObjectRole, Schema},
    value::ObjectRef,
};

use super::{stop::Stop, turn::patiently};
use crate::connector::{AssignmentScope, Attached, Page, PageRequest};

/// Pages of one read; a feed that never ends is cut here.
const MAX_PAGES: u32 = 10_000;

/// Everything a source knows, and the attributes it declares.
///
/// # Errors
/// The fault of the page that could not be read; half a read is none.
pub(super) async fn source(
    name: &ConnectorName,
    source: &Attached,
    read_at: Timestamp,
    stop: &Stop,
) -> Result<(Reading, Vec<String>), Fault> {
    let schema = patiently(source, stop, || source.connector.discover()).await?;
    let (records, coverage) = accounts(source, only_account_type(&schema)?, copies, stop).await?;
    let declared = schema.objects.into_iter().flat_map(|object| object.attributes);
    let columns = declared.map(|attribute| attribute.name).collect();
    Ok((Reading { source: name.clone(), records, coverage, read_at }, columns))
}

/// Everything a target holds of the managed type.
///
/// # Errors
/// The fault of the page that could not be read.
pub(super) async fn target(
    target: &Attached,
    object_type: Option<&str>,
    read_at: Timestamp,
    stop: &Stop,
) -> Result<ObservedTarget, Fault> {
    let schema = patiently(target, stop, || target.connector.discover()).await?;
    let account_type = match object_type {
        Some(named) => named.to_owned(),
        None => only_account_type(&schema)?.to_owned(),
    };
    let (accounts, accounts_coverage) = accounts(target, &account_type, once_each, stop).await?;
    let mut observed = ObservedTarget {
        schema,
        account_type,
        accounts,
        entitlements: Vec::new(),
        assignments: Vec::new(),
        accounts_coverage,
        assignments_coverage: Coverage::exhaustive(),
        read_at,
    };
    if target.connector.abilities().entitlements {
        read_entitlements(target, &mut observed, stop).await?;
    } else {
        observed.assignments_coverage = unable();
    }
    Ok(observed)
}

/// What cannot be read proves nothing.
fn unable() -> Coverage {
    Coverage {
        kind: CoverageKind::Truncated,
        skipped: vec![Skipped {
            what: "entitlements".to_owned(),
            why: "the connector does not read them".to_owned(),
            count: None,
        }],
    }
}

async fn read_entitlements(
    target: &Attached,
    observed: &mut ObservedTarget,
    stop: &Stop,
) -> Result<(), Fault> {
    let types: Vec<String> = observed
        .schema
        .in_role(ObjectRole::Entitlement)
        .map(|object| object.object_type.clone())
        .collect();
    for object_type in types {
        let Whole { items: entitlements, coverage, .. }: Whole<Entitlement> =
            pages(target, stop, |page| target.connector.list_entitlements(&object_type, page))
                .await?;
        observed.entitlements.extend(entitlements);
        observed.assignments_coverage.join(coverage);
    }
    let Whole { items: assignments, coverage, .. }: Whole<Assignment> =
        pages(target, stop, |page| {
            target.connector.list_assignments(&AssignmentScope::Everything, page)
        })
        .await?;
    observed.assignments = assignments;
    observed.assignments_coverage.join(coverage);
    Ok(())
}

async fn accounts(
    attached: &Attached,
    object_type: &str,
    distinct: fn(Whole<Account>) -> (Vec<Account>, Coverage),
    stop: &Stop,
) -> Result<(Vec<Account>, Coverage), Fault> {
    let mut last = Fault::new(FaultKind::StaleCursor, "the cursor became stale again and again");
    // A stale cursor means that the whole read begins anew.
    for _ in 0..3 {
        match pages(attached, stop, |page| attached.connector.list(object_type, page)).await {
            Err(fault) if fault.kind == FaultKind::StaleCursor => last = fault,
            Err(fault) => return Err(fault),
            Ok(whole) => return Ok(distinct(whole)),
        }
    }
    Err(last)
}

fn only_account_type(schema: &Schema) -> Result<&str, Fault> {
    let mut types = schema.in_role(ObjectRole::Account);
    match (types.next(), types.next()) {
        (Some(only), None) => Ok(&only.object_type),
        (None, _) => Err(Fault::new(
            FaultKind::Misconfigured("type".to_owned()),
            "the connector's schema has no type of account",
        )),
        (Some(first), Some(second)) => Err(Fault::new(
            FaultKind::Misconfigured("type".to_owned()),
            format!(
                "the connector has several types of account (`{}`, `{}`, …); say which with \
                 `account.type`",
                first.object_type, second.object_type
            ),
        )),
    }
}

/// Everything a read gave.
struct Whole<T> {
    items: Vec<T>,
    coverage: Coverage,
    /// How many it came in.
    pages: u32,
}

/// An account that moved between pages is there twice: the later one counts,
/// and the read is not stable enough to prove absence.
fn once_each(read: Whole<Account>) -> (Vec<Account>, Coverage) {
    let Whole { items: accounts, mut coverage, .. } = read;
    let read = accounts.len();
    let mut seen = BTreeSet::new();
    let mut kept: Vec<Account> = accounts
        .into_iter()
        .rev()
        .filter(|account| seen.insert(account.reference.clone()))
        .collect();
    kept.reverse();
    if kept.len() < read {
        coverage.join(came_twice(read - kept.len()));
    }
    (kept, coverage)
}

/// Two records with one key are for the core to see, which holds whoever it
/// is.  Only the same record on two pages has moved between them; nor is any
/// other key that comes on two pages a proof that the rest stood still.
fn copies(read: Whole<Account>) -> (Vec<Account>, Coverage) {
    let Whole { items, mut coverage, pages } = read;
    let keys: BTreeSet<ObjectRef> = items.iter().map(|it| it.reference.clone()).collect();
    let again = items.len() - keys.len();
    if pages == 1 || again == 0 {
        return (items, coverage);
    }
    coverage.join(came_twice(again));
    let mut kept: BTreeMap<ObjectRef, Vec<Account>> = BTreeMap::new();
    for record in items {
        let before = kept.entry(record.reference.clone()).or_default();
        if !before.contains(&record) {
            before.push(record);
        }
    }
    (kept.into_values().flatten().collect(), coverage)
}

fn came_twice(count: usize) -> Coverage {
    let skipped = Skipped {
        what: "accounts".to_owned(),
        why: "some came twice, so the system changed while it was read".to_owned(),
        count: u64::try_from(count).ok(),
    };
    Coverage { kind: CoverageKind::Unstable, skipped: vec![skipped] }
}

async fn pages<T, F>(
    attached: &Attached,
    stop: &Stop,
    mut read: impl FnMut(PageRequest) -> F,
) -> Result<Whole<T>, Fault>
where
    F: Future<Output = Result<Page<T>, Fault>>,
{
    let mut items = Vec::new();
    let mut coverage = Coverage::exhaustive();
    let mut cursor: Option<String> = None;
    let mut cursors = BTreeSet::new();
    for pages in 1..=MAX_PAGES {
        let request = PageRequest { cursor: cursor.clone(), limit: attached.page_size };
        let page = patiently(attached, stop, || read(request.clone())).await?;
        let Page { items: more, next, coverage: covered, total_hint } = page;
        items.extend(more);
        coverage.join(covered);
        let Some(next) = next else {
            cross_check(&mut coverage, items.len(), total_hint);
            return Ok(Whole { items, coverage, pages });
        };
        if !cursors.insert(next.clone()) {
            let problem = "a cursor came back a second time, so the read would never end";
            return Err(Fault::new(FaultKind::BadAnswer(problem.to_owned()), problem));
        }
        cursor = Some(next);
    }
    let problem = format!(
        "more than {MAX_PAGES} pages; if there really is that much, raise `page-size` in its `limits`"
    );
    Err(Fault::new(FaultKind::BadAnswer(problem.clone()), problem))
}

/// Fewer items than the system itself counts are not all of them.
fn cross_check(coverage: &mut Coverage, items: usize, total: Option<u64>) {
    let Some(missing) = total.and_then(|total| total.checked_sub(u64::try_from(items).ok()?))
    else {
        return;
    };
    if missing > 0 {
        coverage.join(Coverage {
            kind: CoverageKind::Truncated,
            skipped: vec![Skipped {
                what: "objects".to_owned(),
                why: "the system counts more than it listed".to_owned(),
                count: Some(missing),
            }],
        });
    }
}

#[cfg(test)]
mod tests;
