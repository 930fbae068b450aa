//! The sample company: the same invented people every time, with the dirt
//! that HR files have.
//!
//! Starts lie in the past or in 2099 and ends in the past, so that the files
//! mean the same whenever they are read.

mod hris;
mod later;
mod names;
mod staff;

use std::fmt::Write as _;

pub use hris::hris_like;
pub use later::later;
pub use staff::{Person, staff};

/// The files of `tests/data`, by name.
pub fn files() -> Vec<(&'static str, String)> {
    let now = staff();
    let half = now.get(..now.len() / 2).unwrap_or_default();
    vec![
        ("company.csv", csv(&now)),
        ("company-later.csv", csv(&later(now.clone()))),
        ("company-half.csv", csv(half)),
        ("hris-like.csv", hris_like()),
    ]
}

/// An HR file of these people.
pub fn csv(people: &[Person]) -> String {
    let mut text = Person::COLUMNS.join(",");
    text.push('\n');
    for person in people {
        let cells: Vec<String> = person.cells().iter().map(|cell| quoted(cell)).collect();
        let _infallible = writeln!(text, "{}", cells.join(","));
    }
    text
}

/// A cell, in quotes where it needs them.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) || cell.trim() != cell {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Numbers that look random and are the same every time.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        // The constants are Knuth's for MMIX; the low bits are the weak ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &'a [&'a T]) -> Option<&'a T> {
        of.get(self.roll(of.len())).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    #[test]
    fn the_files_in_tests_data_are_what_is_written_here() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
        for (name, text) in files() {
            let found = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(
                found == text,
                "`tests/data/{name}` differs: `cargo run -p demo-apps --bin demo-company -- tests/data`"
            );
        }
    }

    #[test]
    fn the_company_has_everything_that_makes_hr_files_hard() {
        let people = staff();
        assert_eq!(people.len(), 240);
        let some = |what: &str, test: &dyn Fn(&Person) -> bool| {
            assert!(people.iter().any(test), "nobody {what}");
        };
        some("is a contractor", &|p| p.kind == "contractor");
        some("has ended", &|p| p.status == "Former employee" && !p.end.is_empty());
        some("is on leave", &|p| p.status == "Long-term leave");
        some("starts in the future", &|p| p.start.starts_with("2099"));
        some("has no mail", &|p| p.mail.is_empty());
        some("has a space too many", &|p| p.family_name.ends_with(' '));
        some("has a quote in the name", &|p| p.given_name.contains('"'));
        some("has a comma in the title", &|p| p.title.contains(','));
        some("shouts the department", &|p| p.department == p.department.to_uppercase());
        some("needs a login name", &|p| !p.login_name.is_empty() && !p.given_name.is_ascii());
        let names: BTreeSet<_> =
            people.iter().map(|p| (p.given_name.trim(), p.family_name.trim())).collect();
        assert!(names.len() < people.len(), "nobody shares a name");
    }

    #[test]
    fn every_key_comes_once_and_every_manager_exists() {
        for people in [staff(), later(staff())] {
            let keys: BTreeSet<_> = people.iter().map(|p| p.employee_id.as_str()).collect();
            assert_eq!(keys.len(), people.len());
            for person in &people {
                let manager = person.manager.as_str();
                assert!(manager.is_empty() || keys.contains(manager), "{manager}");
            }
        }
    }

    #[test]
    fn the_later_file_has_movers_leavers_joiners_and_a_rehire() {
        let (before, after) = (staff(), later(staff()));
        let old = |id: &str| before.iter().find(|p| p.employee_id == id);
        let count = |test: &dyn Fn(&Person, &Person) -> bool| {
            after.iter().filter(|p| old(&p.employee_id).is_some_and(|o| test(o, p))).count()
        };
        let moved = count(&|o, n| o.status == n.status && o.department != n.department);
        let left = count(&|o, n| o.status == "Active" && n.status == "Former employee");
        let rehired = count(&|o, n| o.status == "Former employee" && n.status == "Active");
        let joined = after.iter().filter(|p| old(&p.employee_id).is_none()).count();
        let gone =
            before.iter().filter(|o| !after.iter().any(|n| n.employee_id == o.employee_id)).count();
        assert_eq!((moved, left, rehired, joined, gone), (8, 6, 1, 5, 2));
    }
}
