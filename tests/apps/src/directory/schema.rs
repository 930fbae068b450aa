//! Which attributes exist, and which an entry may and must have.

/// How values of an attribute are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Text,
    Name,
    Octets,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) syntax: Syntax,
    pub(super) single: bool,
    /// Kept by the directory: returned when asked for, never written.
    pub(super) operational: bool,
}

const fn text(name: &'static str) -> Attribute {
    Attribute { name, syntax: Syntax::Text, single: false, operational: false }
}

const fn name(name: &'static str) -> Attribute {
    Attribute { syntax: Syntax::Name, ..text(name) }
}

const fn single(attribute: Attribute) -> Attribute {
    Attribute { single: true, ..attribute }
}

const fn kept(name: &'static str) -> Attribute {
    Attribute { operational: true, ..single(text(name)) }
}

static ATTRIBUTES: &[Attribute] = &[
    text("objectClass"),
    text("cn"),
    text("sn"),
    text("givenName"),
    text("initials"),
    single(text("displayName")),
    text("uid"),
    text("mail"),
    text("title"),
    text("description"),
    single(text("employeeNumber")),
    text("employeeType"),
    text("departmentNumber"),
    text("ou"),
    text("o"),
    text("l"),
    text("st"),
    text("street"),
    text("postalAddress"),
    text("postalCode"),
    text("telephoneNumber"),
    text("mobile"),
    text("facsimileTelephoneNumber"),
    text("roomNumber"),
    single(text("preferredLanguage")),
    name("manager"),
    name("seeAlso"),
    name("member"),
    name("owner"),
    text("businessCategory"),
    Attribute { syntax: Syntax::Octets, ..text("userPassword") },
    single(text("dc")),
    single(text("pwdAttribute")),
    single(text("pwdLockout")),
    single(text("pwdAccountLockedTime")),
    single(name("pwdPolicySubentry")),
    kept("entryUUID"),
    kept("entryCSN"),
    kept("entryDN"),
    kept("createTimestamp"),
    kept("modifyTimestamp"),
    kept("structuralObjectClass"),
    Attribute { operational: true, ..name("memberOf") },
];

/// What every entry may have whatever its classes: written by administrators,
/// and returned only when asked for.
const ON_EVERY_ENTRY: [&str; 2] = ["pwdAccountLockedTime", "pwdPolicySubentry"];

pub(super) fn attribute(name: &str) -> Option<&'static Attribute> {
    let name = if name.eq_ignore_ascii_case("surname") { "sn" } else { name };
    ATTRIBUTES.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// Whether `*` leaves it out.
pub(super) fn hidden(attribute: &Attribute) -> bool {
    attribute.operational || ON_EVERY_ENTRY.contains(&attribute.name)
}

struct Class {
    name: &'static str,
    structural: bool,
    above: Option<&'static str>,
    must: &'static [&'static str],
    may: &'static [&'static str],
}

static CLASSES: &[Class] = &[
    Class { name: "top", structural: false, above: None, must: &["objectClass"], may: &[] },
    Class {
        name: "person",
        structural: true,
        above: Some("top"),
        must: &["sn", "cn"],
        may: &["userPassword", "telephoneNumber", "seeAlso", "description"],
    },
    Class {
        name: "organizationalPerson",
        structural: true,
        above: Some("person"),
        must: &[],
        may: &[
            "title",
            "facsimileTelephoneNumber",
            "street",
            "postalCode",
            "postalAddress",
            "ou",
            "st",
            "l",
        ],
    },
    Class {
        name: "inetOrgPerson",
        structural: true,
        above: Some("organizationalPerson"),
        must: &[],
        may: &[
            "businessCategory",
            "departmentNumber",
            "displayName",
            "employeeNumber",
            "employeeType",
            "givenName",
            "initials",
            "mail",
            "manager",
            "mobile",
            "o",
            "preferredLanguage",
            "roomNumber",
            "uid",
        ],
    },
    Class {
        name: "groupOfNames",
        structural: true,
        above: Some("top"),
        must: &["member", "cn"],
        may: &["businessCategory", "description", "o", "ou", "owner", "seeAlso"],
    },
    Class {
        name: "organizationalUnit",
        structural: true,
        above: Some("top"),
        must: &["ou"],
        may: &["description", "l", "st", "telephoneNumber"],
    },
    Class {
        name: "organization",
        structural: true,
        above: Some("top"),
        must: &["o"],
        may: &["description", "l", "st"],
    },
    Class { name: "dcObject", structural: false, above: Some("top"), must: &["dc"], may: &[] },
    Class { name: "device", structural: true, above: Some("top"), must: &["cn"], may: &["ou"] },
    Class {
        name: "pwdPolicy",
        structural: false,
        above: Some("top"),
        must: &["pwdAttribute"],
        may: &["pwdLockout"],
    },
];

fn class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name.eq_ignore_ascii_case(name))
}

/// Why an entry with these classes and attributes cannot be, if it cannot.
pub(super) fn objection(classes: &[String], present: &[&str]) -> Option<String> {
    let mut all = Vec::new();
    for name in classes {
        let mut next = Some(name.as_str());
        while let Some(name) = next {
            let Some(class) = class(name) else {
                return Some(format!("objectClass: value `{name}` is not known"));
            };
            all.push(class);
            next = class.above;
        }
    }
    if !all.iter().any(|class| class.structural) {
        return Some("no structural object class provided".into());
    }
    let has = |name: &str| present.iter().any(|found| found.eq_ignore_ascii_case(name));
    for class in &all {
        if let Some(name) = class.must.iter().find(|name| !has(name)) {
            return Some(format!("object class '{}' requires attribute '{name}'", class.name));
        }
    }
    let allowed = |name: &&str| {
        ON_EVERY_ENTRY.iter().any(|free| free.eq_ignore_ascii_case(name))
            || all.iter().any(|class| {
                class.must.iter().chain(class.may).any(|known| known.eq_ignore_ascii_case(name))
            })
    };
    present.iter().find(|name| !allowed(name)).map(|name| format!("attribute '{name}' not allowed"))
}

/// The class that says what the entry is.
pub(super) fn structural(classes: &[String]) -> Option<&'static str> {
    let depth = |class: &Class| {
        let mut depth = 0;
        let mut next = class.above;
        while let Some(above) = next.and_then(self::class) {
            depth += 1;
            next = above.above;
        }
        depth
    };
    classes
        .iter()
        .filter_map(|name| class(name))
        .filter(|class| class.structural)
        .max_by_key(|class| depth(class))
        .map(|class| class.name)
}
