//! Two plans of the same world by two files: what each alone would do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    diff::{Names, Page, counted, person},
    guard::{Finding, FindingKind},
    id::{ConnectorName, IdentityId},
    observed::ObservedTarget,
    operation::{Operation, OperationKind},
    plan::{Adoption, Note, Plan, PlannedEpisode},
    workflow::PlannedStep,
};

/// What differs, by person, and how much is the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    pub people: Vec<Differs>,
    /// Operations that both plans have.
    pub both: usize,
    /// What only the present file says of nobody in particular.
    pub this: Beside,
    /// What only the other file says of nobody in particular.
    pub other: Beside,
}

/// What one of two plans says alone, and of no person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Beside {
    pub notes: Vec<Note>,
    pub findings: Vec<Objection>,
}

/// What the guard says of a plan, whatever the plan is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Objection {
    pub kind: FindingKind,
    pub target: Option<ConnectorName>,
    /// How many operations it holds back.
    pub blocks: usize,
}

/// One identity for which the plans differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differs {
    pub identity: IdentityId,
    pub label: String,
    /// What only the present file says.
    pub this: Side,
    /// What only the other file says.
    pub other: Side,
}

/// What one of two plans says alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    pub operations: Vec<Operation>,
    pub adopted: Vec<Adoption>,
    pub adoptions: Vec<Adoption>,
    pub episodes: Vec<PlannedEpisode>,
    pub steps: Vec<PlannedStep>,
    pub notes: Vec<Note>,
}

/// Operations are the same when they change the same at the same target, for
/// whatever reason.
pub fn compare(
    (this, mine): (&Plan, &[Finding]),
    (other, theirs): (&Plan, &[Finding]),
) -> Comparison {
    let (my_words, their_words) = (Beside::of(this, mine), Beside::of(other, theirs));
    let mut comparison = Comparison {
        this: my_words.without(&their_words),
        other: their_words.without(&my_words),
        ..Comparison::default()
    };
    let (mine, theirs) = (by_identity(this), by_identity(other));
    let everybody: BTreeSet<&IdentityId> = mine.keys().chain(theirs.keys()).collect();
    for id in everybody {
        let none = Side::default();
        let (mine, theirs) = (mine.get(id).unwrap_or(&none), theirs.get(id).unwrap_or(&none));
        let only_this = mine.without(theirs);
        comparison.both += mine.operations.len() - only_this.operations.len();
        let only_other = theirs.without(mine);
        if only_this == none && only_other == none {
            continue;
        }
        let label = this.labels.get(id).or_else(|| other.labels.get(id));
        comparison.people.push(Differs {
            identity: *id,
            label: label.cloned().unwrap_or_default(),
            this: only_this,
            other: only_other,
        });
    }
    comparison
}

fn by_identity(plan: &Plan) -> BTreeMap<IdentityId, Side> {
    let mut people: BTreeMap<IdentityId, Side> = BTreeMap::new();
    for operation in &plan.operations {
        people.entry(operation.identity).or_default().operations.push(operation.clone());
    }
    for adoption in &plan.adopted {
        people.entry(adoption.identity).or_default().adopted.push(adoption.clone());
    }
    for adoption in &plan.adoptions {
        people.entry(adoption.identity).or_default().adoptions.push(adoption.clone());
    }
    for planned in &plan.episodes {
        people.entry(planned.episode.identity).or_default().episodes.push(planned.clone());
    }
    for step in &plan.steps {
        people.entry(step.identity).or_default().steps.push(step.clone());
    }
    for note in &plan.notes {
        if let Some(identity) = note.identity {
            people.entry(identity).or_default().notes.push(note.clone());
        }
    }
    people
}

impl Side {
    fn without(&self, other: &Self) -> Self {
        let same = |it: &Operation| {
            other.operations.iter().any(|one| one.target == it.target && one.change == it.change)
        };
        Self {
            operations: self.operations.iter().filter(|it| !same(it)).cloned().collect(),
            adopted: missing(&self.adopted, &other.adopted),
            adoptions: missing(&self.adoptions, &other.adoptions),
            episodes: missing(&self.episodes, &other.episodes),
            steps: missing(&self.steps, &other.steps),
            notes: missing(&self.notes, &other.notes),
        }
    }
}

impl Beside {
    fn of(plan: &Plan, findings: &[Finding]) -> Self {
        let notes = plan.notes.iter().filter(|note| note.identity.is_none()).cloned();
        let objection = |it: &Finding| Objection {
            kind: it.kind,
            target: it.target.clone(),
            blocks: it.blocks.len(),
        };
        Self { notes: notes.collect(), findings: findings.iter().map(objection).collect() }
    }

    fn without(&self, other: &Self) -> Self {
        Self {
            notes: missing(&self.notes, &other.notes),
            findings: missing(&self.findings, &other.findings),
        }
    }
}

fn missing<T: PartialEq + Clone>(these: &[T], others: &[T]) -> Vec<T> {
    these.iter().filter(|it| !others.contains(it)).cloned().collect()
}

impl Comparison {
    /// As people read it; `name` is what they call the other file.
    pub fn render(&self, name: &str, targets: &BTreeMap<ConnectorName, ObservedTarget>) -> String {
        let mut page = Page::default();
        let names = Names::new(targets);
        for Differs { identity, label, this, other } in &self.people {
            page.line(0, &person(&BTreeMap::from([(*identity, label.clone())]), *identity));
            side("only with the present file", this, &names, &mut page);
            side(&format!("only with {name}"), other, &names, &mut page);
            page.gap();
        }
        beside("only with the present file", &self.this, &mut page);
        beside(&format!("only with {name}"), &self.other, &mut page);
        page.line(0, &self.summary(name));
        page.text
    }

    fn summary(&self, name: &str) -> String {
        let both = counted(self.both, "operation is", "operations are");
        let nothing = Beside::default();
        if self.people.is_empty() && self.this == nothing && self.other == nothing {
            return format!("no difference: {both} the same");
        }
        let kinds = |of: fn(&Differs) -> &Side| {
            let mut kinds: BTreeMap<OperationKind, usize> = BTreeMap::new();
            for operation in self.people.iter().flat_map(|it| &of(it).operations) {
                *kinds.entry(operation.change.kind()).or_default() += 1;
            }
            let count: usize = kinds.values().sum();
            let words: Vec<String> =
                kinds.iter().map(|(kind, count)| format!("{count} {}", kind.word())).collect();
            let words =
                if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
            format!("{}{words}", counted(count, "operation", "operations"))
        };
        format!(
            "{}: only with {name} {}; only with the present file {}; {both} the same",
            counted(self.people.len(), "person differs", "people differ"),
            kinds(|it| &it.other),
            kinds(|it| &it.this),
        )
    }
}

fn side(title: &str, side: &Side, names: &Names<'_>, page: &mut Page) {
    if *side == Side::default() {
        return;
    }
    page.line(1, title);
    let siblings: Vec<&Operation> = side.operations.iter().collect();
    for operation in &side.operations {
        page.line(2, &names.headline(operation, &siblings));
        for cause in &operation.causes {
            page.line(4, &format!("because {cause}"));
        }
    }
    for Adoption { target, name, matched, .. } in &side.adopted {
        page.line(2, &format!("adopts {target} `{name}`: same {matched}"));
    }
    for Adoption { target, name, matched, .. } in &side.adoptions {
        page.line(2, &format!("adopt? {target} `{name}`: same {matched}"));
    }
    for news in side.episodes.iter().flat_map(|it| &it.news) {
        page.line(2, news);
    }
    for step in &side.steps {
        let PlannedStep { workflow, step, .. } = step;
        page.line(2, &format!("carry out step `{step}` of `{workflow}`"));
    }
    for note in &side.notes {
        let at = note.target.as_ref().map(|target| format!(" at {target}")).unwrap_or_default();
        page.line(2, &format!("{}{at}: {}", note.kind.word(), note.text));
    }
}

fn beside(title: &str, beside: &Beside, page: &mut Page) {
    if *beside == Beside::default() {
        return;
    }
    page.line(0, title);
    for Objection { kind, target, blocks } in &beside.findings {
        let at = target.as_ref().map(|target| format!(" at {target}")).unwrap_or_default();
        let blocks = counted(*blocks, "operation", "operations");
        page.line(1, &format!("{}{at}: {blocks} blocked", kind.word()));
    }
    for note in &beside.notes {
        let at = note.target.as_ref().map(|target| format!(" at {target}")).unwrap_or_default();
        page.line(1, &format!("{}{at}: {}", note.kind.word(), note.text));
    }
    page.gap();
}

#[cfg(test)]
mod tests;
