//! What writing calls share: texts out of values, and outcomes.

use lanyard_sdk::types::{
    Account, Error, OperationContext, Outcome, PartFailure, SideEffect, Status, Value, WriteMode,
};

use crate::{config::Config, schema};

/// The directory cannot try a change without making it.
pub(crate) fn check_mode(context: &OperationContext) -> Result<(), Error> {
    match context.mode {
        WriteMode::Commit => Ok(()),
        WriteMode::ValidateOnly => {
            Err(Error::unsupported("the directory cannot validate without writing"))
        }
    }
}

/// Only attributes of the schema are written, and only texts.
pub(crate) fn texts(config: &Config, name: &str, values: &[Value]) -> Result<Vec<Vec<u8>>, Error> {
    if !schema::attributes(config).contains(&name) {
        return Err(Error::invalid_value(name, "not an attribute this connector writes"));
    }
    values
        .iter()
        .map(|value| match value {
            Value::Text(text) if text.trim().is_empty() => {
                Err(Error::invalid_value(name, "an empty value; leave the attribute out instead"))
            }
            Value::Text(text) => Ok(text.clone().into_bytes()),
            _ => Err(Error::invalid_value(name, "only text can be written")),
        })
        .collect()
}

pub(crate) fn outcome(status: Status, account: Option<Account>) -> Outcome {
    Outcome {
        status,
        account,
        side_effects: Vec::new(),
        failed: Vec::new(),
        deposited: Vec::new(),
        extra: Vec::new(),
    }
}

/// Applied or, where there was nothing to do, unchanged.
pub(crate) fn done(changed: bool, account: Option<Account>) -> Outcome {
    outcome(if changed { Status::Applied } else { Status::Unchanged }, account)
}

pub(crate) fn partial(account: Option<Account>, failed: Vec<PartFailure>) -> Outcome {
    Outcome { failed, ..outcome(Status::Partial, account) }
}

pub(crate) fn failure(part: &str, error: Error) -> PartFailure {
    PartFailure { part: part.to_owned(), error }
}

pub(crate) fn with_side_effects(outcome: Outcome, side_effects: Vec<SideEffect>) -> Outcome {
    Outcome { side_effects, ..outcome }
}
