//! Why an identity has what it has: from each account and grant back to the
//! rule and to the column of the source.

use jiff::Timestamp;

use crate::{
    account::AccountState,
    desired::{
        AccessNow, AccountContent, DesiredAccount, DesiredIdentity, DesiredStep, DesiredSteps,
        EngagementNow, EpisodeNow, Presence, RequestNow, RoleNow,
    },
    diff::{Page, shown, value},
    fact::{Fact, Identity},
    id::{ConnectorName, FactName},
    obligation::{Obligation, details, length},
    observed::{Link, Observed, ObservedTarget, Origin},
    operation::Cause,
    schema::ObjectDef,
    value::ObjectRef,
    workflow::{PlannedStep, StepRecord},
};

/// One page about one identity, with what they still have to lose.
pub fn explain(
    identity: &Identity,
    desired: &DesiredIdentity,
    observed: &Observed,
    (owed, now): (&[Obligation], Timestamp),
) -> String {
    let mut page = Page::default();
    page.line(0, &format!("{} ({})", desired.label, identity.id));
    let state = &desired.state;
    let since = state.since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
    page.line(1, &format!("{}{since}: {}", state.state.word(), state.because));
    if let Some(until) = state.until {
        page.line(1, &format!("until {until:.0}, if nothing else changes"));
    }
    if let Some(absent) = identity.absent_since {
        page.line(1, &format!("no source has had a record of them since {absent:.0}"));
    }
    for doubt in &state.doubts {
        page.line(1, &format!("doubtful: {doubt}"));
    }
    for hold in &desired.holds {
        page.line(1, &format!("held, nothing is changed: {hold}"));
    }
    explain_engagements(&desired.engagements, &mut page);
    explain_access(&desired.access, &mut page);
    explain_episodes(&desired.episodes, &mut page);
    explain_steps(&desired.steps, &mut page);
    let links = || observed.links.iter().filter(|link| link.identity == identity.id);
    let mut targets: Vec<&ConnectorName> =
        desired.accounts.keys().chain(links().map(|link| &link.target)).collect();
    targets.extend(owed.iter().map(|it| &it.place.target));
    targets.sort();
    targets.dedup();
    for target in targets {
        page.gap();
        let mut links: Vec<&Link> = links().filter(|link| link.target == *target).collect();
        links.sort_by_key(|link| (link.gone, &link.account));
        explain_target(target, desired.accounts.get(target), &links, observed, &mut page);
        explain_owed(owed.iter().filter(|it| it.place.target == *target), now, &mut page);
    }
    page.gap();
    explain_facts(identity, &mut page);
    page.text
}

/// What they are engaged in, where that is several things.
fn explain_engagements(engagements: &[EngagementNow], page: &mut Page) {
    for (place, engagement) in engagements.iter().enumerate() {
        let primary = if place == 0 { ", the primary one" } else { "" };
        page.line(1, &format!("{engagement}{primary}"));
    }
}

/// Roles they have, and what must not be held together.
fn explain_access(access: &AccessNow, page: &mut Page) {
    for RoleNow { name, about, causes } in &access.roles {
        page.line(1, &format!("has role `{name}`, {about}"));
        because(2, causes, page);
    }
    for conflict in &access.conflicts {
        page.line(1, &format!("conflict: {conflict}"));
    }
    for taken in &access.taken {
        page.line(1, &format!("taken: {taken}"));
    }
    for text in &access.reviewed.missed {
        page.line(1, &format!("reviewed: {text}"));
    }
    for RequestNow { request, waits, is_unasked: _, conflicts } in &access.requests.open {
        page.line(1, &format!("request {} for {}", request.id, request.access));
        page.line(2, &request.about());
        page.line(2, &format!("reason: {}", request.reason));
        if let Some(waits) = waits {
            page.line(2, waits);
        }
        for conflict in conflicts {
            page.line(2, &format!("conflict: {conflict}"));
        }
    }
}

/// Workflows they are in, and what each waits for.
fn explain_episodes(episodes: &[EpisodeNow], page: &mut Page) {
    for EpisodeNow { episode, waits, .. } in episodes.iter().filter(|it| it.episode.is_open()) {
        page.line(1, &format!("workflow `{}`, since {:.0}", episode.workflow, episode.began));
        for (step, record) in &episode.steps {
            if let StepRecord::Ended { at, end } = record {
                page.line(2, &format!("step `{step}`: {} at {at:.0}", end.word()));
            }
        }
        for (step, why) in waits {
            page.line(2, &format!("step `{step}`: {why}"));
        }
    }
}

/// Steps that the next plan carries out, and those that failed.
fn explain_steps(steps: &DesiredSteps, page: &mut Page) {
    for PlannedStep { workflow, step, causes, .. } in &steps.planned {
        page.line(1, &format!("step `{step}` of `{workflow}` is to be carried out"));
        because(2, causes, page);
    }
    for DesiredStep { workflow, step, text } in &steps.open {
        page.line(1, &format!("step `{step}` of `{workflow}` is not done: it {text}"));
    }
}

fn explain_target(
    target: &ConnectorName,
    wanted: Option<&DesiredAccount>,
    links: &[&Link],
    observed: &Observed,
    page: &mut Page,
) {
    page.line(0, &target.to_string());
    let there = observed.targets.get(target);
    for link in links {
        page.line(1, &account_line(link, there));
    }
    if links.is_empty() {
        page.line(1, "no account of theirs");
    }
    match wanted {
        None => page.line(1, "nothing is said about an account here"),
        Some(DesiredAccount { presence, causes }) => {
            page.line(1, &wanted_line(presence));
            because(2, causes, page);
            if let Presence::Present { content, .. } = presence {
                explain_content(content, there, page);
            }
        }
    }
    for link in links.iter().filter(|link| !link.gone) {
        explain_grants(target, wanted, &link.account, observed, page);
    }
}

/// What is to be lost there and not shown to be.
fn explain_owed<'a>(owed: impl Iterator<Item = &'a Obligation>, now: Timestamp, page: &mut Page) {
    for obligation in owed {
        let since = length(now.duration_since(obligation.since));
        page.line(1, &format!("to lose, open for {since}: {}", obligation.what()));
        for line in details(obligation) {
            page.line(2, &line);
        }
    }
}

pub(crate) fn account_line(link: &Link, there: Option<&ObservedTarget>) -> String {
    let found = there
        .and_then(|there| there.accounts.iter().find(|account| account.reference == link.account));
    let origin = match link.origin {
        Origin::Created => "created by us",
        Origin::Adopted => "adopted",
    };
    let Some(account) = found else {
        let how = if link.gone { "gone" } else { "not seen" };
        return format!("account {}: {how}, {origin}", link.account);
    };
    let since = link.disabled_since.filter(|_| account.state != AccountState::Active);
    let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
    let read = there.map(|there| format!(", read {:.0}", there.read_at)).unwrap_or_default();
    format!(
        "account `{}` ({}): {}{since}, {origin}{read}",
        account.name,
        link.account,
        state_word(account.state),
    )
}

pub(crate) fn state_word(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Disabled => "disabled",
        AccountState::Locked => "locked",
        AccountState::Pending => "waiting to be accepted",
        AccountState::SoftDeleted => "deleted but kept",
        AccountState::Unknown => "in an unknown state",
    }
}

pub(crate) fn wanted_line(presence: &Presence) -> String {
    match presence {
        Presence::Present { enabled: true, content } => {
            format!("should be enabled, as `{}`", content.name)
        }
        Presence::Present { enabled: false, content } => {
            format!("should be there, disabled, as `{}`", content.name)
        }
        Presence::Kept { until } => format!("is kept as it is until {until:.0}"),
        Presence::Disabled => "should be disabled, if there is one".to_owned(),
        Presence::Deleted { due } => format!("should be deleted after {due:.0}"),
    }
}

fn because(depth: usize, causes: &[Cause], page: &mut Page) {
    for cause in causes {
        page.line(depth, &format!("because {cause}"));
    }
}

fn explain_content(content: &AccountContent, there: Option<&ObservedTarget>, page: &mut Page) {
    let def: Option<&ObjectDef> = there.and_then(|there| there.schema.object(&content.object_type));
    for (name, values) in &content.attributes {
        page.line(2, &format!("{name}: {}", shown(def, name, values)));
        because(3, content.attribute_causes.get(name).map_or(&[], Vec::as_slice), page);
    }
    for (grant, causes) in &content.grants {
        page.line(2, &format!("should hold {}", grant.entitlement));
        because(3, causes, page);
    }
}

/// What the account holds, and whose it is to take away.
fn explain_grants(
    target: &ConnectorName,
    wanted: Option<&DesiredAccount>,
    account: &ObjectRef,
    observed: &Observed,
    page: &mut Page,
) {
    let Some(there) = observed.targets.get(target) else { return };
    let mut held: Vec<(&str, String)> = there
        .assignments
        .iter()
        .filter(|it| it.holder == *account)
        .map(|it| {
            let name = there
                .entitlements
                .iter()
                .find(|entitlement| entitlement.reference == it.entitlement)
                .map_or(it.entitlement.uid.as_str(), |entitlement| &entitlement.name);
            let ours = observed.ledger.iter().any(|owned| {
                owned.target == *target
                    && owned.holder == *account
                    && owned.entitlement == it.entitlement
            });
            let whose = match (it.direct, ours) {
                (false, _) => "through another entitlement",
                (true, true) => "granted by us",
                (true, false) if wanted.is_some() => "not granted by us",
                (true, false) => "not granted by us, and nothing is said about it",
            };
            (name, whose.to_owned())
        })
        .collect();
    held.sort();
    for (name, whose) in held {
        page.line(1, &format!("holds {name}, {whose}"));
    }
}

fn explain_facts(identity: &Identity, page: &mut Page) {
    page.line(0, "facts");
    for (name, facts) in &identity.facts {
        for fact in facts {
            page.line(1, &fact_line(name, fact));
        }
    }
}

/// "department = "Sales" — hr record E1, column department, learned …".
pub(crate) fn fact_line(name: &FactName, fact: &Fact) -> String {
    let values: Vec<String> = fact.values.iter().map(value).collect();
    let columns = match fact.from.as_slice() {
        [] => String::new(),
        [column] => format!(", column {column}"),
        columns => format!(", columns {}", columns.join(", ")),
    };
    let range = match (fact.effective_from, fact.effective_until) {
        (None, None) => String::new(),
        (Some(from), None) => format!(", from {from:.0}"),
        (None, Some(until)) => format!(", until {until:.0}"),
        (Some(from), Some(until)) => format!(", from {from:.0} until {until:.0}"),
    };
    format!(
        "{name} = {}{range} — {} record {}{columns}, learned {:.0}",
        values.join(", "),
        fact.record.source,
        fact.record.key,
        fact.learned,
    )
}
