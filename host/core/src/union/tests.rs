use super::*;
use crate::{
    case::{Case, CaseDecision},
    example::{id, named, noon},
};

fn record(source: &str, key: &str) -> RecordKey {
    RecordKey { source: named(source), key: key.to_owned() }
}

/// Somebody of these records, who was first known by the first of them.
fn person(records: &[RecordKey]) -> Identity {
    let RecordKey { source, key } = &records[0];
    Identity {
        id: IdentityId::first_seen(source, key),
        records: records.to_vec(),
        facts: [].into(),
        absent_since: None,
        unreadable: Vec::new(),
        unchanged: [].into(),
    }
}

/// Everything that is kept, with nothing in it.
#[derive(Default)]
struct Shelf {
    identities: Vec<Identity>,
    declined: BTreeSet<Declined>,
    kept: Kept,
    workflows: Remembered,
    cases: Vec<KeptCase>,
    merged: Vec<Merged>,
}

impl Shelf {
    fn books(&self) -> Books<'_> {
        Books {
            identities: &self.identities,
            links: &[],
            declined: &self.declined,
            names: &[],
            kept: &self.kept,
            workflows: &self.workflows,
            cases: &self.cases,
            merged: &self.merged,
        }
    }
}

#[test]
fn nobody_is_made_of_a_record_by_which_somebody_else_is_known_or_was() {
    let nine = record("more", "9");
    let ada = person(&[record("hr", "1"), nine.clone()]);
    let ben = person(std::slice::from_ref(&nine));
    let refused = |shelf: &Shelf| split(&shelf.books(), &ada, &nine).err();
    assert_eq!(refused(&Shelf::default()), None);
    let is_known = Shelf { identities: vec![ada.clone(), ben.clone()], ..Shelf::default() };
    assert_eq!(refused(&is_known), Some(CannotRearrange::Taken));
    let merged = Merged {
        other: ben.id,
        keep: id("3"),
        by: "grace".to_owned(),
        at: noon(),
        reason: String::new(),
        came: Came::default(),
    };
    let was_known = Shelf { merged: vec![merged], ..Shelf::default() };
    assert_eq!(refused(&was_known), Some(CannotRearrange::Taken));
}

#[test]
fn what_was_decided_to_be_somebodys_goes_over_with_them_and_nothing_of_others() {
    let (ada, ben) = (person(&[record("hr", "1")]), person(&[record("hr", "2")]));
    let kept = |name: &str, whose: Option<Whose>| {
        let case = Case {
            id: name.to_owned(),
            about: About::Record(record("more", name)),
            newcomer: id("9"),
            label: String::new(),
            candidates: Vec::new(),
            because: String::new(),
            contradicted: false,
        };
        let (by, at) = ("grace".to_owned(), noon());
        let decision = whose.map(|whose| CaseDecision { whose, by, at, reason: None });
        KeptCase { case, opened: noon(), open: false, decision }
    };
    let cases = vec![
        kept("of-ada", Some(Whose::Identity(ada.id))),
        kept("of-ben", Some(Whose::Identity(ben.id))),
        kept("of-somebody-new", Some(Whose::New)),
        kept("open", None),
    ];
    let shelf = Shelf { cases, ..Shelf::default() };
    let said = Said { by: "grace".to_owned(), at: noon(), reason: String::new() };
    let moved = merge(&shelf.books(), &ada, &ben, said).unwrap().moved;
    assert_eq!(moved.cases, ["of-ben"]);
    assert_eq!(moved.records, ben.records);
}
