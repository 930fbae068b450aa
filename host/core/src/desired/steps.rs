//! What workflows ask for one identity now: which episodes begin, go on and
//! end, and what their steps wish.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    DesiredStep,
    effects::{Due, cause, due, open},
    episode::EpisodeNow,
    jobs::Job,
    person::Facts,
    unused::Told,
};
use crate::{
    engagement::Tenure,
    entitlement::Index,
    id::{ConnectorName, FactName, IdentityId, StepName, WorkflowName},
    lifecycle::{LifecycleState, StateNow},
    observed::{Link, Observed},
    operation::Cause,
    policy::Policy,
    request::Request,
    review::Excluded,
    template::{Scope, Template},
    value::ObjectRef,
    workflow::{
        AccountVerb, Action, Advanced, Begin, Decided, Episode, EpisodeEnd, On, Situation, Step,
        StepEnd, StepRecord, Task, Trigger, Workflow, advance, lasting_steps, standing,
    },
};

/// Everything workflows say of one identity.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub episodes: Vec<EpisodeNow>,
    pub wishes: Vec<Wish>,
    /// Targets whose accounts a workflow deletes when it comes to that, or
    /// would if it had not stopped; none when it is all of them.  The leaver
    /// policy does not.
    pub deletes: Vec<Option<BTreeSet<ConnectorName>>>,
    pub holds: Vec<String>,
    /// Steps to be carried out now.
    pub due: Vec<Due>,
    /// Steps that failed, and stay open until a person says something.
    pub open: Vec<DesiredStep>,
    /// Workflows that a step of another one begins.
    started: Vec<WorkflowName>,
}

/// What a step wants to be so as long as its episode stands.
#[derive(Debug)]
pub(super) struct Wish {
    pub action: Action<Template>,
    /// When its episode did.
    pub began: Timestamp,
    pub since: Timestamp,
    /// When the step began; none once it has ended.
    pub begun: Option<Timestamp>,
    pub cause: Cause,
}

/// What targets have to grant, where workflows may speak of it.
pub(crate) type Entitlements<'a> = BTreeMap<&'a ConnectorName, Index<'a>>;

/// What each account of a target holds, where something must not be held
/// together.
pub(super) type Held<'a> =
    BTreeMap<&'a ConnectorName, BTreeMap<&'a ObjectRef, BTreeSet<&'a ObjectRef>>>;

/// When each account of a target was last used, where a workflow asks.
pub(super) type Used<'a> = BTreeMap<&'a ConnectorName, BTreeMap<&'a ObjectRef, Option<Timestamp>>>;

/// One identity as workflows look at it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub policy: &'a Policy,
    pub observed: &'a Observed,
    pub entitlements: &'a Entitlements<'a>,
    pub held: &'a Held<'a>,
    pub used: &'a Used<'a>,
    pub id: IdentityId,
    pub state: &'a StateNow,
    pub facts: &'a Facts<'a>,
    pub scope: &'a Scope,
    /// Engagements beside the one of these facts.
    pub others: &'a [Job<'a>],
    /// Since when values have been the same that another source tells by now.
    pub unchanged: &'a BTreeMap<FactName, Timestamp>,
    /// Their first and last day over all of them.
    pub tenure: Tenure<'a>,
    pub absent_since: Option<Timestamp>,
    /// Of their dates.
    pub zone: &'a TimeZone,
    /// Accounts of theirs that are not gone.
    pub links: &'a [&'a Link],
    /// Requests that give them something.
    pub requests: &'a [Request],
    /// What reviews took from them.
    pub excluded: Option<&'a Excluded>,
    pub now: Timestamp,
}

/// Looks at every workflow of the file, and at every episode that stands.
pub(super) fn turn(subject: &Subject<'_>) -> Turn {
    let mut turn = Turn::default();
    let workflows = &subject.policy.workflows;
    for workflow in workflows {
        if let Err(sentence) = subject.look(workflow, &mut turn) {
            turn.holds.push(format!("workflow `{}`: {sentence}", workflow.name));
        }
    }
    for (name, episode) in
        subject.observed.workflows.episodes.get(&subject.id).into_iter().flatten()
    {
        let in_file = workflows.iter().any(|workflow| workflow.name == *name);
        if in_file || !episode.stands() {
            continue;
        }
        if let Err(sentence) = subject.look_without_file(episode, &mut turn) {
            turn.holds.push(format!("workflow `{name}`: {sentence}"));
        }
    }
    // One that is begun may begin others; each begins once.
    while let Some(name) = turn.started.pop() {
        let Some(workflow) = workflows.iter().find(|it| it.name == name) else { continue };
        if let Err(sentence) = subject.start(workflow, &mut turn) {
            turn.holds.push(format!("workflow `{name}`: {sentence}"));
        }
    }
    turn
}

impl Subject<'_> {
    fn look(&self, workflow: &Workflow, turn: &mut Turn) -> Result<(), String> {
        let latest = self.observed.workflows.latest(self.id, &workflow.name);
        if let Some(asked) = latest.filter(|it| it.by.is_some() && it.is_open()) {
            self.go_on(self.form(asked)?, asked.clone(), None, turn);
            return Ok(());
        }
        // What somebody is in is about what it was when it began.
        let standing_episode = latest.filter(|latest| latest.is_open());
        let form = standing_episode.map_or(Ok(workflow), |episode| self.form(episode))?;
        let since = match (self.told(&form.on)?, latest) {
            (Told::Since(since), _) => since,
            (Told::Unknown, None) => return Ok(()),
            // What it is about is as it was until somebody can tell.
            (Told::Unknown, Some(latest)) => {
                self.go_on(self.form(latest).unwrap_or(workflow), latest.clone(), None, turn);
                return Ok(());
            }
        };
        let known_since = self.observed.workflows.known_since.get(&workflow.name);
        let known_since = known_since.copied().unwrap_or(self.now);
        let departed = self.departed();
        match (Begin::of(&form.on, since, latest, known_since, departed), latest) {
            (Begin::Nothing, None) => Ok(()),
            (Begin::Nothing, Some(latest)) => {
                self.go_on(self.form(latest).unwrap_or(workflow), latest.clone(), None, turn);
                Ok(())
            }
            (Begin::Before, _) => {
                let end = Some(EpisodeEnd::Before { at: self.now });
                let episode = Episode { end, ..self.new_episode(workflow, 1, self.now) };
                turn.episodes.push(EpisodeNow::seen(episode));
                Ok(())
            }
            (Begin::Leaves, latest) => {
                turn.episodes.extend(latest.map(|latest| self.left(latest.clone())));
                Ok(())
            }
            (Begin::Begins { ordinal, moment }, latest) => {
                if !self.is_for(workflow)? {
                    // An older episode that is still open goes on.
                    let Some(open) = standing_episode else { return Ok(()) };
                    self.go_on(form, open.clone(), None, turn);
                    return Ok(());
                }
                // A change of what changed before: the newer one counts.
                let before = latest.filter(|latest| latest.left.is_none());
                turn.episodes.extend(before.map(|before| self.left(before.clone())));
                self.begin(workflow, ordinal, moment, turn);
                Ok(())
            }
        }
    }

    /// An episode of a workflow that the file no longer has: it goes on as it
    /// began, and nobody else begins one.
    fn look_without_file(&self, episode: &Episode, turn: &mut Turn) -> Result<(), String> {
        let form = self.form(episode)?;
        let of_before = self.departed().is_some_and(|at| episode.began < at);
        let stays = (episode.by.is_some() && episode.is_open() || form.on == On::Demand)
            && (!of_before || episode.is_open());
        if stays || self.told(&form.on)? != Told::Since(None) {
            self.go_on(form, episode.clone(), None, turn);
            return Ok(());
        }
        turn.episodes.push(self.left(episode.clone()));
        Ok(())
    }

    /// Since when it is known that they are over.
    fn departed(&self) -> Option<Timestamp> {
        let over = On::State(self.state.state.broad());
        let over = self.state.state.is_over().then(|| standing(&over, &self.trigger()));
        over?.ok().flatten()
    }

    /// Since when it is known that they are on leave.
    pub(super) fn away(&self) -> Option<Timestamp> {
        let on_leave = On::State(LifecycleState::OnLeave);
        standing(&on_leave, &self.trigger()).ok().flatten()
    }

    pub(super) fn trigger(&self) -> Trigger<'_> {
        Trigger {
            state: self.state,
            facts: self.facts,
            unchanged: self.unchanged,
            tenure: self.tenure,
            absent_since: self.absent_since,
            timezone: self.zone,
            now: self.now,
        }
    }

    /// The workflow as it was when an episode began.
    fn form(&self, episode: &Episode) -> Result<&Workflow, String> {
        let mut current = self.policy.workflows.iter();
        current
            .find(|it| it.version == episode.version)
            .or_else(|| self.policy.versions.get(&episode.version))
            .ok_or_else(|| {
                "an episode began with an older form of it, which cannot be read any more; cancel \
                 it with `lanyard workflow cancel`"
                    .to_owned()
            })
    }

    fn is_for(&self, workflow: &Workflow) -> Result<bool, String> {
        let holds = workflow.when.holds(&self.policy.expressions, self.scope);
        holds.map_err(|error| error.to_string())
    }

    fn new_episode(&self, workflow: &Workflow, ordinal: u32, began: Timestamp) -> Episode {
        Episode {
            identity: self.id,
            workflow: workflow.name.clone(),
            ordinal,
            version: workflow.version.clone(),
            began,
            by: None,
            end: None,
            left: None,
            steps: BTreeMap::new(),
            tried: BTreeMap::new(),
        }
    }

    fn begin(&self, workflow: &Workflow, ordinal: u32, moment: Timestamp, turn: &mut Turn) {
        let episode = self.new_episode(workflow, ordinal, moment);
        let news = format!("workflow `{}` begins", workflow.name);
        self.go_on(workflow, episode, Some(news), turn);
    }

    /// As a step of another workflow wants, if it is for them; one that is
    /// open goes on.
    fn start(&self, workflow: &Workflow, turn: &mut Turn) -> Result<(), String> {
        let latest = self.observed.workflows.latest(self.id, &workflow.name);
        let under_way = turn.episodes.iter().any(|it| it.episode.workflow == workflow.name);
        if under_way || latest.is_some_and(Episode::is_open) || !self.is_for(workflow)? {
            return Ok(());
        }
        let ordinal = latest.map_or(1, |latest| latest.ordinal.saturating_add(1));
        self.begin(workflow, ordinal, self.now, turn);
        if let Some(begun) = turn.episodes.last_mut() {
            begun.decided.began = true;
        }
        Ok(())
    }

    /// What it was about is over: nothing more of it is done.
    fn left(&self, mut episode: Episode) -> EpisodeNow {
        let name = &episode.workflow;
        let news = episode.is_open().then(|| format!("workflow `{name}` is withdrawn"));
        let news = news.into_iter().collect();
        episode.left = Some(self.now);
        episode.end = episode.end.or(Some(EpisodeEnd::Withdrawn { at: self.now }));
        EpisodeNow { news, ..EpisodeNow::seen(episode) }
    }

    fn go_on(
        &self,
        workflow: &Workflow,
        mut episode: Episode,
        begun: Option<String>,
        turn: &mut Turn,
    ) {
        if !episode.stands() {
            return;
        }
        turn.deletes.extend(workflow.steps.iter().filter_map(deletes).cloned());
        if !episode.is_open() {
            turn.open.extend(open(workflow, &episode));
            let steps = lasting_steps(workflow, &episode);
            turn.wishes
                .extend(steps.into_iter().filter_map(|it| self.wish(workflow, it, &episode)));
            return;
        }
        let achieved = |action: &Action<Template>, since| self.achieved(action, since);
        let looked = advance(
            workflow,
            &episode,
            &Situation {
                expressions: &self.policy.expressions,
                scope: self.scope,
                timezone: self.zone,
                achieved: &achieved,
                unable: &|action| self.unable(action),
                not_yet: &|action| self.not_yet(action),
                now: self.now,
            },
        );
        let before = begun.is_none().then(|| episode.clone());
        let mut news: Vec<String> = begun.into_iter().collect();
        let Advanced { begun, ended, seen, due: ready, in_force, waits, end, holds } = looked;
        turn.holds.extend(holds);
        let mut decided = Decided { began: false, steps: seen };
        // What begins or ends by what is seen does so now as well.
        let mut follows = |step: &StepName, at: Timestamp| {
            let after = workflow.step(step).map(|step| &step.after).into_iter().flatten();
            if at == self.now && after.into_iter().any(|it| decided.steps.contains(it)) {
                decided.steps.insert(step.clone());
            }
        };
        for (step, at, _) in &ended {
            follows(step, *at);
        }
        for (step, at) in &begun {
            follows(step, *at);
        }
        for (step, at) in begun {
            // What is tried from now on is so from when it is tried: nothing
            // that is decided depends on when somebody looks.
            if news.is_empty() || !ready.contains(&step) {
                episode.steps.insert(step, StepRecord::Begun { at });
            }
        }
        for (step, at, end) in ended {
            episode.steps.insert(step, StepRecord::Ended { at, end });
        }
        for id in ready {
            let Some(Step { task: Task::Do(action), .. }) = workflow.step(&id) else { continue };
            let Action::Start { workflow: started } = action else {
                turn.due.push(due(workflow, &episode, id, action));
                continue;
            };
            news.push(format!("workflow `{}`: step `{id}` begins `{started}`", workflow.name));
            turn.started.push(started.clone());
            decided.steps.insert(id.clone());
            episode.steps.insert(id, StepRecord::Ended { at: self.now, end: StepEnd::Done });
        }
        if let Some(EpisodeEnd::Stopped { step, .. }) = &end {
            news.push(stops(workflow, &episode, step));
        }
        episode.end = end;
        turn.stays_open(workflow, &episode);
        let changed = before.as_ref() != Some(&episode);
        let steps = in_force.iter().filter_map(|id| workflow.step(id));
        turn.wishes.extend(steps.filter_map(|step| self.wish(workflow, step, &episode)));
        turn.episodes.push(EpisodeNow { episode, changed, news, decided, waits });
    }

    fn wish(&self, workflow: &Workflow, step: &Step, episode: &Episode) -> Option<Wish> {
        let Task::Do(action) = &step.task else { return None };
        let ended = episode.ended(&step.id).map(|(at, _)| at);
        let cause = cause(workflow, &step.id);
        let since = ended.unwrap_or(self.now);
        let begun = episode.begun(&step.id);
        Some(Wish { action: action.clone(), began: episode.began, since, begun, cause })
    }
}

fn stops(Workflow { name, .. }: &Workflow, episode: &Episode, step: &StepName) -> String {
    let trouble = episode.ended(step).map_or("took too long".into(), |(_, end)| end.trouble());
    format!("workflow `{name}` stops: step `{step}` {trouble}")
}

/// Whether workflows of the file say when accounts are deleted.
pub fn workflows_delete(policy: &Policy) -> bool {
    policy.workflows.iter().any(|workflow| workflow.steps.iter().any(|it| deletes(it).is_some()))
}

fn deletes(step: &Step) -> Option<&Option<BTreeSet<ConnectorName>>> {
    match &step.task {
        Task::Do(Action::Accounts { verb: AccountVerb::Delete, targets }) => Some(targets),
        _ => None,
    }
}
