//! Whatever a component does hurts only its own operations, learns only
//! what it was permitted, and changes nothing while planning.

mod alone;
mod bench;
mod limits;
mod passwords;
mod reach;
mod recorder;
mod secrets;
mod steps;
