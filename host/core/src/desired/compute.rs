//! From identities and rules to what should be true at every target.

mod carry;
mod held;
mod left;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};

pub use self::left::deleted_from;
use super::{
    AccessNow, AtOnce, Desired, DesiredAccount, DesiredIdentity, DesiredSteps, Presence,
    RequestsNow, WantedEnd,
    access::{self, Settled},
    content::Site,
    credential,
    effects::Due,
    ended,
    episode::EpisodeNow,
    imagined, jobs, leave,
    life::{Life, engaged, life, past_starts},
    managed_object,
    names::{self, Names},
    person::{self, Besides, Facts, Given, Wanted},
    references::{self, Accounts, Referents},
    requests,
    steps::{self, Entitlements, Held, Subject, Turn, Used},
    wishes::Overrides,
};
use crate::{
    engagement::{self, EngagementNow},
    fact::{Hold, Identity},
    id::{ConnectorName, FactName, IdentityId},
    identity::{self, Assembled},
    lifecycle::{self, StateNow},
    observed::{Link, Observed},
    policy::Policy,
    review::{self, Excluded},
    template::Scope,
};

/// One identity on its way to what is desired for it.
struct Person<'a> {
    label: String,
    facts: Facts<'a>,
    scope: Scope,
    state: StateNow,
    engagements: Vec<EngagementNow>,
    wanted: BTreeMap<ConnectorName, Wanted>,
    access: AccessNow,
    accounts: BTreeMap<ConnectorName, DesiredAccount>,
    overrides: Overrides,
    /// Targets where a workflow says when accounts are deleted.
    deletes: Vec<Option<BTreeSet<ConnectorName>>>,
    episodes: Vec<EpisodeNow>,
    due: Vec<Due>,
    steps: DesiredSteps,
    holds: Vec<String>,
    legal_holds: Vec<String>,
    at_once: AtOnce,
    ends: Vec<WantedEnd>,
}

/// What should be true of every identity now.
///
/// Targets missing from `observed` get no desired accounts, for nothing is
/// known of what an account there looks like; accounts that should be
/// disabled or deleted are desired without that.
pub fn desired(
    policy: &Policy,
    assembled: &Assembled,
    observed: &Observed,
    now: Timestamp,
) -> Desired {
    let mut links: BTreeMap<IdentityId, Vec<&Link>> = BTreeMap::new();
    for link in observed.links.iter().filter(|link| !link.gone) {
        links.entry(link.identity).or_default().push(link);
    }
    let entitlements = held::entitlements(policy, observed);
    let held = held::held(policy, observed);
    let used = held::used(policy, observed);
    let excluded = review::excluded(&review::heard(policy, assembled, observed, now));
    let mut people: BTreeMap<IdentityId, Person<'_>> = assembled
        .identities
        .iter()
        .map(|identity| {
            let wrong = assembled.holds.get(&identity.id).map(Vec::as_slice).unwrap_or_default();
            let links = links.get(&identity.id).map(Vec::as_slice).unwrap_or_default();
            let around = Around {
                observed,
                entitlements: &entitlements,
                held: &held,
                used: &used,
                excluded: &excluded,
                links,
                now,
            };
            (identity.id, person(policy, identity, wrong, &around))
        })
        .collect();
    let known = assembled.identities.iter().flat_map(|identity| identity.facts.keys());
    let ever_known: BTreeSet<&FactName> = known.chain(&assembled.also_known).collect();
    let referents = Referents::among(policy, &assembled.identities);
    let mut given = BTreeMap::new();
    for (name, target) in &policy.targets {
        let object =
            observed.targets.get(name).and_then(|found| managed_object(target, &found.schema));
        if let Some(object) = object {
            let site = Site { name, policy: target, object };
            let there = AtTarget { observed, ever_known: &ever_known, referents: &referents, now };
            let logins = accounts_at(policy, site, &there, &given, &mut people);
            given.insert(name, logins);
        }
    }
    left::leave(policy, &observed.links, &mut people, now);
    carry::carry_out(policy, assembled, observed, &mut people, now);
    let identities = people.into_iter().map(|(id, person)| (id, person.finished())).collect();
    let mut desired = Desired { identities };
    imagined::liken_those_due(policy, assembled, &mut desired, observed, now);
    desired
}

/// What is the same for everybody, and the accounts of one.
struct Around<'a> {
    observed: &'a Observed,
    entitlements: &'a Entitlements<'a>,
    held: &'a Held<'a>,
    used: &'a Used<'a>,
    /// What reviews took from people.
    excluded: &'a BTreeMap<IdentityId, Excluded>,
    /// Those that are not gone.
    links: &'a [&'a Link],
    now: Timestamp,
}

const NOTHING: &BTreeMap<FactName, Timestamp> = &BTreeMap::new();

/// No failing workflow keeps a leaver's accounts open; nobody knows when it
/// would have had them deleted.
fn spare(
    state: &mut StateNow,
    holds: &mut Vec<String>,
    deletes: &mut Vec<Option<BTreeSet<ConnectorName>>>,
    (failed, doubtful): (Vec<String>, bool),
) {
    let over = state.state.is_over();
    deletes.extend((over && (doubtful || !failed.is_empty())).then_some(None));
    if over { &mut state.doubts } else { holds }.extend(failed);
}

fn person<'a>(
    policy: &Policy,
    identity: &'a Identity,
    wrong: &[Hold],
    around: &Around<'_>,
) -> Person<'a> {
    let Around { observed, entitlements, held, used, excluded, links, now } = *around;
    let engaged = engaged(policy, identity, wrong, &observed.kept, now);
    let Life { mut state, mut holds, legal_holds, absent_since, doubtful } =
        life(policy, identity, (&engaged, wrong), (&observed.kept, links), now);
    let engagements = engagement::shown(&engaged);
    let (key, others) = (jobs::key(identity, &engaged), jobs::others(identity, &engaged));
    let one = engaged.len() == 1;
    let tenure = engagement::tenure(policy, &engaged, past_starts(&observed.kept, identity.id));
    let facts = engaged.into_iter().next().map(|it| it.facts).unwrap_or_default();
    let scope = person::scope(&facts, &identity.id.to_string(), key, &state);
    let zone = zone(policy, &facts);
    let about = (identity.id, &state, tenure.begins);
    let mut asked = requests::standing(policy, about, &observed.kept, now);
    let in_force = asked.in_force();
    let besides = Besides { requests: &in_force, ..Besides::nothing(now) };
    let about = (&facts, &scope, &state);
    let given = jobs::given(policy, Some(entitlements), about, &others, &besides).unwrap_or_else(
        |failed| {
            holds.extend(failed);
            Given::default()
        },
    );
    let subject = Subject {
        policy,
        observed,
        entitlements,
        held,
        used,
        id: identity.id,
        state: &state,
        facts: &facts,
        scope: &scope,
        others: &others,
        // Of several jobs each has its own values.
        unchanged: if one { &identity.unchanged } else { NOTHING },
        tenure,
        absent_since,
        zone: &zone,
        links,
        requests: &in_force,
        excluded: excluded.get(&identity.id),
        now,
    };
    // Workflows of somebody whose state is not known stand still.
    let turn = if holds.is_empty() { steps::turn(&subject) } else { Turn::default() };
    let settled = access::settle(&subject, &turn.wishes, given, identity);
    let Turn { episodes, mut deletes, holds: mut failed, due, open, wishes, .. } = turn;
    let settled = settled.map_err(|more| failed.extend(more)).unwrap_or_default();
    asked.look(&subject, (&wishes, &settled), identity);
    let Settled { wanted, overrides, mut access, mut at_once } = settled;
    access.requests = asked;
    ended::ended(&subject, &wanted, &mut at_once);
    spare(&mut state, &mut holds, &mut deletes, (failed, doubtful));
    Person {
        label: identity::label(identity, &facts),
        facts,
        scope,
        state,
        engagements,
        wanted,
        access,
        accounts: BTreeMap::new(),
        overrides,
        deletes,
        episodes,
        due,
        steps: DesiredSteps { open, ..DesiredSteps::default() },
        holds,
        legal_holds,
        at_once,
        ends: credential::ends(&wishes),
    }
}

/// Of their dates; where it cannot be told, that of the firm.
fn zone(policy: &Policy, facts: &Facts<'_>) -> TimeZone {
    let zone = lifecycle::zone_of(facts, &policy.lifecycle);
    zone.unwrap_or_else(|_wrong| policy.lifecycle.timezone.clone())
}

/// What accounts at every target are made of, besides who they are for.
struct AtTarget<'a> {
    observed: &'a Observed,
    /// Facts that anybody ever had.
    ever_known: &'a BTreeSet<&'a FactName>,
    referents: &'a Referents<'a>,
    now: Timestamp,
}

/// Desired accounts of everybody at one target: names first, those who have
/// one before those who need one.  Answers the names, as `given` has those of
/// the targets before.
fn accounts_at(
    policy: &Policy,
    site: Site<'_>,
    there: &AtTarget<'_>,
    given: &names::Given<'_>,
    people: &mut BTreeMap<IdentityId, Person<'_>>,
) -> BTreeMap<IdentityId, String> {
    let mut names = Names::at(site, there.observed, given, there.now);
    let mut logins: BTreeMap<IdentityId, String> = BTreeMap::new();
    for (id, person) in people.iter_mut() {
        if !person.gets(site.name) {
            continue;
        }
        match names.kept(&policy.expressions, *id, &mut person.scope) {
            Ok(Some(name)) => {
                logins.insert(*id, name);
            }
            Ok(None) => {}
            Err(sentence) => person.holds.push(sentence),
        }
    }
    for (id, person) in people.iter_mut() {
        if logins.contains_key(id) || !person.gets(site.name) {
            continue;
        }
        match names.give(&policy.expressions, *id, &mut person.scope) {
            Ok(name) => {
                logins.insert(*id, name);
            }
            Err(sentence) => person.holds.push(sentence),
        }
    }
    let accounts = Accounts::at(site, there.observed, &logins);
    for (id, login) in &logins {
        if let Some(person) = people.get_mut(id) {
            person.account(policy, site, (*id, login), (there, &accounts));
        }
    }
    logins
}

impl Person<'_> {
    fn gets(&self, target: &ConnectorName) -> bool {
        self.holds.is_empty() && self.wanted.contains_key(target)
    }

    fn account(
        &mut self,
        policy: &Policy,
        site: Site<'_>,
        (id, login): (IdentityId, &str),
        (there, accounts): (&AtTarget<'_>, &Accounts<'_>),
    ) {
        let Some(wanted) = self.wanted.get(site.name) else { return };
        // A step can ask for an account before the state does.
        let enabled = person::enabled(self.state.state).unwrap_or_default()
            || leave::keeps_login(policy, &self.state, site.name);
        let (enabled, because) = match self.overrides.enabled.get(site.name) {
            Some((enabled, cause)) => (*enabled, Some(cause.clone())),
            None => (enabled, None),
        };
        self.scope.own("login", login);
        let around = (there.referents, accounts);
        let referred = match references::refer(site, &policy.expressions, around, &mut self.scope) {
            Ok(referred) => referred,
            Err(failed) => return self.holds.extend(failed),
        };
        let others = (there.ever_known, &referred);
        let about = (&self.facts, &self.scope);
        match site.content(policy, about, (login, id.to_string()), wanted, others) {
            Ok(content) => {
                let presence = Presence::Present { enabled, content };
                let causes = wanted.causes.iter().cloned().chain(because).collect();
                self.accounts.insert(site.name.clone(), DesiredAccount { presence, causes });
            }
            Err(failed) => self.holds.extend(failed),
        }
    }

    fn finished(mut self) -> DesiredIdentity {
        if !self.holds.is_empty() {
            // Where they stand is not known, so that nothing of it ends.
            self.access.requests = RequestsNow::default();
        }
        let Self {
            label,
            state,
            engagements,
            wanted,
            access,
            accounts,
            episodes,
            steps,
            holds,
            legal_holds,
            at_once,
            ends,
            ..
        } = self;
        let unread = wanted.into_keys().filter(|target| !accounts.contains_key(target)).collect();
        let (accounts, episodes, steps) = if holds.is_empty() {
            (accounts, episodes, steps)
        } else {
            (BTreeMap::new(), Vec::new(), DesiredSteps::default())
        };
        DesiredIdentity {
            label,
            state,
            engagements,
            accounts,
            unread,
            holds,
            legal_holds,
            at_once,
            episodes,
            steps,
            ends,
            access,
            likeness: BTreeMap::new(),
        }
    }
}
