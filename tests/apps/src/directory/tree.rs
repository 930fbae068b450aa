//! All entries, and what can be done to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ldap3_proto::proto::{
    LdapModify, LdapModifyDNRequest, LdapPartialAttribute, LdapResultCode as Code,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    dn,
    entry::{Entry, Refusal, refuse},
    schema,
};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tree {
    /// Counts every change, so that no state comes twice.
    sequence: u64,
    /// How often each name was made: an `entryUUID` follows from the name
    /// alone, whatever came in between, and none comes twice.
    made: BTreeMap<String, u64>,
    /// By the normal form of their names.
    entries: BTreeMap<String, Entry>,
}

impl Tree {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn contains(&self, normal: &str) -> bool {
        self.entries.contains_key(normal)
    }

    pub(super) fn get(&self, dn: &str) -> Result<&Entry, Refusal> {
        let normal = normal(dn)?;
        self.entries.get(&normal).ok_or_else(|| self.no_such_object(&normal))
    }

    /// Entries in the order of their names, after the one named.
    pub(super) fn after(&self, normal: Option<&str>) -> impl Iterator<Item = (&String, &Entry)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let start = normal.map_or(Unbounded, Excluded);
        self.entries.range::<str, _>((start, Unbounded))
    }

    pub(super) fn add(
        &mut self,
        dn: &str,
        sent: &[LdapPartialAttribute],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let normal = normal(dn)?;
        if self.entries.contains_key(&normal) {
            return refuse(Code::EntryAlreadyExists, "");
        }
        let above = dn::parent(&normal).filter(|above| self.entries.contains_key(above));
        if above.is_none() && !self.entries.is_empty() {
            return Err(self.no_such_object(&normal));
        }
        let mut entry = Entry::new(dn, sent)?;
        self.sequence += 1;
        let times = self.made.entry(normal.clone()).or_default();
        *times += 1;
        let name = format!("demo-directory/{normal}/{times}");
        entry.keep("entryUUID", Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string());
        entry.keep("entryDN", dn);
        entry.keep("createTimestamp", generalized(now));
        let structural = schema::structural(entry.values("objectClass")).unwrap_or_default();
        entry.keep("structuralObjectClass", structural);
        self.stamp(&mut entry, now);
        self.entries.insert(normal, entry);
        Ok(())
    }

    pub(super) fn modify(
        &mut self,
        dn: &str,
        changes: &[LdapModify],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut entry = self.get(dn)?.clone();
        entry.modify(changes)?;
        self.stamp(&mut entry, now);
        self.entries.insert(normal(dn)?, entry);
        Ok(())
    }

    pub(super) fn delete(&mut self, dn: &str) -> Result<(), Refusal> {
        self.get(dn)?;
        let normal = normal(dn)?;
        if self.below(&normal).next().is_some() {
            let message = "subordinate objects must be deleted first";
            return refuse(Code::NotAllowedOnNonLeaf, message);
        }
        self.sequence += 1;
        self.entries.remove(&normal);
        Ok(())
    }

    pub(super) fn rename(
        &mut self,
        request: &LdapModifyDNRequest,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let old = normal(&request.dn)?;
        let mut entry = self.get(&request.dn)?.clone();
        if self.below(&old).next().is_some() {
            return refuse(Code::UnwillingToPerform, "subtree rename is not supported");
        }
        let (Some(level), Some(levels)) = (dn::parse_level(&request.newrdn), dn::parse(&entry.dn))
        else {
            return refuse(Code::InvalidDNSyntax, "the new name is no name");
        };
        let above = match &request.new_superior {
            Some(above) => above.clone(),
            None => dn::split(&entry.dn, ',').get(1..).unwrap_or_default().join(","),
        };
        let new_dn = format!("{},{}", request.newrdn, above.trim_start());
        let new = normal(&new_dn)?;
        if !self.entries.contains_key(&normal(&above)?) {
            return Err(self.no_such_object(&new));
        }
        if new != old && self.entries.contains_key(&new) {
            return refuse(Code::EntryAlreadyExists, "");
        }
        if request.deleteoldrdn {
            for (name, value) in levels.first().into_iter().flatten() {
                entry.forget(name, value);
            }
        }
        for (name, value) in level {
            let Some(attribute) = schema::attribute(&name) else {
                return refuse(Code::UndefinedAttributeType, name);
            };
            if !entry.has(attribute, &value) {
                entry.add(attribute, vec![value])?;
            }
        }
        entry.dn.clone_from(&new_dn);
        entry.keep("entryDN", new_dn);
        entry.check()?;
        self.stamp(&mut entry, now);
        self.entries.remove(&old);
        self.entries.insert(new, entry);
        Ok(())
    }

    /// Signs in with a name and a password.
    pub(super) fn bind(&self, dn: &str, password: &str) -> Result<(), Refusal> {
        let refused = || refuse(Code::InvalidCredentials, "");
        let Ok(entry) = self.get(dn) else { return refused() };
        if self.locked(entry) || !entry.values("userPassword").iter().any(|own| own == password) {
            return refused();
        }
        Ok(())
    }

    /// A locked time blocks only where the policy in force says so.
    fn locked(&self, entry: &Entry) -> bool {
        let policy = match entry.first("pwdPolicySubentry") {
            Some(dn) => self.get(dn).ok(),
            None => self
                .entries
                .iter()
                .find(|(name, _)| name.starts_with("cn=default,ou=policies,"))
                .map(|(_, policy)| policy),
        };
        entry.first("pwdAccountLockedTime").is_some()
            && policy.and_then(|policy| policy.first("pwdLockout")) == Some("TRUE")
    }

    fn below<'a>(&'a self, normal: &str) -> impl Iterator<Item = &'a String> {
        let end = format!(",{normal}");
        self.entries.keys().filter(move |name| name.ends_with(&end))
    }

    fn stamp(&mut self, entry: &mut Entry, now: Timestamp) {
        self.sequence += 1;
        entry.keep("modifyTimestamp", generalized(now));
        let state =
            format!("{}.000000Z#{:06x}#000#000000", now.strftime("%Y%m%d%H%M%S"), self.sequence);
        entry.keep("entryCSN", state);
    }

    pub(super) fn no_such_object(&self, normal: &str) -> Refusal {
        let mut matched = dn::parent(normal);
        while let Some(name) = &matched {
            if self.entries.contains_key(name) {
                break;
            }
            matched = dn::parent(name);
        }
        Refusal {
            code: Code::NoSuchObject,
            message: String::new(),
            matched: matched.unwrap_or_default(),
        }
    }
}

fn normal(dn: &str) -> Result<String, Refusal> {
    dn::normal(dn).map_or_else(|| refuse(Code::InvalidDNSyntax, "invalid DN"), Ok)
}

fn generalized(time: Timestamp) -> String {
    time.strftime("%Y%m%d%H%M%SZ").to_string()
}
