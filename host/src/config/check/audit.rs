//! What is told elsewhere of the record: there is a key to sign it with, and
//! somewhere to tell it.

use super::Check;
use crate::config::{
    audit::AuditConfig, document::Place, report::ConfigError, store::StoreConfig, written::File,
};

pub(super) fn audit(check: &mut Check<'_, '_>, file: &File, store: &StoreConfig) -> AuditConfig {
    let place = Place::of(["audit"]);
    let audit = AuditConfig {
        heads: file.audit.heads.as_ref().map(|heads| check.path(heads)),
        witness: file.audit.witness.clone(),
    };
    if file.audit.heads.as_deref() == Some("") {
        let error = ConfigError::new("bad value for `heads`").label("needs the name of a file");
        check.value(&place.key("heads"), error);
    } else if let (Some(heads), StoreConfig::File(path)) = (&audit.heads, store)
        && heads == path
    {
        let error = ConfigError::new("`heads` is the store")
            .label("whoever changes the one would change the other")
            .hint("name another file, best on another machine");
        check.value(&place.key("heads"), error);
    }
    if let Some(witness) = &audit.witness {
        let known: Vec<&str> = file.notify.webhook.iter().map(|(name, _)| name.as_str()).collect();
        if !known.contains(&witness.as_str()) {
            let error = ConfigError::new(format!("unknown webhook `{witness}`"))
                .label(format!("no `[notify.webhook.{witness}]` in this file"))
                .nearest(witness.as_str(), known);
            check.value(&place.key("witness"), error);
        }
    }
    if audit.is_told() && file.signing.key.is_none() && matches!(store, StoreConfig::Postgres(_)) {
        let error = ConfigError::new("there is no key to sign heads with")
            .label("the store is on a server, which keeps none")
            .hint("`[signing]` with `key = { file = \"secrets/signing-key\" }`");
        check.key(&place, error);
    }
    audit
}
