//! Who is in a group.

use lanyard_sdk::{prelude::*, testing};

use super::{connector, made};
use crate::world::{BASE, GROUPS, World};

fn edge(holder: &Account, group: &ObjectRef) -> Edge {
    Edge {
        holder: holder.ref_.clone(),
        entitlement: group.clone(),
        relation: String::new(),
        expires_at: None,
        extra: vec![],
    }
}

fn group(world: &World, name: &str, member: &str) -> ObjectRef {
    let dn = format!("cn={name},{GROUPS}");
    world.add(&dn, &[("objectClass", "groupOfNames"), ("cn", name), ("member", member)]);
    let page = connector().list_entitlements("group", None, 100).unwrap();
    page.items.into_iter().find(|item| item.name == name).unwrap().ref_
}

const NOBODY: &str = "cn=empty-membership-placeholder";

pub(crate) fn the_last_member_leaves_and_comes_back(world: &World) {
    let _host = world.host();
    let account = made("ada");
    let staff = group(world, "staff", NOBODY);
    let (config, context, edge) = (connector(), testing::context(1), edge(&account, &staff));
    let members = || world.values(&format!("cn=staff,{GROUPS}"), "member").unwrap();
    let ada = format!("uid=ada,{BASE}");
    for _ in 0..2 {
        assert_eq!(config.grant(&context, &edge).unwrap().status, Status::Applied);
        assert_eq!(members(), [ada.as_str()]);
        assert_eq!(config.grant(&context, &edge).unwrap().status, Status::Unchanged);
        assert_eq!(config.revoke(&context, &edge).unwrap().status, Status::Applied);
        assert_eq!(members(), [NOBODY]);
        assert_eq!(config.revoke(&context, &edge).unwrap().status, Status::Unchanged);
    }
    let missing = ObjectRef::new("group", "00000000-0000-0000-0000-000000000000");
    let nowhere = Edge { entitlement: missing, ..edge };
    assert!(config.grant(&context, &nowhere).unwrap_err().is_not_found());
    assert_eq!(config.revoke(&context, &nowhere).unwrap().status, Status::Unchanged);
}

pub(crate) fn assignments_name_people_only_and_page(world: &World) {
    let _host = world.host();
    let (ada, grace) = (made("ada"), made("grace"));
    let staff = group(world, "staff", &format!("UID=Ada, {BASE}"));
    let board = group(world, "board", NOBODY);
    let (config, context) = (connector(), testing::context(1));
    config.grant(&context, &edge(&grace, &staff)).unwrap();
    config.grant(&context, &edge(&grace, &board)).unwrap();
    world.replace(
        &format!("cn=board,{GROUPS}"),
        "member",
        &[&format!("uid=grace,{BASE}"), "uid=gone,ou=people,dc=example,dc=org", NOBODY],
    );
    let mut expected = vec![
        (ada.ref_.uid.clone(), staff.uid.clone()),
        (grace.ref_.uid.clone(), staff.uid.clone()),
        (grace.ref_.uid.clone(), board.uid.clone()),
    ];
    expected.sort();
    let read = |scope: &AssignmentScope, limit| {
        let (mut pairs, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = config.list_assignments(scope, cursor.as_deref(), limit).unwrap();
            assert_eq!(page.coverage.kind, CoverageKind::Exhaustive);
            let items = page.items.into_iter();
            pairs.extend(items.map(|item| (item.holder.uid, item.entitlement.uid)));
            cursor = page.next;
            if cursor.is_none() {
                pairs.sort();
                return pairs;
            }
        }
    };
    assert_eq!(read(&AssignmentScope::Everything, 1), expected);
    assert_eq!(read(&AssignmentScope::Everything, 100), expected);
    let of = |wanted: &str| -> Vec<(String, String)> {
        expected.iter().filter(|(left, right)| left == wanted || right == wanted).cloned().collect()
    };
    let (holder, uid) = (AssignmentScope::OfAccount(grace.ref_.clone()), grace.ref_.uid.clone());
    assert_eq!(read(&holder, 1), of(&uid));
    let uid = board.uid.clone();
    assert_eq!(read(&AssignmentScope::OfEntitlement(board), 1), of(&uid));
}

pub(crate) fn a_deleted_account_leaves_no_name_behind(world: &World) {
    let _host = world.host();
    let account = made("ada");
    let staff = group(world, "staff", &format!("uid=ada,{BASE}"));
    let (config, context) = (connector(), testing::context(1));
    let outcome = config.delete(&context, &account.ref_, DeleteMode::Purge).unwrap();
    assert_eq!(outcome.status, Status::Applied);
    assert_eq!(outcome.side_effects, [SideEffect::EntitlementLost(staff.uid)]);
    assert_eq!(world.values(&format!("uid=ada,{BASE}"), "uid"), None);
    assert_eq!(world.values(&format!("cn=staff,{GROUPS}"), "member").unwrap(), [NOBODY]);
    let again = config.delete(&context, &account.ref_, DeleteMode::Purge).unwrap();
    assert_eq!(again.status, Status::Unchanged);
}

pub(crate) fn a_renamed_account_keeps_its_groups(world: &World) {
    let _host = world.host();
    let account = made("ada");
    group(world, "staff", &format!("uid=ada,{BASE}"));
    let renamed = UpdateRequest {
        name: Some("ada.example".into()),
        anchor: None,
        changes: vec![],
        extra: vec![],
    };
    let context = testing::context(1);
    let outcome = connector().update(&context, &account.ref_, &renamed).unwrap();
    assert_eq!(outcome.status, Status::Applied);
    let members = || world.values(&format!("cn=staff,{GROUPS}"), "member").unwrap();
    assert_eq!(members(), [format!("uid=ada.example,{BASE}")]);
    // A try that was cut off between the rename and the groups is finished
    // by the next one.
    world.replace(&format!("cn=staff,{GROUPS}"), "member", &[&format!("uid=ada,{BASE}")]);
    connector().update(&testing::context(2), &account.ref_, &renamed).unwrap();
    assert_eq!(members(), [format!("uid=ada.example,{BASE}")]);
}
