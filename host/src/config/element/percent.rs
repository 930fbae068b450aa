//! A whole number of percent, 0 to 100.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "i64")]
pub(in crate::config) struct Percent(
    #[schemars(range(min = 0, max = 100))] pub(in crate::config) u8,
);

#[derive(Debug, thiserror::Error)]
#[error("needs a percentage from 0 to 100")]
pub(in crate::config) struct PercentError;

impl TryFrom<i64> for Percent {
    type Error = PercentError;
    fn try_from(number: i64) -> Result<Self, PercentError> {
        u8::try_from(number).ok().filter(|number| *number <= 100).map(Self).ok_or(PercentError)
    }
}
