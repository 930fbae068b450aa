//! The same company some months on.

use super::staff::{DEPARTMENTS, Person};

/// The people of `company.csv` as they are in `company-later.csv`: eight
/// moved, six left, two are not in the file any more, one came back, one is
/// back from leave, one has a new name, five are new.
pub fn later(mut people: Vec<Person>) -> Vec<Person> {
    let mut plain: Vec<usize> = (0..people.len())
        .filter(|at| *at > DEPARTMENTS.len())
        .filter(|at| people.get(*at).is_some_and(is_plain))
        .collect();
    // Spread over the company: every ninth of those nothing else is about.
    plain = plain.into_iter().step_by(9).collect();
    let mut next = plain.into_iter();
    for at in next.by_ref().take(8) {
        edit(&mut people, at, move_on);
    }
    for at in next.by_ref().take(6) {
        edit(&mut people, at, |person| {
            person.status = "Former employee".into();
            person.end = "2026-01-31".into();
        });
    }
    let gone: Vec<String> = next
        .by_ref()
        .take(2)
        .filter_map(|at| people.get(at).map(|person| person.employee_id.clone()))
        .collect();
    if let Some(at) = next.next() {
        edit(&mut people, at, |person| person.family_name = "Neu-Example".into());
    }
    if let Some(person) = people
        .iter_mut()
        .find(|person| person.status == "Former employee" && person.end == "2025-12-31")
    {
        person.status = "Active".into();
        person.start = "2026-02-01".into();
        person.end.clear();
    }
    if let Some(person) = people.iter_mut().find(|person| person.status == "Long-term leave") {
        person.status = "Active".into();
    }
    people.retain(|person| !gone.contains(&person.employee_id));
    people.extend(joiners());
    people
}

fn is_plain(person: &Person) -> bool {
    person.kind == "employee"
        && person.status == "Active"
        && !person.start.starts_with("2099")
        && DEPARTMENTS.iter().any(|department| department.name == person.department)
}

fn edit(people: &mut [Person], at: usize, change: impl FnOnce(&mut Person)) {
    if let Some(person) = people.get_mut(at) {
        change(person);
    }
}

/// To the next department, with its title and under its head.
fn move_on(person: &mut Person) {
    let at = DEPARTMENTS.iter().position(|department| department.name == person.department);
    let next = (at.unwrap_or(0) + 1) % DEPARTMENTS.len();
    if let Some(department) = DEPARTMENTS.get(next) {
        person.department = department.name.into();
        person.title = department.titles.first().copied().unwrap_or_default().into();
        person.manager = format!("E{}", 1002 + next);
    }
}

fn joiners() -> Vec<Person> {
    let new = [
        ("E1301", "Ada", "Example", "Sales", "DE"),
        ("E1302", "Łucja", "Żółć", "Engineering", "PL"),
        ("E1303", "Øyvind", "Ødegård", "Support", "DK"),
        ("E1304", "Bảo", "Nguyễn", "Finance", "VN"),
        ("C5101", "Zoë", "Placeholder", "Engineering", "GB"),
    ];
    new.map(|(id, given, family, department, country)| {
        let at = DEPARTMENTS.iter().position(|found| found.name == department).unwrap_or(0);
        let title = DEPARTMENTS.get(at).and_then(|found| found.titles.first());
        Person {
            employee_id: id.into(),
            given_name: given.into(),
            family_name: family.into(),
            mail: format!("{}@example.org", id.to_lowercase()),
            department: department.into(),
            title: title.copied().unwrap_or_default().into(),
            country: country.into(),
            kind: if id.starts_with('E') { "employee" } else { "contractor" }.into(),
            start: "2026-02-01".into(),
            status: "Active".into(),
            manager: format!("E{}", 1002 + at),
            ..Person::default()
        }
    })
    .into()
}
