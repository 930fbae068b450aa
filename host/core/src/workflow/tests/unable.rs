//! What a target is not able to do.

use std::collections::BTreeSet;

use super::*;

#[test]
fn a_step_that_a_target_is_not_able_to_do_fails_when_the_others_have_done_it() {
    let wiki = BTreeSet::from([ConnectorName::new("wiki").unwrap()]);
    let cases = [
        (OnFailure::Stop, &["off"][..], false),
        (OnFailure::Continue, &["off", "tell"], false),
        (OnFailure::Obligation, &["off", "tell"], true),
        (OnFailure::Ask, &["off"], true),
    ];
    for (on_failure, over, stays) in cases {
        let off = StepDefinition { on_failure, ..step("off", accounts(AccountVerb::Disable), &[]) };
        let mut walk = Walk::new(vec![off, step("tell", start(), &["off"])]);
        walk.unable = wiki.clone();
        let looked = walk.look("2026-07-01");
        assert_eq!((looked.ended.len(), looked.seen.len()), (0, 0), "others have to do it first");
        walk.disabled = true;
        let looked = walk.look("2026-07-01");
        let off = StepName::new("off").unwrap();
        assert!(looked.seen.contains(&off), "it is so because somebody looks");
        walk.end("off", "2026-07-01", StepEnd::Unable { targets: wiki.clone() });
        let begins = walk.look("2026-07-01").due.iter().any(|it| it.as_str() == "tell");
        assert_eq!(begins, over.contains(&"tell"), "{on_failure:?}");
        assert_eq!(open_steps(&walk.workflow, &walk.episode).next().is_some(), stays);
    }
    let end = StepEnd::Unable { targets: wiki };
    assert!(!end.is_good());
    assert_eq!(end.trouble(), "cannot be done at `wiki`, which is not able to");
}
