//! What wit-bindgen makes of `wit/`: the vocabulary once, then one set per
//! exported interface, all sharing it, so that a component exports exactly
//! the interfaces its author lists.
#![allow(
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated: the component ABI is raw memory"
)]

pub mod vocabulary {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package lanyard:sdk; world vocabulary { import lanyard:connector/types@0.1.0; }",
        additional_derives: [PartialEq],
        generate_unused_types: true,
        generate_all,
    });
}

#[cfg(target_family = "wasm")]
pub mod host {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "host-services",
        with: { "lanyard:connector/types@0.1.0": crate::bindings::vocabulary::lanyard::connector::types },
        generate_all,
    });
}

pub mod meta {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "exports-meta",
        with: { "lanyard:connector/types@0.1.0": crate::bindings::vocabulary::lanyard::connector::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
        default_bindings_module: "lanyard_sdk::bindings::meta",
    });
}

pub mod directory {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "exports-directory",
        with: { "lanyard:connector/types@0.1.0": crate::bindings::vocabulary::lanyard::connector::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
        default_bindings_module: "lanyard_sdk::bindings::directory",
    });
}

pub mod provisioning {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "exports-provisioning",
        with: { "lanyard:connector/types@0.1.0": crate::bindings::vocabulary::lanyard::connector::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
        default_bindings_module: "lanyard_sdk::bindings::provisioning",
    });
}

pub mod entitlements {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "exports-entitlements",
        with: { "lanyard:connector/types@0.1.0": crate::bindings::vocabulary::lanyard::connector::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
        default_bindings_module: "lanyard_sdk::bindings::entitlements",
    });
}

pub mod credentials {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "exports-credentials",
        with: { "lanyard:connector/types@0.1.0": crate::bindings::vocabulary::lanyard::connector::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
        default_bindings_module: "lanyard_sdk::bindings::credentials",
    });
}

pub mod step {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "exports-step",
        with: { "lanyard:connector/types@0.1.0": crate::bindings::vocabulary::lanyard::connector::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
        default_bindings_module: "lanyard_sdk::bindings::step",
    });
}
