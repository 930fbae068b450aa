//! Arguments of two parts, written `ONE/OTHER`.

use std::str::FromStr;

use lanyard_core::id::{ConnectorName, StepName, WorkflowName};

/// An entitlement of a target.
#[derive(Debug, Clone)]
pub struct Held {
    pub target: ConnectorName,
    /// An alias of the file, or a name or id there; it may have slashes.
    pub entitlement: String,
}

impl FromStr for Held {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((target, entitlement)) if !entitlement.is_empty() => Ok(Self {
                target: target.parse().map_err(|error| format!("{error}"))?,
                entitlement: entitlement.to_owned(),
            }),
            _ => Err("write it as TARGET/NAME, for example crm/approvers".to_owned()),
        }
    }
}

/// A step of a workflow.
#[derive(Debug, Clone)]
pub struct Stepped {
    pub workflow: WorkflowName,
    pub step: StepName,
}

impl FromStr for Stepped {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((workflow, step)) = text.split_once('/') else {
            return Err("write it as WORKFLOW/STEP, for example leaver/off".to_owned());
        };
        Ok(Self {
            workflow: workflow.parse().map_err(|error| format!("{error}"))?,
            step: step.parse().map_err(|error| format!("{error}"))?,
        })
    }
}
