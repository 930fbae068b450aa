//! The pure domain of Lanyard: what should be true, what is, and what to do.
//!
//! Nothing in here reads a clock, draws a random number or performs I/O: the
//! time is an argument, and everything that comes from outside is a value.
//! Modules in reading order, which is the order of the one road:
//! sources, facts, identity, lifecycle state, rules, desired; targets,
//! observed; plan, guard; run.

pub mod absence;
pub mod access;
pub mod account;
pub mod approval;
pub mod asking;
pub mod authority;
pub mod case;
pub mod compare;
pub mod condition;
pub mod correlation;
pub mod desired;
pub mod diff;
pub mod dropped;
mod engagement;
mod entitlement;
#[cfg(test)]
mod example;
pub mod explain;
pub mod fact;
pub mod fault;
pub mod forgetting;
pub mod guard;
pub mod history;
pub mod id;
pub mod identity;
pub mod lifecycle;
pub mod matching;
pub mod missing;
pub mod obligation;
pub mod observed;
pub mod operation;
pub mod pattern;
pub mod plan;
pub mod policy;
pub mod policy_test;
#[cfg(test)]
mod properties;
pub mod recognition;
pub mod recorded;
pub mod request;
pub mod retry;
pub mod review;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod simulate;
pub mod template;
pub mod union;
pub mod value;
pub mod verify;
pub mod whole;
pub mod workflow;
pub mod xray;
