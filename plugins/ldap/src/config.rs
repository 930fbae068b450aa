//! What the operator's `config` table says about the directory.

use ldap3_proto::{parse_ldap_filter_str, proto::LdapFilter};
use serde::Deserialize;

/// The table as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where people are, and where new ones are added.
    pub(crate) base: String,
    /// Where groups are; without it there are no entitlements.
    #[serde(default)]
    pub(crate) groups_base: Option<String>,
    #[serde(default = "people_filter")]
    pub(crate) people_filter: Filter,
    #[serde(default = "group_filter")]
    pub(crate) group_filter: Filter,
    /// The naming attribute: the login.
    #[serde(default = "rdn")]
    pub(crate) rdn: String,
    /// Object classes of a new entry.
    #[serde(default = "object_classes")]
    pub(crate) object_classes: Vec<String>,
    #[serde(default = "anchor_attribute")]
    pub(crate) anchor_attribute: String,
    #[serde(default)]
    pub(crate) disable: Disable,
    /// The password policy that applies to entries that name none.
    #[serde(default)]
    pub(crate) policy_dn: Option<String>,
    /// The member that keeps a group without members alive.
    #[serde(default = "empty_group_member")]
    pub(crate) empty_group_member: String,
}

/// How an account is kept from signing in.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Disable {
    /// By the server's own means.
    Lock(Lock),
    /// By an attribute the server or its applications look at.
    Attribute(Flag),
}

/// A lock of the server's own.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Lock {
    /// The password policy overlay.
    Ppolicy,
}

/// An attribute that says whether an account may be used.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Flag {
    pub(crate) name: String,
    pub(crate) disabled: String,
    /// Written to enable; without it the attribute is removed.
    #[serde(default)]
    pub(crate) enabled: Option<String>,
}

/// A search filter, parsed.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub(crate) struct Filter(pub(crate) LdapFilter);

impl TryFrom<String> for Filter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_ldap_filter_str(&text)
            .map(Self)
            .map_err(|error| format!("`{text}` is no search filter: {error}"))
    }
}

impl Default for Disable {
    fn default() -> Self {
        Self::Lock(Lock::Ppolicy)
    }
}

fn people_filter() -> Filter {
    Filter(LdapFilter::Equality("objectClass".to_owned(), "inetOrgPerson".to_owned()))
}

fn group_filter() -> Filter {
    Filter(LdapFilter::Equality("objectClass".to_owned(), "groupOfNames".to_owned()))
}

fn rdn() -> String {
    "uid".to_owned()
}

fn object_classes() -> Vec<String> {
    vec!["inetOrgPerson".to_owned()]
}

fn anchor_attribute() -> String {
    "employeeNumber".to_owned()
}

fn empty_group_member() -> String {
    "cn=empty-membership-placeholder".to_owned()
}

/// JSON Schema of [`Config`].
pub(crate) const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["base"],
  "properties": {
    "base": { "type": "string", "minLength": 1,
      "description": "distinguished name under which people are, and under which new ones are added" },
    "groups-base": { "type": "string", "minLength": 1,
      "description": "distinguished name under which groups are; without it there are no entitlements" },
    "people-filter": { "type": "string", "default": "(objectClass=inetOrgPerson)",
      "description": "search filter that people match" },
    "group-filter": { "type": "string", "default": "(objectClass=groupOfNames)",
      "description": "search filter that groups match; their members are in `member`" },
    "rdn": { "type": "string", "minLength": 1, "default": "uid",
      "description": "attribute that names an entry and holds the login" },
    "object-classes": { "type": "array", "minItems": 1, "items": { "type": "string" }, "default": ["inetOrgPerson"],
      "description": "object classes of a new entry" },
    "anchor-attribute": { "type": "string", "minLength": 1, "default": "employeeNumber",
      "description": "attribute that holds the stable key of the owner" },
    "disable": {
      "description": "how an account is kept from signing in",
      "default": { "lock": "ppolicy" },
      "oneOf": [
        { "type": "object", "additionalProperties": false, "required": ["lock"],
          "properties": { "lock": { "const": "ppolicy",
            "description": "the password policy overlay; a policy with `pwdLockout: TRUE` must apply" } } },
        { "type": "object", "additionalProperties": false, "required": ["attribute"],
          "properties": { "attribute": {
            "type": "object", "additionalProperties": false, "required": ["name", "disabled"],
            "properties": {
              "name": { "type": "string", "minLength": 1 },
              "disabled": { "type": "string", "minLength": 1, "description": "value of a disabled account" },
              "enabled": { "type": "string", "minLength": 1,
                "description": "value of an enabled account; without it the attribute is removed" } } } } }
      ] },
    "policy-dn": { "type": "string", "minLength": 1,
      "description": "password policy that applies to entries that name none (`ppolicy_default` of the server)" },
    "empty-group-member": { "type": "string", "minLength": 1, "default": "cn=empty-membership-placeholder",
      "description": "member that keeps a group alive when its last member leaves (`refint_nothing` of the server, if it has one)" }
  }
}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Config, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_base_is_enough() {
        let config = read(r#"{"base": "ou=people,dc=example,dc=org"}"#).unwrap();
        assert_eq!(config.rdn, "uid");
        assert_eq!(config.anchor_attribute, "employeeNumber");
        assert_eq!(config.disable, Disable::Lock(Lock::Ppolicy));
        assert_eq!(config.groups_base, None);
    }

    #[test]
    fn both_ways_to_disable_read_naturally() {
        let lock = read(r#"{"base": "dc=x", "disable": {"lock": "ppolicy"}}"#).unwrap();
        assert_eq!(lock.disable, Disable::Lock(Lock::Ppolicy));
        let flag = r#"{"base": "dc=x", "disable":
            {"attribute": {"name": "nsAccountLock", "disabled": "TRUE"}}}"#;
        let Disable::Attribute(flag) = read(flag).unwrap().disable else {
            panic!("not an attribute")
        };
        assert_eq!(
            flag,
            Flag { name: "nsAccountLock".into(), disabled: "TRUE".into(), enabled: None }
        );
    }

    #[test]
    fn mistakes_are_named() {
        let unknown = read(r#"{"base": "dc=x", "bsae": 1}"#).unwrap_err().to_string();
        assert!(unknown.contains("unknown field `bsae`"), "{unknown}");
        let filter = read(r#"{"base": "dc=x", "people-filter": "(uid="}"#).unwrap_err().to_string();
        assert!(filter.contains("`(uid=` is no search filter"), "{filter}");
    }

    #[test]
    fn the_schema_knows_the_keys_that_are_read() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let mut known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        known.sort();
        let error = read(r#"{"base": "dc=x", "no-such-key": 1}"#).unwrap_err().to_string();
        let (_, list) = error.split_once("expected one of ").unwrap();
        let (list, _) = list.split_once(" at ").unwrap();
        let mut read: Vec<String> =
            list.split(", ").map(|key| key.trim_matches('`').to_owned()).collect();
        read.sort();
        assert_eq!(known, read.iter().collect::<Vec<_>>());
    }
}
