//! The attributes of a person and of a group.

use lanyard_sdk::types::{
    AttributeDef, Capability, CreateSafety, CredentialAbilities, DeleteKind, DisableEffects,
    IdStability, Matching, ObjectDef, Schema,
};

use crate::config::Config;

/// The type of people's accounts.
pub(crate) const USER: &str = "user";
/// The type of groups.
pub(crate) const GROUP: &str = "group";

/// Name, closest SCIM path, what it is: the attributes of `inetOrgPerson`
/// (RFC 2798) that say who somebody is.
const PERSON: &[(&str, Option<&str>, &str)] = &[
    ("cn", Some("displayName"), "full name"),
    ("sn", Some("name.familyName"), "family name"),
    ("givenName", Some("name.givenName"), "given name"),
    ("displayName", Some("displayName"), "name as shown to others"),
    ("mail", Some("emails.value"), "mail addresses"),
    ("telephoneNumber", Some("phoneNumbers.value"), "telephone numbers"),
    ("title", Some("title"), "job title"),
    ("departmentNumber", Some("department"), "department"),
    ("ou", None, "organisational unit"),
    ("o", Some("organization"), "organisation"),
    ("employeeType", Some("userType"), "kind of employment"),
    ("description", None, "description"),
    ("manager", None, "distinguished name of the manager"),
    ("employeeNumber", Some("employeeNumber"), "number of the person in the organisation"),
    ("uid", Some("userName"), "login"),
];

/// What can be promised about this directory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Promises {
    /// A disabled account was shown to be kept from signing in.
    pub(crate) blocks_login: bool,
    /// The server takes new passwords, and keeps them as it sees fit.
    pub(crate) sets_passwords: bool,
    /// The policy asks for another one where one was set for somebody.
    pub(crate) must_change: bool,
}

/// Names of the attributes an account carries, besides name and anchor.
pub(crate) fn attributes(config: &Config) -> Vec<&'static str> {
    let apart = |name: &str| {
        name.eq_ignore_ascii_case(&config.rdn)
            || name.eq_ignore_ascii_case(&config.anchor_attribute)
    };
    PERSON.iter().map(|(name, ..)| *name).filter(|name| !apart(name)).collect()
}

/// Whether two values of `attribute` may be the same to the server, which
/// compares most text without case.
pub(crate) fn same_value(left: &[u8], right: &[u8]) -> bool {
    match (std::str::from_utf8(left), std::str::from_utf8(right)) {
        (Ok(left), Ok(right)) => {
            let fold =
                |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            fold(left) == fold(right)
        }
        _ => left == right,
    }
}

pub(crate) fn schema(config: &Config, promises: Promises) -> Schema {
    let mut objects = vec![person(config, promises)];
    if config.groups_base.is_some() {
        objects.push(group());
    }
    Schema::of(objects)
}

fn person(config: &Config, promises: Promises) -> ObjectDef {
    let mut attributes: Vec<AttributeDef> =
        PERSON.iter().map(|(name, scim, what)| definition(name, *scim, what)).collect();
    for name in [&config.rdn, &config.anchor_attribute] {
        match attributes.iter_mut().find(|known| known.name.eq_ignore_ascii_case(name)) {
            Some(known) => known.name.clone_from(name),
            None => attributes.push(definition(name, None, "named in the configuration")),
        }
    }
    for special in &mut attributes {
        let is_name = special.name == config.rdn;
        if is_name || special.name == config.anchor_attribute {
            special.multi = false;
            special.required = is_name;
            special.unique = is_name;
        }
    }
    let found_by: Vec<Capability> =
        attributes.iter().map(|known| Capability::FindBy(known.name.clone())).collect();
    let effects = if promises.blocks_login {
        DisableEffects::BLOCKS_LOGIN | DisableEffects::REVERSIBLE
    } else {
        DisableEffects::REVERSIBLE
    };
    let object = ObjectDef::account(USER, &config.rdn)
        .anchor(&config.anchor_attribute)
        .managed()
        .can([
            Capability::CreateSafety(CreateSafety::UniqueConstraint),
            Capability::DeleteKind(DeleteKind::Hard),
            Capability::DisableEffects(effects),
        ])
        .can(credentials(promises))
        .can(config.groups_base.is_some().then_some(Capability::Entitlements))
        .can(found_by);
    ObjectDef { attributes, ..object }
}

fn credentials(promises: Promises) -> Option<Capability> {
    let mut can = CredentialAbilities::SET_PASSWORD;
    if promises.must_change {
        can |= CredentialAbilities::MUST_CHANGE;
    }
    promises.sets_passwords.then_some(Capability::Credentials(can))
}

fn group() -> ObjectDef {
    let text = |name| AttributeDef::text(name).read_only().matching(Matching::IgnoreCaseTrimmed);
    ObjectDef::entitlement(GROUP, "cn")
        .attribute(text("cn").required().description("name of the group"))
        .attribute(text("description").description("description"))
        .can([Capability::FullList, Capability::IdStability(IdStability::Immutable)])
}

fn definition(name: &str, scim: Option<&str>, description: &str) -> AttributeDef {
    AttributeDef {
        multi: !matches!(name, "displayName" | "employeeNumber"),
        required: matches!(name, "cn" | "sn"),
        matching: match name {
            "mail" => Matching::Email,
            "telephoneNumber" => Matching::Phone,
            "manager" => Matching::DistinguishedName,
            _ => Matching::IgnoreCaseTrimmed,
        },
        scim_path: scim.map(str::to_owned),
        ..AttributeDef::text(name).personal().description(description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, blocks_login: bool) -> ObjectDef {
        let config: Config = serde_json::from_str(json).unwrap();
        let promises = Promises { blocks_login, sets_passwords: false, must_change: false };
        schema(&config, promises).objects.remove(0)
    }

    #[test]
    fn name_and_anchor_are_attributes_of_the_schema_with_one_value() {
        let object =
            of(r#"{"base": "dc=x", "rdn": "cn", "anchor-attribute": "serialNumber"}"#, true);
        let named = |name: &str| object.attributes.iter().find(|known| known.name == name).unwrap();
        assert!(named("cn").unique && named("cn").required && !named("cn").multi);
        assert!(!named("serialNumber").multi && !named("serialNumber").required);
        assert_eq!(object.name_attribute, "cn");
    }

    #[test]
    fn blocking_the_login_is_promised_only_when_it_was_shown() {
        let effects = |object: ObjectDef| {
            object.capabilities.into_iter().find_map(|capability| match capability {
                Capability::DisableEffects(effects) => Some(effects),
                _ => None,
            })
        };
        let base = r#"{"base": "dc=x"}"#;
        assert_eq!(effects(of(base, false)), Some(DisableEffects::REVERSIBLE));
        let both = DisableEffects::REVERSIBLE | DisableEffects::BLOCKS_LOGIN;
        assert_eq!(effects(of(base, true)), Some(both));
    }
}
