//! A plan: immutable, hashed, ordered operations, each with its cause.

mod access;
mod accounts;
mod adoption;
mod attributes;
mod catalogue;
mod credentials;
mod event;
mod grants;
mod merged;
mod note;
mod only;
mod order;
mod outline;
mod overlap;
mod requests;
mod settings;
mod surely;
mod theirs;
mod undo;
mod waits;
mod world;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::{
    outline::Outline,
    world::{Site, World},
};
use crate::{
    desired::{Desired, DesiredIdentity, DesiredStep, DesiredSteps, EpisodeNow},
    forgetting::{self, Closed, PlannedErasure},
    id::{ConnectorName, Digest, IdentityId, SeparationName},
    observed::{Observed, OwnedGrant},
    operation::Operation,
    request::PlannedQuestion,
    review::PlannedReview,
    value::ObjectRef,
    workflow::{Effect, Episode, PlannedStep},
};

pub(crate) use self::attributes::{compared, same_values};
pub use self::surely::{adopted_link, adopting};
pub use self::undo::{Applied, Present, Undoes, undo};
pub(crate) use self::{adoption::Candidates, surely::doubts, world::owners};
pub use self::{
    note::{Note, NoteKind},
    settings::{PlanSettings, TargetSettings},
};

/// What would be done, in order.
///
/// Two plans with the same digest do the same; nothing in it depends on when
/// it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In an order that respects every `after`; `id` is the position.
    pub operations: Vec<Operation>,
    /// Existing accounts that are surely somebody's, and theirs when the plan
    /// is applied: whoever agrees to it adopts them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopted: Vec<Adoption>,
    /// Existing accounts that look like somebody's, waiting for a person.
    pub adoptions: Vec<Adoption>,
    /// Grants found as desired, which become ours when the plan is applied.
    pub claims: Vec<OwnedGrant>,
    /// Episodes of workflows that begin, go on or end, as they are recorded
    /// when the plan is applied, once they are [dated](Episode::dated).
    pub episodes: Vec<PlannedEpisode>,
    /// Steps of workflows with an effect outside accounts and access, carried
    /// out after the operations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PlannedStep>,
    /// Questions about access that people asked for, after the steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<PlannedQuestion>,
    /// Reviews that are opened, or in which others are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<PlannedReview>,
    /// People who are erased, after everything else; who left first comes
    /// first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erasures: Vec<PlannedErasure>,
    /// What people hold together and should not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<PlannedConflict>,
    /// What waits and why, in sentences.
    pub notes: Vec<Note>,
    /// The plan that this one undoes; none: it brings about what is desired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undoes>,
    /// Labels of the identities that occur, for people.
    pub labels: BTreeMap<IdentityId, String>,
    /// Grants that stay for a while, since when nothing gives them (none:
    /// something does again); to be remembered, and nothing to carry out.
    #[serde(skip)]
    pub overlaps: BTreeMap<OwnedGrant, Option<Timestamp>>,
}

/// Somebody who holds what must not be held together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlannedConflict {
    pub separation: SeparationName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub identity: IdentityId,
    /// What they hold or are to hold, in words.
    pub sides: Vec<String>,
}

/// An episode of a workflow, and what is new of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEpisode {
    pub episode: Episode,
    /// In sentences.
    pub news: Vec<String>,
}

/// "adopt?": an account nobody adopted matches an identity that should have
/// one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Adoption {
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub account: ObjectRef,
    /// The account's login name.
    pub name: String,
    /// What matched ("anchor", "name", "attribute mail").
    pub matched: String,
    /// Why it is not sure, where something that is sure says that it is
    /// theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

impl Plan {
    /// Whether nothing would be written; there may be something to say.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Whether applying it changes anything, at targets or in our books.
    pub fn has_work(&self) -> bool {
        !self.operations.is_empty()
            || !self.adopted.is_empty()
            || !self.claims.is_empty()
            || !self.episodes.is_empty()
            || !self.steps.is_empty()
            || !self.questions.is_empty()
            || !self.reviews.is_empty()
            || !self.erasures.is_empty()
    }

    /// How many notes are about access that has to go, or may have to, and
    /// that this plan leaves.
    pub fn left_open(&self) -> usize {
        self.notes.iter().filter(|note| note.open).count()
    }

    /// Takes up how people call these identities.
    pub fn label(&mut self, desired: &Desired, who: impl IntoIterator<Item = IdentityId>) {
        let people = &desired.identities;
        let labels = who.into_iter().filter_map(|id| Some((id, people.get(&id)?.label.clone())));
        self.labels.extend(labels);
    }

    /// The hash that approvals, releases and `apply` refer to.
    ///
    /// # Errors
    /// When the plan cannot be written as JSON.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_json(self)
    }
}

/// What has to be done for `desired` to be true of `observed`.
///
/// `now` decides only whether a deletion is due.  A target without settings
/// or without an observation is left alone, with a note.
pub fn plan(
    settings: &PlanSettings<'_>,
    desired: &Desired,
    observed: &Observed,
    now: Timestamp,
) -> Plan {
    let world = World::new(settings, desired, observed);
    let mut outline =
        Outline { doubts: surely::judge(settings, desired, observed).doubts, ..Outline::default() };
    for target in settings.targets.keys().filter(|name| !world.targets.contains_key(*name)) {
        outline.not_read(target);
    }
    for (target, there) in &world.targets {
        let links = observed.links.iter().filter(|link| link.target == **target);
        outline.of_other_types(target, there, links);
    }
    for (identity, person) in &desired.identities {
        plan_person(settings, &world, *identity, person, now, &mut outline);
    }
    let erasures = erasures(settings, &world, (desired, observed), now, &mut outline);
    let Outline { drafts, adoptions, claims, notes, overlaps, doubts: _ } = outline;
    let adopted = observed.adopting.clone();
    let news = |person: &DesiredIdentity| person.episodes.clone();
    let episodes: Vec<PlannedEpisode> = desired
        .identities
        .values()
        .flat_map(news)
        .filter(|now| !now.news.is_empty())
        .map(|EpisodeNow { episode, decided, news, .. }| PlannedEpisode {
            episode: episode.undated(&decided, now),
            news,
        })
        .collect();
    let steps: Vec<PlannedStep> =
        desired.identities.values().flat_map(|person| person.steps.planned.clone()).collect();
    let questions = requests::questions(desired);
    let conflicts = access::conflicts(desired);
    let operations = order::ordered(settings, drafts);
    let occurring = operations
        .iter()
        .map(|operation| operation.identity)
        .chain(adoptions.iter().chain(&adopted).map(|adoption| adoption.identity))
        .chain(episodes.iter().map(|planned| planned.episode.identity))
        .chain(steps.iter().flat_map(|step| concerned(step.identity, &step.effect)))
        .chain(questions.iter().flat_map(|it| concerned(it.identity, &it.effect)))
        .chain(conflicts.iter().map(|conflict| conflict.identity))
        .chain(erasures.iter().map(|erasure| erasure.identity))
        .chain(notes.iter().filter_map(|note| note.identity));
    let labels = labels(desired, occurring);
    Plan {
        operations,
        adopted,
        adoptions: adoptions.into_iter().collect(),
        claims: claims.into_iter().collect(),
        episodes,
        steps,
        questions,
        reviews: Vec::new(),
        erasures,
        conflicts,
        notes: notes.into_iter().collect(),
        undoes: None,
        labels,
        overlaps,
    }
}

/// Those whose time is over, and what keeps the others.
fn erasures(
    settings: &PlanSettings<'_>,
    world: &World<'_>,
    (desired, observed): (&Desired, &Observed),
    now: Timestamp,
    outline: &mut Outline,
) -> Vec<PlannedErasure> {
    let mut erasures = Vec::new();
    let closed = Closed::of(observed);
    for (identity, person) in &desired.identities {
        let about = (*identity, person);
        let accounts = || theirs::hindrances(world, settings, observed, about);
        match forgetting::due(settings.retain, about, (&closed, observed), accounts, now) {
            Some(Ok(erasure)) => erasures.push(erasure),
            Some(Err(hindrances)) => {
                let text = format!("they are to be erased, and are not: {}", hindrances.join("; "));
                outline.about_person(NoteKind::Waits, *identity, &text, false);
            }
            None => {}
        }
    }
    erasures.sort();
    erasures
}

/// Why people cannot be erased, in sentences, of those who are known; whoever
/// nothing is in the way of has none.
pub fn hindered(
    settings: &PlanSettings<'_>,
    desired: &Desired,
    observed: &Observed,
    people: impl IntoIterator<Item = IdentityId>,
) -> BTreeMap<IdentityId, Vec<String>> {
    let world = World::new(settings, desired, observed);
    let known = people.into_iter().filter_map(|id| Some((id, desired.identities.get(&id)?)));
    known
        .map(|about| {
            let accounts = theirs::hindrances(&world, settings, observed, about);
            (about.0, forgetting::hindrances(about, observed, accounts))
        })
        .collect()
}

/// How people call those who occur.
fn labels(
    desired: &Desired,
    occurring: impl Iterator<Item = IdentityId>,
) -> BTreeMap<IdentityId, String> {
    let known = |id| desired.identities.get(&id).map(|person| (id, person.label.clone()));
    occurring.filter_map(known).collect()
}

/// Steps that cannot be carried out, and those that failed.
fn about_steps(identity: IdentityId, person: &DesiredIdentity, outline: &mut Outline) {
    let DesiredSteps { planned: _, unable, unasked, open } = &person.steps;
    for DesiredStep { workflow, step, text } in unasked {
        let text = format!("workflow `{workflow}`, step `{step}`: {text}");
        outline.about_person(NoteKind::Unasked, identity, &text, true);
    }
    for DesiredStep { workflow, step, text } in unable {
        let text = format!("workflow `{workflow}`, step `{step}`: {text}");
        outline.about_person(NoteKind::Waits, identity, &text, false);
    }
    for DesiredStep { workflow, step, text } in open {
        let text = format!("workflow `{workflow}`, step `{step}` {text}");
        outline.about_person(NoteKind::Undone, identity, &text, true);
    }
}

/// Whom a step is about, and who is asked by it.
fn concerned(identity: IdentityId, effect: &Effect) -> Vec<IdentityId> {
    let mut people = vec![identity];
    match effect {
        Effect::Ask { question, .. } => people.extend(question.stages.iter().flatten()),
        Effect::AskOthers { others, .. } => people.extend(others.stages.iter().flatten()),
        _ => {}
    }
    people
}

fn plan_person(
    settings: &PlanSettings<'_>,
    world: &World<'_>,
    identity: IdentityId,
    person: &DesiredIdentity,
    now: Timestamp,
    outline: &mut Outline,
) {
    if !person.holds.is_empty() {
        // Whether they should keep what they have is not known.
        let open = world.has_open(identity);
        for hold in &person.holds {
            outline.about_person(NoteKind::Held, identity, hold, open);
        }
        return;
    }
    for doubt in &person.state.doubts {
        outline.about_person(NoteKind::Doubtful, identity, doubt, false);
    }
    for conflict in person.access.conflicts.iter().filter(|it| it.prevented) {
        outline.about_person(NoteKind::Conflict, identity, &conflict.to_string(), false);
    }
    for text in &person.access.reviewed.missed {
        outline.about_person(NoteKind::Reviewed, identity, text, false);
    }
    plan_identity(settings, world, identity, person, now, outline);
    adoption::left_behind(world, identity, person, outline);
    about_steps(identity, person, outline);
    requests::notes(identity, person, outline);
}

fn plan_identity(
    settings: &PlanSettings<'_>,
    world: &World<'_>,
    identity: IdentityId,
    person: &DesiredIdentity,
    now: Timestamp,
    outline: &mut Outline,
) {
    let others = std::mem::take(&mut outline.drafts);
    for (target, wanted) in &person.accounts {
        let (Some(there), Some(target_settings)) =
            (world.targets.get(target), settings.targets.get(target))
        else {
            outline.not_read(target);
            continue;
        };
        let site = Site {
            identity,
            person,
            wanted,
            target,
            there,
            match_by: target_settings.match_by,
            access: target_settings.access,
            links: world.links_at(identity, target),
            in_doubt: world.in_doubt.contains(&(identity, target.clone())),
            newcomer: !world.links.contains_key(&identity),
            known: world.known,
            revoke_grants: settings.revoke_grants,
            overlap: settings.overlap,
            kept: world.kept,
            now,
        };
        accounts::plan_account(&site, outline);
    }
    let own = std::mem::replace(&mut outline.drafts, others);
    let own = waits::take_out_early(settings, world, (identity, person), own, outline);
    let own = waits::take_out_early_deletes(settings, world, (identity, person), own, outline);
    outline.drafts.extend(own);
}

#[cfg(test)]
mod tests;
