//! The executor against targets that misbehave as they are told to.

mod creates;
mod firm;
mod order;
mod system;
mod writes;
