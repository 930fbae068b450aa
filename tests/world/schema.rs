//! What systems of a world say of themselves.

use lanyard_core::schema::{
    AttributeDef, Capabilities, DisableEffect, IdStability, Matching, Mutability, ObjectDef,
    ObjectRole, Returned, Schema, Sensitivity, ValueKind,
};

use crate::schedule::Kind;

fn attribute(name: &str) -> AttributeDef {
    AttributeDef {
        name: name.to_owned(),
        kind: ValueKind::Text,
        multi: false,
        ordered: false,
        required: false,
        unique: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Always,
        matching: Matching::IgnoreCase,
        sensitivity: Sensitivity::Ordinary,
        allowed: Vec::new(),
        description: String::new(),
        scim_path: None,
    }
}

fn object(object_type: &str, role: ObjectRole, capabilities: Capabilities) -> ObjectDef {
    ObjectDef {
        object_type: object_type.to_owned(),
        role,
        attributes: ["login", "number", "title"].map(attribute).into(),
        anchor_attribute: (role == ObjectRole::Account).then(|| "number".to_owned()),
        name_attribute: "login".to_owned(),
        capabilities,
    }
}

pub(crate) fn schema(kind: &Kind) -> Schema {
    let id_stability =
        if kind.renameable { IdStability::Renameable } else { IdStability::Immutable };
    let capabilities = Capabilities {
        create: true,
        update: true,
        enable: true,
        disable: true,
        delete: true,
        full_list: true,
        entitlements: true,
        create_safety: kind.safety,
        visibility_delay_ms: u64::from(kind.delay_ms),
        id_stability,
        disable_effects: [DisableEffect::BlocksLogin, DisableEffect::Reversible].into(),
        ..Capabilities::default()
    };
    Schema {
        objects: vec![
            object("user", ObjectRole::Account, capabilities),
            object("group", ObjectRole::Entitlement, Capabilities::default()),
        ],
    }
}

/// Of the source: what a row has.
pub(crate) fn of_rows() -> Schema {
    let columns = ["given_name", "department", "status", "start", "end"];
    let object = ObjectDef {
        object_type: "person".to_owned(),
        role: ObjectRole::Account,
        attributes: columns.map(attribute).into(),
        anchor_attribute: None,
        name_attribute: "key".to_owned(),
        capabilities: Capabilities::default(),
    };
    Schema { objects: vec![object] }
}
