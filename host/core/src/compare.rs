//! Two plans of the same world by two files: what each alone would do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    diff::{Names, Page, counted, person},
    id::{ConnectorName, IdentityId},
    observed::ObservedTarget,
    operation::{Operation, OperationKind},
    plan::{Adoption, Note, Plan},
};

/// What differs, by person, and how much is the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    pub people: Vec<Differs>,
    /// Operations that both plans have.
    pub both: usize,
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
    pub notes: Vec<Note>,
}

impl Side {
    fn is_empty(&self) -> bool {
        self.operations.is_empty()
            && self.adopted.is_empty()
            && self.adoptions.is_empty()
            && self.notes.is_empty()
    }
}

/// Operations are the same when they change the same at the same target, for
/// whatever reason.
pub fn compare(this: &Plan, other: &Plan) -> Comparison {
    let (mine, theirs) = (by_identity(this), by_identity(other));
    let mut comparison = Comparison::default();
    let everybody: BTreeSet<&IdentityId> = mine.keys().chain(theirs.keys()).collect();
    for id in everybody {
        let (none, no_one) = (Side::default(), Side::default());
        let (mine, theirs) = (mine.get(id).unwrap_or(&none), theirs.get(id).unwrap_or(&no_one));
        let only_this = mine.without(theirs);
        comparison.both += mine.operations.len() - only_this.operations.len();
        let only_other = theirs.without(mine);
        if only_this.is_empty() && only_other.is_empty() {
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
            notes: missing(&self.notes, &other.notes),
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
        page.line(0, &self.summary(name));
        page.text
    }

    fn summary(&self, name: &str) -> String {
        let both = counted(self.both, "operation is", "operations are");
        if self.people.is_empty() {
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
    if side.is_empty() {
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
    for note in &side.notes {
        let at = note.target.as_ref().map(|target| format!(" at {target}")).unwrap_or_default();
        page.line(2, &format!("{}{at}: {}", note.kind.word(), note.text));
    }
}
