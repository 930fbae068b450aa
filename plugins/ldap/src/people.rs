//! Reading accounts.

use std::io::{Read, Write};

use lanyard_sdk::{
    time,
    types::{
        Account, Attribute, Completeness, Error, Lookup, Page, PageRequest, Projection, Selector,
        Timestamp, Value,
    },
};
use ldap3_proto::{parse_ldap_filter_str, proto::LdapFilter};

use crate::{
    config::Config,
    entry::Entry,
    listing::Tree,
    lock, schema,
    session::{ENTRY_UUID, Session, and, equal, no_key, reference},
};

/// A version of the entry (draft-chu-ldap-csn).
const ENTRY_CSN: &str = "entryCSN";

/// Where OpenLDAP keeps the last sign-in: `lastbind` of a database (2.5 and
/// later), and the overlay of that name.  A server that has neither gives none.
const LAST_USED: [&str; 2] = ["pwdLastSuccess", "authTimestamp"];

/// What to ask the server for so that [`account`] is whole.
pub(crate) fn wanted(config: &Config, want: &Projection) -> Vec<String> {
    let mut names: Vec<String> = projected(config, want).map(str::to_owned).collect();
    names.extend([ENTRY_UUID, ENTRY_CSN].map(str::to_owned));
    names.extend([config.rdn.clone(), config.anchor_attribute.clone()]);
    names.extend(lock::attributes(config));
    names.extend(LAST_USED.map(str::to_owned));
    names
}

/// The entry as the contract sees it.
pub(crate) fn account(config: &Config, entry: &Entry, want: &Projection) -> Result<Account, Error> {
    let ref_ = reference(entry, schema::USER).ok_or_else(|| no_key(&entry.dn))?;
    let attributes = projected(config, want).map(|name| read(entry, name)).collect();
    Ok(Account {
        ref_,
        revision: entry.text(ENTRY_CSN).map(str::to_owned),
        name: login(config, entry).to_owned(),
        anchor: entry.text(&config.anchor_attribute).map(str::to_owned),
        state: lock::state(config, entry),
        state_until: None,
        last_used: last_used(entry),
        attributes,
        extra: Vec::new(),
    })
}

fn last_used(entry: &Entry) -> Option<Timestamp> {
    let times = LAST_USED.iter().filter_map(|name| time::generalized(entry.text(name)?));
    times.max_by_key(|at| at.seconds)
}

/// The naming attribute may hold more than the name itself; the value in the
/// entry's name counts.
pub(crate) fn login<'e>(config: &Config, entry: &'e Entry) -> &'e str {
    let own = crate::dn::normal(&entry.dn);
    let parent = crate::dn::parent(&entry.dn).unwrap_or_default();
    let in_name = |value: &&str| {
        let name = format!("{},{parent}", crate::dn::rdn(&config.rdn, value));
        crate::dn::normal(&name) == own
    };
    let first = entry.text(&config.rdn).unwrap_or_default();
    entry.texts(&config.rdn).find(in_name).unwrap_or(first)
}

fn projected<'a>(config: &Config, want: &'a Projection) -> impl Iterator<Item = &'static str> + 'a {
    schema::attributes(config).into_iter().filter(move |name| match want {
        Projection::Default | Projection::All => true,
        Projection::Only(names) => names.iter().any(|wanted| wanted == name),
    })
}

/// A value that is no text cannot be shown: the attribute is incomplete.
fn read(entry: &Entry, name: &str) -> Attribute {
    let values: Vec<Value> = entry.texts(name).map(|text| Value::Text(text.to_owned())).collect();
    let completeness = if values.len() == entry.values(name).len() {
        Completeness::Complete
    } else {
        Completeness::Incomplete
    };
    Attribute {
        name: name.to_owned(),
        values,
        completeness,
        effective_from: None,
        effective_until: None,
        extra: Vec::new(),
    }
}

/// The type the host asks for must be the one there is.
pub(crate) fn check_type(kind: &str) -> Result<(), Error> {
    if kind == schema::USER {
        return Ok(());
    }
    Err(Error::unsupported(format!("there are no objects of type `{kind}`")))
}

impl<S: Read + Write> Session<'_, S> {
    /// The account with that key.
    pub(crate) fn get(&mut self, uid: &str, want: &Projection) -> Result<Account, Error> {
        let config = self.config;
        match self.person(uid, wanted(config, want))? {
            Some(entry) => account(config, &entry, want),
            None => Err(Error::not_found(format!("no account `{uid}`"))),
        }
    }

    /// The accounts that hold a value.
    pub(crate) fn find(&mut self, by: &Lookup, want: &Projection) -> Result<Vec<Account>, Error> {
        let config = self.config;
        let filter = match by {
            Lookup::Anchor(anchor) => equal(&config.anchor_attribute, anchor),
            Lookup::Name(name) => equal(&config.rdn, name),
            Lookup::Attribute(lookup) => {
                let known = schema::attributes(config)
                    .into_iter()
                    .chain([config.rdn.as_str(), config.anchor_attribute.as_str()])
                    .any(|name| name == lookup.name);
                match &lookup.value {
                    Value::Text(text) if known => equal(&lookup.name, text),
                    _ if known => {
                        return Err(Error::invalid_value(&lookup.name, "only text is held"));
                    }
                    _ => {
                        let name = &lookup.name;
                        return Err(Error::unsupported(format!(
                            "no attribute `{name}` to find by"
                        )));
                    }
                }
            }
            Lookup::IdempotencyKey(_) => {
                return Err(Error::unsupported(
                    "the directory keeps no idempotency keys; look by anchor or name",
                ));
            }
            Lookup::Named(_) => return Err(Error::unsupported("an unknown way to look")),
        };
        let entries = self.people(filter, wanted(config, want))?;
        entries.iter().map(|entry| account(config, entry, want)).collect()
    }

    /// A page of all accounts, or of those a native filter matches.
    pub(crate) fn list(&mut self, request: &PageRequest) -> Result<Page, Error> {
        let config = self.config;
        let people = config.people_filter.0.clone();
        let filter = match &request.selector {
            Selector::Everything => people,
            Selector::Native(text) => and(people, native(text)?),
            Selector::ModifiedSince(_) => {
                return Err(Error::unsupported("reading by time of change"));
            }
        };
        let tree = Tree { base: &config.base, filter };
        let want = &request.projection;
        let piece =
            self.piece(&tree, &wanted(config, want), request.cursor.as_deref(), request.limit)?;
        let accounts = piece.entries.iter().map(|entry| account(config, entry, want));
        Ok(Page {
            accounts: accounts.collect::<Result<_, _>>()?,
            next: piece.next,
            coverage: piece.coverage,
            total_hint: piece.total,
            extra: Vec::new(),
        })
    }
}

fn native(text: &str) -> Result<LdapFilter, Error> {
    parse_ldap_filter_str(text)
        .map_err(|error| Error::misconfigured(format!("`{text}` is no search filter: {error}")))
}

#[cfg(test)]
mod tests {
    use ldap3_proto::proto::{LdapPartialAttribute, LdapSearchResultEntry};

    use super::*;

    #[test]
    fn the_later_of_what_the_server_keeps_is_the_last_use() {
        let entry = |kept: &[(&str, &str)]| {
            let attributes = kept.iter().map(|(name, value)| LdapPartialAttribute {
                atype: (*name).to_owned(),
                vals: vec![value.as_bytes().to_vec()],
            });
            Entry::from(LdapSearchResultEntry {
                dn: "uid=ada".to_owned(),
                attributes: attributes.collect(),
            })
        };
        let told = |kept: &[(&str, &str)]| last_used(&entry(kept)).map(|it| it.to_string());
        let both = [("pwdLastSuccess", "20260301120000Z"), ("authTimestamp", "20260401120000Z")];
        assert_eq!(told(&both).as_deref(), Some("2026-04-01T12:00:00Z"));
        assert_eq!(told(&[("pwdLastSuccess", "long ago")]), None);
        assert_eq!(told(&[]), None);
    }
}
