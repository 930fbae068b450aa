//! Who works at the sample company.

use std::collections::BTreeSet;

use super::{
    Dice,
    names::{NATIVE, TONGUES, plain},
};

/// One row of the HR file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub employee_id: String,
    pub given_name: String,
    pub family_name: String,
    /// Only where the name itself makes no login name.
    pub login_name: String,
    pub mail: String,
    pub department: String,
    pub title: String,
    pub country: String,
    /// The column `type`: `employee` or `contractor`.
    pub kind: String,
    pub start: String,
    pub end: String,
    pub status: String,
    /// The manager's `employee_id`.
    pub manager: String,
}

impl Person {
    pub(super) const COLUMNS: [&str; 13] = [
        "employee_id",
        "given_name",
        "family_name",
        "login_name",
        "mail",
        "department",
        "title",
        "country",
        "type",
        "start",
        "end",
        "status",
        "manager",
    ];

    pub(super) fn cells(&self) -> [&str; 13] {
        let Self {
            employee_id,
            given_name,
            family_name,
            login_name,
            mail,
            department,
            title,
            country,
            kind,
            start,
            end,
            status,
            manager,
        } = self;
        [
            employee_id,
            given_name,
            family_name,
            login_name,
            mail,
            department,
            title,
            country,
            kind,
            start,
            end,
            status,
            manager,
        ]
    }
}

pub(super) struct Department {
    pub(super) name: &'static str,
    pub(super) head: &'static str,
    pub(super) titles: &'static [&'static str],
}

/// Larger departments come up more often.
pub(super) static DEPARTMENTS: [Department; 8] = [
    Department {
        name: "Sales",
        head: "Head of Sales",
        titles: &["Account Manager", "Sales Representative", "Sales Assistant"],
    },
    Department {
        name: "Engineering",
        head: "Head of Engineering",
        titles: &["Engineer", "Senior Engineer", "Test Engineer"],
    },
    Department {
        name: "Support",
        head: "Head of Support",
        titles: &["Support Agent", "Support Specialist"],
    },
    Department {
        name: "Operations",
        head: "Head of Operations",
        titles: &["Operator", "Shift Lead", "Planner"],
    },
    Department {
        name: "Presales",
        head: "Head of Presales",
        titles: &["Solution Consultant", "Demo Engineer"],
    },
    Department { name: "Finance", head: "Head of Finance", titles: &["Accountant", "Controller"] },
    Department {
        name: "Human Resources",
        head: "Head of Human Resources",
        titles: &["HR Partner", "Recruiter"],
    },
    Department { name: "Legal", head: "General Counsel", titles: &["Counsel", "Paralegal"] },
];

const PEOPLE: usize = 240;
const CONTRACTORS: usize = 24;
const EMPLOYEES: usize = PEOPLE - CONTRACTORS;
/// The heads come after the chief, who is the first.
const HEADS: usize = DEPARTMENTS.len();

/// The company as it is in `company.csv`.
pub fn staff() -> Vec<Person> {
    let mut dice = Dice(20_260_101);
    let mut people: Vec<Person> = (0..PEOPLE).map(|at| person(at, &mut dice)).collect();
    namesakes(&mut people);
    let mut taken = BTreeSet::new();
    for (at, person) in people.iter_mut().enumerate() {
        person.mail = mail(person, &mut taken);
        dirty(at, person);
    }
    people
}

fn person(at: usize, dice: &mut Dice) -> Person {
    let tongue = TONGUES.get(dice.roll(TONGUES.len())).copied();
    let (given_name, family_name) = tongue.map(|tongue| tongue.name(dice)).unwrap_or_default();
    let country = tongue.map(|tongue| tongue.country).unwrap_or_default();
    // Two rolls and the smaller one: the first departments are the largest.
    let department_at = dice.roll(HEADS).min(dice.roll(HEADS));
    let (department_at, head) = match at {
        0 => (0, true),
        at if at <= HEADS => (at - 1, true),
        _ => (department_at, false),
    };
    let mut person = Person {
        employee_id: if at < EMPLOYEES {
            format!("E{}", 1001 + at)
        } else {
            format!("C{}", 5001 + at - EMPLOYEES)
        },
        given_name,
        family_name,
        country: country.into(),
        kind: if at < EMPLOYEES { "employee" } else { "contractor" }.into(),
        start: date(2012 + dice.roll(14), dice),
        status: "Active".into(),
        manager: format!("E{}", 1002 + department_at),
        ..Person::default()
    };
    if let Some(department) = DEPARTMENTS.get(department_at) {
        person.department = department.name.into();
        let title = if head { Some(department.head) } else { dice.pick(department.titles) };
        person.title = title.unwrap_or_default().into();
    }
    if at == 0 {
        person.department = "Management".into();
        person.title = "Chief Executive".into();
        person.manager.clear();
    } else if head {
        person.manager = "E1001".into();
    }
    unusual(at, &mut person);
    person
}

/// The people who are not simply here: native spelling, ended, on leave, not
/// here yet.
fn unusual(at: usize, person: &mut Person) {
    if at <= HEADS {
        return;
    }
    if at % 27 == 13
        && let Some([given, family, login, country]) = NATIVE.get(at / 27)
    {
        person.given_name = (*given).into();
        person.family_name = (*family).into();
        person.login_name = (*login).into();
        person.country = (*country).into();
    }
    match at {
        at if at % 40 == 30 => {
            person.status = "Former employee".into();
            person.end = "2025-12-31".into();
        }
        at if at % 37 == 20 => person.status = "Long-term leave".into(),
        at if at % 60 == 55 => person.start = "2099-09-01".into(),
        _ => {}
    }
}

/// Several people of one name, one of them in another spelling of case.
fn namesakes(people: &mut [Person]) {
    for (at, given, family) in [
        (60, "Ada", "Example"),
        (61, "Ada", "Example"),
        (62, "ADA", "EXAMPLE"),
        (90, "Ute", "Vogel"),
        (91, "Ute", "Vogel"),
    ] {
        if let Some(person) = people.get_mut(at) {
            person.given_name = given.into();
            person.family_name = family.into();
        }
    }
}

fn mail(person: &Person, taken: &mut BTreeSet<String>) -> String {
    let name = if person.login_name.is_empty() {
        format!("{}.{}", plain(&person.given_name), plain(&person.family_name))
    } else {
        person.login_name.clone()
    };
    let name = if taken.insert(name.clone()) {
        name
    } else {
        format!("{name}.{}", person.employee_id.to_lowercase())
    };
    format!("{name}@example.org")
}

/// What people type into HR systems.
pub(super) fn dirty(at: usize, person: &mut Person) {
    if at % 17 == 3 {
        person.family_name.push(' ');
    }
    if at % 23 == 5 {
        person.department = person.department.to_uppercase();
    }
    if at % 29 == 7 {
        person.mail.clear();
    }
    if at % 31 == 11 {
        person.country = person.country.to_lowercase();
    }
    match at {
        50 => person.title = "Account Manager, North".into(),
        51 => person.given_name = "Karl \"Kalle\"".into(),
        52 => person.title = "Engineer\n(part time)".into(),
        53 => person.department.insert(0, ' '),
        _ => {}
    }
}

fn date(year: usize, dice: &mut Dice) -> String {
    format!("{year}-{:02}-{:02}", 1 + dice.roll(12), 1 + dice.roll(28))
}
