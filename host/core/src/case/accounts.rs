//! Accounts of nobody that may be somebody's: the same questions as the
//! adoptions of a plan, by whom and where they are about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    id::{ConnectorName, Digest, IdentityId},
    plan::{Adoption, Plan},
};

/// Which account at a target is somebody's, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCase {
    /// The beginning of a digest of what it is about.
    pub id: String,
    pub identity: IdentityId,
    pub target: ConnectorName,
    /// At least one.
    pub accounts: Vec<Adoption>,
}

/// The id of the case about somebody's account at a target.
pub fn account_case(identity: IdentityId, target: &ConnectorName) -> String {
    Digest::of(format!("account\n{target}\n{identity}")).short().to_owned()
}

/// The cases of a plan, in the order of who they are about.
pub fn account_cases(plan: &Plan) -> Vec<AccountCase> {
    let mut cases: BTreeMap<(IdentityId, &ConnectorName), Vec<Adoption>> = BTreeMap::new();
    for adoption in &plan.adoptions {
        let case = cases.entry((adoption.identity, &adoption.target)).or_default();
        case.push(adoption.clone());
    }
    let case = |((identity, target), accounts): ((IdentityId, &ConnectorName), _)| AccountCase {
        id: account_case(identity, target),
        identity,
        target: target.clone(),
        accounts,
    };
    cases.into_iter().map(case).collect()
}
