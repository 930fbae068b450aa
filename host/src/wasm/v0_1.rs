//! Version 0.1 of the contract: bindings, and everything that converts
//! between them and the domain.  A later version is a file beside this one.

mod convert;
mod credentials;
mod imports;
mod instance;
mod step;

pub(super) use imports::{MAX_RESOURCES, add_to_linker};
pub(super) use instance::{CallError, Exports, Instance};

/// Generated from `wit/`; nothing outside this module sees these types.
pub(super) mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package lanyard:host;
            world host {
                include lanyard:connector/host-services@0.1.0;
                export lanyard:connector/meta@0.1.0;
                export lanyard:connector/directory@0.1.0;
                export lanyard:connector/provisioning@0.1.0;
                export lanyard:connector/entitlements@0.1.0;
                export lanyard:connector/credentials@0.1.0;
                export lanyard:connector/step@0.1.0;
            }
        ",
        world: "lanyard:host/host",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "wasi:http": wasmtime_wasi_http::p2::bindings::http,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "lanyard:connector/streams.connection": crate::wasm::stream::Connection,
        },
    });
}
