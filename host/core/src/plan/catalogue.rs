//! The entitlement texts of one target, each resolved once.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    account::Entitlement,
    entitlement::{Index, Unresolved},
    value::ObjectRef,
};

/// Every entitlement text in use, resolved once.
pub(super) struct Catalogue<'a> {
    resolved: BTreeMap<&'a str, Result<&'a Entitlement, Unresolved>>,
    names: BTreeMap<&'a ObjectRef, &'a str>,
}

impl<'a> Catalogue<'a> {
    /// `whole`: `known` are certainly all there are.
    pub(super) fn new(
        known: &'a [Entitlement],
        whole: bool,
        aliases: &BTreeMap<String, String>,
        texts: &BTreeSet<&'a str>,
    ) -> Self {
        let index = Index::new(known, whole);
        let resolve = |text: &&'a str| (*text, index.resolve(aliases, text));
        let names = known.iter().map(|it| (&it.reference, it.name.as_str())).collect();
        Self { resolved: texts.iter().map(resolve).collect(), names }
    }

    pub(super) fn get(&self, text: &str) -> Option<&Result<&'a Entitlement, Unresolved>> {
        self.resolved.get(text)
    }

    /// Whether some text in use means it.
    pub(super) fn speaks_of(&self, entitlement: &ObjectRef) -> bool {
        let mut meant = self.resolved.values().filter_map(|it| it.as_ref().ok());
        meant.any(|it| it.reference == *entitlement)
    }

    /// How people call an entitlement.
    pub(super) fn label(&self, entitlement: &ObjectRef) -> String {
        (*self.names.get(entitlement).unwrap_or(&entitlement.uid.as_str())).to_owned()
    }
}
