//! The host's functions: the imports in a component, the scripted double in
//! a native build.  One function for each import, so that an import nobody
//! calls leaves the component.

#[cfg(not(target_family = "wasm"))]
mod double;
#[cfg(target_family = "wasm")]
mod imports;
#[cfg(target_family = "wasm")]
mod outgoing;

#[cfg(not(target_family = "wasm"))]
pub(crate) use double::*;
#[cfg(target_family = "wasm")]
pub(crate) use imports::*;
#[cfg(target_family = "wasm")]
pub(crate) use outgoing::send;
