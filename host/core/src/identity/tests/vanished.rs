use super::*;

/// Two people with a last day and a status, and what the next file says.
fn next_file(policy: &Policy, ada: &[(&str, &str)], bob: &[(&str, &str)]) -> Assembled {
    let before =
        |key| record(key, &[("end", "2026-05-31"), ("until", "2026-05-31"), ("status", "x")]);
    let known = hired(policy, vec![before("1"), before("2")]).identities;
    let once = round(policy, vec![record("1", ada), record("2", bob)], &known);
    // Whoever is held is so again, for what was known is kept.
    let again = round(policy, vec![record("1", ada), record("2", bob)], &once.identities);
    assert_eq!(once.holds, again.holds);
    again
}

#[test]
fn a_cell_that_was_emptied_while_others_have_a_value_is_believed() {
    let after = next_file(
        &policy(),
        &[("end", ""), ("status", "x")],
        &[("end", "2026-05-31"), ("status", "x")],
    );
    assert_eq!(held(&after, "1"), "");
    let ada = after.identities.iter().find(|identity| identity.id == id("1")).unwrap();
    assert_eq!(fact_text(ada, "end"), None);
}

#[test]
fn a_column_that_is_gone_or_empty_for_everybody_is_not_believed() {
    for (end, what) in
        [(&[][..], ""), (&[("end", "")], "a value in "), (&[("end", " ")], "a value in ")]
    {
        let row = [end, &[("status", "x")]].concat();
        let after = next_file(&policy(), &row, &row);
        let problem = format!(
            "source `hr`: no record has {what}`end` any more, which the fact `end` was made of; \
             bring it back, or leave `end` out of the source's `facts`"
        );
        assert_eq!(held(&after, "1"), problem);
        assert_eq!(after.problems, [problem]);
        for ada in &after.identities {
            assert_eq!(fact_text(ada, "end").as_deref(), Some("2026-05-31"), "it stays known");
        }
    }
    let row = [("end", "2026-05-31")];
    let after = next_file(&policy(), &row, &row);
    assert!(held(&after, "2").contains("`status`"), "{}", held(&after, "2"));
}

#[test]
fn a_column_behind_a_template_is_missed_as_well() {
    let mut policy = policy();
    facts(&mut policy, &[("end", "{{ until | default(planned | default('')) }}")]);
    let planned = [("planned", "2027-01-31")];
    let nothing = [("planned", "")];
    let after = next_file(&policy, &nothing, &planned);
    assert!(held(&after, "1").contains("no record has `until` any more"), "{}", held(&after, "1"));
    assert_eq!(held(&after, "2"), "", "theirs is there");
    let after = next_file(&policy, &[("until", ""), ("planned", "")], &[("until", "2027-01-31")]);
    assert_eq!(held(&after, "1"), "");
}

#[test]
fn a_fact_the_file_no_longer_makes_or_the_lifecycle_does_not_ask_for_is_let_go() {
    let known = |policy: &Policy| {
        hired(policy, vec![record("1", &[("end", "2026-05-31"), ("status", "x")])]).identities
    };
    let mut changed = policy();
    let known_before = known(&changed);
    facts(&mut changed, &[("town", "{{ town }}")]);
    let after = round(&changed, vec![record("1", &[("town", "A")])], &known_before);
    assert_eq!(held(&after, "1"), "");

    let mut unasked = policy();
    unasked.lifecycle.status.clear();
    let after = round(&unasked, vec![record("1", &[("end", "2026-05-31")])], &known(&unasked));
    assert_eq!(held(&after, "1"), "");
}

#[test]
fn the_only_cell_with_a_value_can_be_emptied_and_the_column_not_taken_away() {
    let known = hired(
        &policy(),
        vec![
            record("1", &[("end", "2026-05-31"), ("status", "x")]),
            record("2", &[("status", "x")]),
        ],
    )
    .identities;
    let next = |ada: &[(&str, &str)]| {
        let after =
            round(&policy(), vec![record("1", ada), record("2", &[("status", "x")])], &known);
        held(&after, "1")
    };
    assert_eq!(next(&[("end", ""), ("status", "x")]), "");
    assert!(next(&[("status", "x")]).contains("no record has `end` any more"));
}

#[test]
fn a_first_day_after_the_last_one_ends_the_end_whatever_became_of_the_column() {
    let next = |start: &str| {
        let row = [("start", start), ("status", "x")];
        held(&next_file(&policy(), &row, &row), "1")
    };
    assert_eq!(next("2026-06-01"), "");
    assert!(next("2026-05-31").contains("no record has `end` any more"));
}
