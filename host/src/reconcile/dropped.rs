//! Telling a person what sources and targets that left the file leave behind,
//! and what to do about it.

use lanyard_core::{
    dropped::{Dropped, LeftAccounts, LeftPeople},
    id::ConnectorName,
    plan::{Note, NoteKind, Plan},
    policy::Policy,
};

use crate::config::nearest;

/// One sentence for each name that left the file, for what it leaves.
pub fn sentences(policy: &Policy, dropped: &Dropped) -> Vec<String> {
    told(policy, dropped).map(|(text, _open)| text).collect()
}

/// The sentences, and whether access stays that nobody answers for.
fn told<'a>(policy: &'a Policy, dropped: &'a Dropped) -> impl Iterator<Item = (String, bool)> + 'a {
    let sources = dropped.sources.iter();
    let sources = sources.map(|(name, left)| (of_source(policy, name, *left), true));
    let targets = dropped.targets.iter();
    let targets = targets.map(|(name, left)| (of_target(policy, name, *left), left.enabled > 0));
    sources.chain(targets)
}

/// One sentence for each name that the file says is retired, and that we
/// know something of.
pub fn retired(dropped: &Dropped) -> Vec<String> {
    let sources = dropped.retired_sources.iter().map(|(name, people)| {
        let people = counted(*people, "person", "people");
        format!("the source `{name}`: {people} known only from it, taken to have left")
    });
    let targets = dropped.retired_targets.iter().map(|(name, accounts)| {
        let accounts = counted(*accounts, "account", "accounts");
        format!(
            "the target `{name}`: {accounts} of ours, left to others; what was done there stays \
             in the audit"
        )
    });
    sources.chain(targets).collect()
}

/// Puts it in the plan: one note for a source in place of one for each of its
/// people.
pub(super) fn note(policy: &Policy, dropped: &Dropped, plan: &mut Plan) {
    plan.notes.retain(|note| {
        let held = |identity| dropped.held.contains(&identity);
        note.kind != NoteKind::Held || !note.identity.is_some_and(held)
    });
    plan.notes.extend(told(policy, dropped).map(|(text, open)| Note {
        identity: None,
        target: None,
        kind: NoteKind::Dropped,
        text,
        open,
    }));
    plan.notes.sort();
}

fn of_source(policy: &Policy, name: &ConnectorName, left: LeftPeople) -> String {
    let LeftPeople { people, accounts, enabled } = left;
    let people = counted(people, "person", "people");
    let accounts = counted(accounts, "account", "accounts");
    let renamed = renamed(name, policy.sources.keys());
    let renamed = renamed
        .map(|near| {
            format!(" Was it renamed to `{near}`? Then these are the people that `{near}` does not have.")
        })
        .unwrap_or_default();
    format!(
        "the source `{name}` is no longer in the file, and it alone knew {people}: they are held, \
         and keep {accounts} ({enabled} enabled) whatever became of them. Put it back; or, if all \
         of them have left, write `retired-sources = [\"{name}\"]` at the top of the file.{renamed}"
    )
}

fn of_target(policy: &Policy, name: &ConnectorName, left: LeftAccounts) -> String {
    let LeftAccounts { accounts, enabled, leavers } = left;
    let accounts = counted(accounts, "account", "accounts");
    let renamed = renamed(name, policy.targets.keys());
    let renamed = renamed
        .map(|near| {
            format!(
                " Was it renamed to `{near}`? Give it its old name back: by that name we know which \
                 accounts are ours."
            )
        })
        .unwrap_or_default();
    format!(
        "the target `{name}` is no longer in the file: nothing is done any more about {accounts} \
         of ours there (enabled: {enabled}, of these of people who have left: {leavers}). Put it \
         back; or, if others answer for these accounts now, write `retired-targets = [\"{name}\"]` \
         at the top of the file.{renamed}"
    )
}

fn renamed<'n>(
    name: &ConnectorName,
    now: impl Iterator<Item = &'n ConnectorName>,
) -> Option<&'n str> {
    nearest(name.as_str(), now.map(ConnectorName::as_str))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
