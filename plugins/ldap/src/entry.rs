//! What a search returns, with attribute names compared as the server does.

use ldap3_proto::proto::LdapSearchResultEntry;

/// One entry: its name and the attributes asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// All values of an attribute; none when it has no value or may not be
    /// read, which LDAP does not tell apart.
    pub(crate) fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map_or(&[], |(_, values)| values.as_slice())
    }

    /// The values that are text.
    pub(crate) fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.values(name).iter().filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The first value that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }
}

impl From<LdapSearchResultEntry> for Entry {
    fn from(LdapSearchResultEntry { dn, attributes }: LdapSearchResultEntry) -> Self {
        let attributes =
            attributes.into_iter().map(|attribute| (attribute.atype, attribute.vals)).collect();
        Self { dn, attributes }
    }
}
