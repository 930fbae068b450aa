//! The executor against targets that misbehave as they are told to.

mod answers;
mod carried;
mod creates;
mod firm;
mod left;
mod order;
mod pace;
mod passwords;
mod readings;
mod renames;
mod steps;
mod system;
mod writes;
