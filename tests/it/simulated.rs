//! The executor against targets that misbehave as they are told to.

mod answers;
mod creates;
mod firm;
mod order;
mod readings;
mod system;
mod writes;
