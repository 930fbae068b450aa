//! What the steps of workflows make of what rules give.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;

use super::{
    AtOnce, DesiredGrant, leave,
    person::Wanted,
    steps::{Subject, Wish},
};
use crate::{
    id::ConnectorName,
    operation::Cause,
    template::Template,
    workflow::{AccountVerb, Action},
};

/// What wishes make of what rules give.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    /// Enabled or not, whatever the state says.
    pub enabled: BTreeMap<ConnectorName, (bool, Cause)>,
    /// To be deleted, since when.
    pub deleted: BTreeMap<ConnectorName, (Timestamp, Cause)>,
    /// What steps take away.
    pub taken: AtOnce,
    /// What of it something gives all the same.
    pub missed: Vec<TakenByStep>,
}

/// Something that is given, and that a step took away again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenByStep {
    pub target: ConnectorName,
    /// As the file writes it.
    pub entitlement: String,
    /// What gives it.
    pub given: Vec<Cause>,
    /// The step.
    pub taken: Cause,
    pub since: Timestamp,
}

impl fmt::Display for TakenByStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, entitlement, given, taken, since } = self;
        let named =
            given.iter().filter(|it| !matches!(it, Cause::Fact { .. } | Cause::State { .. }));
        let given = named.map(ToString::to_string).collect::<Vec<_>>().join(", ");
        write!(f, "{given} gives `{entitlement}` at {target}, and {taken} took it at {since:.0}")
    }
}

/// Applies wishes in the order of the file; what takes away comes after what
/// gives.
///
/// # Errors
/// A sentence for every template that failed.
pub(super) fn apply(
    subject: &Subject<'_>,
    wishes: &[Wish],
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
) -> Result<Overrides, Vec<String>> {
    let mut overrides = Overrides::default();
    let mut failed = Vec::new();
    let gone = subject.state.state.is_over();
    // Whoever departed is given nothing, whatever a step says.
    for wish in wishes.iter().filter(|_| !gone) {
        if let Err(sentence) = give(subject, wish, wanted, &mut overrides) {
            failed.push(sentence);
        }
    }
    // A grant needs an account; a step that grants does not give one.
    wanted.retain(|_, wanted| !wanted.causes.is_empty());
    for wish in wishes {
        if let Err(sentence) = take(subject, wish, wanted, &mut overrides) {
            failed.push(sentence);
        }
    }
    if failed.is_empty() { Ok(overrides) } else { Err(failed) }
}

fn give(
    subject: &Subject<'_>,
    wish: &Wish,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
    overrides: &mut Overrides,
) -> Result<(), String> {
    let Wish { action, cause, began, .. } = wish;
    // No step of before opens or gives what a leave takes.
    let is_of_before = subject.away().is_some_and(|away| *began < away);
    match action {
        Action::Accounts { verb: AccountVerb::Create, targets } => {
            for target in targets.iter().flatten() {
                wanted.entry(target.clone()).or_default().causes.push(cause.clone());
            }
        }
        Action::Accounts { verb: AccountVerb::Enable, targets } => {
            let mut meant = subject.meant(targets.as_ref());
            meant.retain(|target| {
                !is_of_before || !leave::closes(subject.policy, subject.state, target)
            });
            for target in meant {
                overrides.enabled.insert(target, (true, cause.clone()));
            }
        }
        Action::Grant { grants } => {
            for (target, entitlement) in subject.entitlements(wish, grants)? {
                if is_of_before && !keeps(subject, (&target, &entitlement)) {
                    let taken = subject.entitlement(&target, &entitlement);
                    overrides.taken.grants.extend(taken.map(|it| (target, it.reference.clone())));
                    continue;
                }
                let wanted = wanted.entry(target).or_default();
                let grant = DesiredGrant { entitlement, relation: String::new() };
                wanted.grants.entry(grant).or_default().push(cause.clone());
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether a grant stays during their leave.
fn keeps(subject: &Subject<'_>, grant: (&ConnectorName, &str)) -> bool {
    leave::keeps_grant(subject.policy, subject.entitlements, subject.state, grant)
}

fn take(
    subject: &Subject<'_>,
    wish: &Wish,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
    overrides: &mut Overrides,
) -> Result<(), String> {
    let Wish { action, cause, since, began: _, begun } = wish;
    let begun = begun.unwrap_or(*since);
    let missed = |target: &ConnectorName, (grant, given): (DesiredGrant, Vec<Cause>)| TakenByStep {
        target: target.clone(),
        entitlement: grant.entitlement,
        given,
        taken: cause.clone(),
        since: begun,
    };
    match action {
        Action::Accounts { verb: AccountVerb::Disable, targets } => {
            for target in subject.meant(targets.as_ref()) {
                overrides.enabled.insert(target, (false, cause.clone()));
            }
        }
        Action::Accounts { verb: AccountVerb::Delete, targets } => {
            for target in subject.meant(targets.as_ref()) {
                wanted.remove(&target);
                overrides.deleted.insert(target, (*since, cause.clone()));
            }
        }
        Action::Revoke { grants } => {
            for (target, entitlement) in subject.entitlements(wish, grants)? {
                let meant = subject.entitlement(&target, &entitlement);
                let taken = meant.map(|it| (target.clone(), it.reference.clone()));
                overrides.taken.grants.extend(taken);
                if let Some(wanted) = wanted.get_mut(&target) {
                    let taken = wanted.grants.extract_if(.., |grant, _| {
                        let named = subject.entitlement(&target, &grant.entitlement);
                        grant.entitlement == entitlement || named.is_some() && named == meant
                    });
                    overrides.missed.extend(taken.map(|it| missed(&target, it)));
                }
            }
        }
        Action::RevokeAll { targets } => {
            for target in subject.meant(targets.as_ref()) {
                if let Some(wanted) = wanted.get_mut(&target) {
                    let taken = std::mem::take(&mut wanted.grants).into_iter();
                    overrides.missed.extend(taken.map(|it| missed(&target, it)));
                }
                overrides.taken.targets.insert(target);
            }
        }
        _ => {}
    }
    Ok(())
}

impl Subject<'_> {
    /// The targets a step names, or all.
    fn meant(&self, targets: Option<&BTreeSet<ConnectorName>>) -> Vec<ConnectorName> {
        match targets {
            Some(targets) => targets.iter().cloned().collect(),
            None => self.policy.targets.keys().cloned().collect(),
        }
    }

    fn entitlements(
        &self,
        wish: &Wish,
        grants: &BTreeMap<ConnectorName, Vec<Template>>,
    ) -> Result<Vec<(ConnectorName, String)>, String> {
        let mut found = Vec::new();
        for (target, templates) in grants {
            for template in templates {
                let text = self.policy.expressions.render(template, self.scope);
                let text = text.map_err(|error| format!("{}: {error}", wish.cause))?;
                if !text.trim().is_empty() {
                    found.push((target.clone(), text.trim().to_owned()));
                }
            }
        }
        Ok(found)
    }
}
