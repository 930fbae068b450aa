//! Keys that are one key, written in two ways.

use std::collections::{BTreeMap, BTreeSet};

use super::read::Read;
use crate::{
    fact::{Identity, RecordKey},
    id::{ConnectorName, IdentityId},
    policy::Policy,
};

/// What is left of a key without case and the space around it.
pub(super) fn fold(key: &str) -> String {
    key.trim().to_lowercase()
}

/// Identities whose keys differ in nothing that matters, in whatever source,
/// with the sentence that holds them; none where the reading has one already.
///
/// Those who were known before and are no longer there count only beside
/// somebody new: they would be the same person, with a second account.
pub(super) fn respelt(
    policy: &Policy,
    reads: &BTreeMap<&ConnectorName, Read<'_>>,
    records: &BTreeMap<IdentityId, BTreeSet<RecordKey>>,
    known: &BTreeMap<IdentityId, &Identity>,
) -> BTreeMap<IdentityId, Option<String>> {
    // Where keys say nothing across sources, only those of one are compared.
    let shared = policy.correlation.key;
    let mut spellings: BTreeMap<_, Vec<(IdentityId, &RecordKey)>> = BTreeMap::new();
    for (id, records) in records {
        // Whoever was in a retired source has left: a person said so.
        for record in records.iter().filter(|it| !policy.retired_sources.contains(&it.source)) {
            let source = (!shared).then_some(&record.source);
            spellings.entry((source, fold(&record.key))).or_default().push((*id, record));
        }
    }
    let is_there = |record: &RecordKey| {
        reads.get(&record.source).is_some_and(|read| read.records.contains_key(&*record.key))
    };
    let mut respelt = BTreeMap::new();
    for spelt in spellings.into_values().filter(|spelt| spelt.len() > 1) {
        let ids = |wanted: &dyn Fn(IdentityId, &RecordKey) -> bool| -> BTreeSet<IdentityId> {
            spelt.iter().filter(|(id, it)| wanted(*id, it)).map(|(id, _)| *id).collect()
        };
        let there = ids(&|_, record| is_there(record));
        let is_new = !ids(&|id, _| !known.contains_key(&id)).is_empty();
        let held = if is_new { ids(&|_, _| true) } else { there.clone() };
        if held.len() < 2 {
            continue;
        }
        let concerned = spelt
            .iter()
            .filter(|(id, record)| held.contains(id) && (is_there(record) || !there.contains(id)));
        let mut concerned: Vec<&RecordKey> = concerned.map(|(_, record)| *record).collect();
        concerned.sort();
        let is_told = |record: &&RecordKey| {
            let read = reads.get(&record.source);
            read.is_some_and(|read| read.unclear.contains_key(&*record.key))
        };
        let text = (!concerned.iter().all(is_told)).then(|| sentence(&concerned, is_there));
        respelt.extend(held.into_iter().map(|id| (id, text.clone())));
    }
    respelt
}

fn sentence(records: &[&RecordKey], is_there: impl Fn(&RecordKey) -> bool) -> String {
    let named = |record: &&RecordKey| format!("`{}` of source `{}`", record.key, record.source);
    let all: Vec<String> = records.iter().map(named).collect();
    let before: Vec<String> =
        records.iter().filter(|it| !is_there(it)).map(|it| format!("`{}`", it.key)).collect();
    let write = if before.is_empty() {
        "write one person's key in one way everywhere, and give different people keys that differ in more".to_owned()
    } else {
        format!(
            "write it as before, {}, or give somebody new a key that differs in more",
            before.join(" or ")
        )
    };
    let differ = "differ only in case or in the space around them";
    format!("the keys {} {differ}: {write}", all.join(" and "))
}
