use super::*;
use crate::id::ConnectorName;

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_780_272_000 + day * 86_400).unwrap()
}

fn who(key: &str) -> IdentityId {
    IdentityId::first_seen(&ConnectorName::new("hr").unwrap(), key)
}

/// `number` is the day as well.
fn deed(number: i64, action: &str, entitlement: Option<&str>) -> Deed {
    Deed {
        number,
        at: at(number),
        by: "operator".to_owned(),
        action: action.to_owned(),
        result: "done".to_owned(),
        verification: Some("verified".to_owned()),
        identity: Some(who("1")),
        account: Some(ObjectRef { object_type: "user".to_owned(), uid: "u1".to_owned() }),
        entitlement: entitlement.map(str::to_owned),
        entitlement_id: None,
        loss: None,
        closed_by: None,
        after: (action == "create").then(|| "active, name 0a1b".to_owned()),
        because: None,
        emptied: false,
    }
}

fn staff() -> Sought {
    let names = BTreeSet::from(["staff".to_owned(), "g1".to_owned()]);
    Sought::Entitlement { id: Some("g1".to_owned()), names }
}

fn told(sought: Sought, day: i64, deeds: &[Deed]) -> HadThen {
    let mut then = Then::new(sought, at(day));
    for deed in deeds {
        then.take(deed);
    }
    let called =
        |id: IdentityId| (id == who("1")).then(|| ("Ada Example".to_owned(), "1".to_owned()));
    then.had("it".to_owned(), &BTreeSet::new(), &called)
}

/// State and doubt of the only one who had it, on each of these days.
fn days(sought: &Sought, deeds: &[Deed], days: &[i64]) -> Vec<String> {
    let word = |day: &i64| {
        let told = told(sought.clone(), *day, deeds);
        let had = told.had.first();
        had.map_or("-".to_owned(), |had| {
            let doubt = had.doubt.map(|doubt| format!(" ({doubt})")).unwrap_or_default();
            format!("{}{doubt}", had.state)
        })
    };
    days.iter().map(word).collect()
}

#[test]
fn an_account_is_theirs_from_its_creation_to_its_deletion() {
    let deeds = [
        deed(1, "create", None),
        deed(3, "disable", None),
        deed(5, "enable", None),
        deed(7, "delete", None),
    ];
    let found = days(&Sought::Account, &deeds, &[0, 1, 3, 5, 7, 9]);
    assert_eq!(found, ["-", "active", "disabled", "active", "-", "-"]);
    let had = &told(Sought::Account, 4, &deeds).had[0];
    assert_eq!((had.since, had.until, had.row), (at(1), Some(at(7)), 1));
}

#[test]
fn a_grant_is_held_by_whatever_name_until_it_is_revoked_or_the_account_goes() {
    let deeds = [
        deed(1, "create", None),
        deed(2, "grant", Some("staff")),
        deed(3, "grant", Some("admins")),
        deed(4, "revoke", Some("g1")),
        deed(5, "claim", Some("g1")),
        deed(6, "delete", None),
        deed(7, "create", None),
    ];
    let found = days(&staff(), &deeds, &[1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(found, ["-", "active", "active", "-", "active", "-", "-"]);
}

#[test]
fn an_entitlement_is_known_by_its_id_where_the_record_has_it() {
    let of = |number: i64, name: &str, id: &str| Deed {
        entitlement_id: Some(id.to_owned()),
        ..deed(number, "grant", Some(name))
    };
    // It was called otherwise then, and another one had its name.
    assert_eq!(told(staff(), 3, &[of(1, "people", "g1")]).had.len(), 1);
    assert_eq!(told(staff(), 3, &[of(1, "staff", "g2")]).had.len(), 0);
}

#[test]
fn what_failed_or_was_not_shown_takes_nothing_away() {
    let failed =
        Deed { result: "failed".to_owned(), verification: None, ..deed(2, "delete", None) };
    let unseen = Deed { verification: Some("unverifiable".to_owned()), ..deed(3, "delete", None) };
    let deeds = [deed(1, "create", None), failed, unseen];
    let found = days(&Sought::Account, &deeds, &[2, 3]);
    assert_eq!(found, ["active", "active (it was to be deleted, and no reading showed that)"]);
}

#[test]
fn what_a_reading_or_a_person_closed_is_gone_and_what_is_due_no_more_is_not() {
    let closed = |number: i64, by: &str, verification: Option<&str>| Deed {
        result: "closed".to_owned(),
        verification: verification.map(str::to_owned),
        loss: Some("deleted".to_owned()),
        closed_by: Some(by.to_owned()),
        ..deed(number, "obligation", None)
    };
    for (by, verification, left) in
        [("read", Some("verified"), "-"), ("person", None, "-"), ("over", None, "active")]
    {
        let deeds = [deed(1, "create", None), closed(2, by, verification)];
        assert_eq!(days(&Sought::Account, &deeds, &[2]), [left], "{by}");
    }
}

#[test]
fn whoever_was_erased_had_it_without_a_name_and_rows_that_say_no_more_are_counted() {
    let of = |deed: Deed| Deed {
        identity: Some(who("2")),
        account: None,
        after: None,
        because: None,
        emptied: true,
        ..deed
    };
    let deeds = [of(deed(1, "create", None)), of(deed(2, "grant", None))];
    let account = told(Sought::Account, 3, &deeds);
    assert_eq!(account.had[0].label, "somebody who was erased");
    let group = told(staff(), 3, &deeds);
    assert_eq!((group.had.len(), group.emptied), (0, 1));
}

#[test]
fn what_was_due_then_is_told_until_it_is_closed() {
    let owed = |number: i64, result: &str| Deed {
        result: result.to_owned(),
        verification: (result == "closed").then(|| "verified".to_owned()),
        loss: Some("disabled".to_owned()),
        ..deed(number, "obligation", None)
    };
    let deeds = [deed(1, "create", None), owed(2, "opened"), owed(4, "closed")];
    let due = |day| told(Sought::Account, day, &deeds).had[0].due;
    assert_eq!([due(1), due(3), due(4)], [None, Some(("disable", at(2))), None]);
    assert_eq!(days(&Sought::Account, &deeds, &[3, 4]), ["active", "disabled"]);
}

#[test]
fn an_account_that_vanished_by_itself_is_doubted() {
    let mut then = Then::new(Sought::Account, at(3));
    then.take(&deed(1, "adopt", None));
    let called = |_: IdentityId| None;
    let told = then.had("it".to_owned(), &BTreeSet::from([who("1")]), &called);
    assert_eq!(told.had[0].state, "as it was found");
    assert!(told.had[0].doubt.unwrap().contains("no longer shows"));
}
