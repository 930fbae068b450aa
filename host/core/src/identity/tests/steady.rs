//! Values that stay the same, whoever tells them.

use super::*;
use crate::workflow::{ConditionDefinition, Definition, On, Workflow};

/// A workflow begins when the department or the title changes.
fn watching() -> Policy {
    let mut policy = policy();
    let definition = Definition {
        name: named("moved"),
        on: On::Changed(BTreeSet::from([named("department"), named("title")])),
        when: ConditionDefinition::default(),
        steps: Vec::new(),
    };
    let workflow = Workflow::compile(&definition, None, &mut policy.expressions).unwrap();
    policy.workflows.push(workflow);
    policy
}

#[test]
fn nothing_is_remembered_of_a_value_that_its_own_source_goes_on_telling() {
    let policy = watching();
    let ada = |title: &str| vec![worker("1", ("Ada", "Example"), &[("title", title)])];
    let known = hired(&policy, ada("Clerk")).identities;
    let after = round(&policy, ada("Boss"), &known);
    let ada = the_only(&after);
    assert_eq!(fact_text(ada, "title").as_deref(), Some("Boss"));
    assert_eq!(ada.unchanged, BTreeMap::new());
}
