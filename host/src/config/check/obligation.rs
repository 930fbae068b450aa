//! Who checks what becomes of access, and what is signed of it.

use lanyard_core::{
    id::ConnectorName,
    obligation::{CheckBy, CheckedBy},
};

use super::Check;
use crate::config::{
    document::{Part, Place},
    permissions::SecretSource,
    report::ConfigError,
    written::{By, Signing, Target},
};

/// Where the key is that signs; none: beside the store.
pub(super) fn signing(check: &mut Check<'_, '_>, signing: &Signing) -> Option<SecretSource> {
    let key = signing.key.as_ref()?;
    Some(check.secret_source(&Place::of(["signing", "key"]), "key", key))
}

/// Who says whether somebody is closed at a target.
pub(super) fn checked_by(
    check: &mut Check<'_, '_>,
    place: &Place,
    own: &ConnectorName,
    target: &Target,
) -> Option<CheckedBy> {
    let written = target.checked_by.as_ref()?;
    let place = place.key("checked-by").key("target");
    if written.target == own.as_str() {
        let error = ConfigError::new(format!("`{own}` is this target"))
            .label("names another one here")
            .hint("its own readings are looked at without that");
        check.value(&place, error);
        return None;
    }
    if !check.target(&place, Part::Value, &written.target) {
        return None;
    }
    let by = match written.by {
        By::Login => CheckBy::Login,
        By::Key => CheckBy::Key,
    };
    Some(CheckedBy { target: ConnectorName::new(written.target.as_str()).ok()?, by })
}
