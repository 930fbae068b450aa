//! Laws of planning, over many small invented firms.

#![expect(clippy::indexing_slicing, reason = "a test that panics fails")]

mod firm;

use std::collections::BTreeSet;

use firm::*;
use lanyard_core::{
    account::{Account, AccountState, Assignment, CoverageKind},
    desired::{AccountContent, Desired, Presence},
    guard::{GuardSettings, Lately, blocked, guard},
    lifecycle::LifecycleState,
    observed::{Link, Observed, ObservedTarget, OwnedGrant},
    operation::{Change, Event, OperationKind},
    plan::{Note, NoteKind, Plan, plan},
    schema::{DeleteKind, IdStability},
    value::{Attribute, ObjectRef},
};
use proptest::{collection::vec, prelude::*, sample::select};

const GROUPS: [&str; 4] = ["g1", "Sales", "approvers", "Everybody"];
const STATES: [AccountState; 6] = [
    AccountState::Active,
    AccountState::Disabled,
    AccountState::Locked,
    AccountState::Pending,
    AccountState::SoftDeleted,
    AccountState::Unknown,
];

/// How one person stands at one target.
#[derive(Debug, Clone)]
struct Spot {
    /// 0 nothing is said, 1 enabled, 2 present but disabled, 3 disabled,
    /// 4 due, 5 not due yet.
    presence: u8,
    /// 0 none, 1 linked, 2 linked and known disabled, 3 linked but unseen,
    /// 4 gone, 5 unlinked but alike, 6 gone and alike, 7 linked under a type
    /// that is not read.
    account: u8,
    state: AccountState,
    wanted: Vec<bool>,
    held: Vec<bool>,
    owned: Vec<bool>,
    indirect: bool,
    /// What the target calls holding a group, and what the ledger does.
    relations: [&'static str; 2],
    tags: Vec<String>,
    seen_tags: Vec<String>,
    renamed: bool,
    anchored: bool,
}

#[derive(Debug, Clone)]
struct Firm {
    people: Vec<(bool, bool, [Spot; 2])>,
    coverage: [(bool, bool); 2],
    delete_kind: DeleteKind,
    can: Vec<bool>,
    revoke_grants: bool,
    stability: IdStability,
}

fn spot() -> impl Strategy<Value = Spot> {
    let bits = || vec(any::<bool>(), 4);
    let tags = || vec(select(vec!["a", "A", "b", "c"]).prop_map(str::to_owned), 0..3);
    (
        (0..6_u8, 0..8_u8, select(STATES.to_vec())),
        (bits(), bits(), bits(), any::<bool>(), relations()),
        (tags(), tags(), any::<bool>(), any::<bool>()),
    )
        .prop_map(|(standing, grants, content)| Spot {
            presence: standing.0,
            account: standing.1,
            state: standing.2,
            wanted: grants.0,
            held: grants.1,
            owned: grants.2,
            indirect: grants.3,
            relations: grants.4,
            tags: content.0,
            seen_tags: content.1,
            renamed: content.2,
            anchored: content.3,
        })
}

/// Where one of two has a name, the other has the same or none.
fn relations() -> impl Strategy<Value = [&'static str; 2]> {
    select(vec![["", ""], ["member", ""], ["", "member"], ["member", "member"]])
}

fn firm() -> impl Strategy<Value = Firm> {
    let people = vec((any::<bool>(), prop::bool::weighted(0.1), [spot(), spot()]), 1..7);
    let covered = || (prop::bool::weighted(0.8), prop::bool::weighted(0.8));
    let kinds = vec![DeleteKind::Hard, DeleteKind::SoftDays(30), DeleteKind::SameAsDisable];
    (
        people,
        [covered(), covered()],
        select(kinds),
        vec(prop::bool::weighted(0.9), 6),
        prop::bool::weighted(0.8),
        select(vec![IdStability::Immutable, IdStability::Renameable]),
    )
        .prop_map(|(people, coverage, delete_kind, can, revoke_grants, stability)| Firm {
            people,
            coverage,
            delete_kind,
            can,
            revoke_grants,
            stability,
        })
}

const TARGETS: [&str; 2] = ["crm", "directory"];

fn build(firm: &Firm) -> (File, Desired, Observed) {
    let mut file = File::new();
    file.revoke_grants = firm.revoke_grants;
    let mut observed = empty_world();
    for (name, (accounts, assignments)) in TARGETS.iter().zip(firm.coverage) {
        let there = there(&mut observed, name);
        let kind = |whole| if whole { CoverageKind::Exhaustive } else { CoverageKind::Truncated };
        there.accounts_coverage.kind = kind(accounts);
        there.assignments_coverage.kind = kind(assignments);
        let capabilities = &mut there.schema.objects[0].capabilities;
        capabilities.delete_kind = firm.delete_kind;
        capabilities.id_stability = firm.stability;
        capabilities.create = firm.can[0];
        capabilities.update = firm.can[1];
        capabilities.enable = firm.can[2];
        capabilities.disable = firm.can[3];
        capabilities.delete = firm.can[4];
        capabilities.entitlements = firm.can[5];
    }
    let people = firm.people.iter().enumerate().map(|(number, (departed, held, spots))| {
        let key = format!("p{number}");
        let state = if *departed { LifecycleState::Departed } else { LifecycleState::Active };
        let (id, mut person) = person(&key, state, []);
        for (at, spot) in TARGETS.into_iter().zip(spots) {
            observe(&mut observed, &key, at, spot);
            if let Some(account) = wanted(&key, spot) {
                person.accounts.insert(target(at), account);
            }
        }
        if *held {
            person.holds.push("a rule failed".into());
        }
        (id, person)
    });
    let desired = wanting(people.collect::<Vec<_>>());
    (file, desired, observed)
}

fn wanted(key: &str, spot: &Spot) -> Option<lanyard_core::desired::DesiredAccount> {
    let grants: Vec<&str> =
        GROUPS.iter().zip(&spot.wanted).filter(|(_, on)| **on).map(|(name, _)| *name).collect();
    let mut content = content(key, &grants);
    let tags = spot.tags.iter().map(|tag| text(tag)).collect();
    content.attributes.insert("tags".into(), tags);
    content.attributes.insert("pin".into(), vec![text("1234")]);
    Some(match spot.presence {
        1 => present(content),
        2 => {
            let mut account = present(content);
            if let Presence::Present { enabled, .. } = &mut account.presence {
                *enabled = false;
            }
            account
        }
        3 => closed(Presence::Disabled),
        4 => closed(Presence::Deleted { due: at("2026-02-01T00:00:00Z") }),
        5 => closed(Presence::Deleted { due: at("2026-04-01T00:00:00Z") }),
        _ => return None,
    })
}

fn observe(observed: &mut Observed, key: &str, at: &str, spot: &Spot) {
    let uid = format!("{key}-{at}");
    let mut account = account(key, &uid, spot.state);
    let tags = spot.seen_tags.iter().map(|tag| text(tag)).collect();
    account.attributes.push(Attribute::new("tags", tags));
    if spot.renamed {
        account.name = format!("old-{key}");
    }
    if !spot.anchored {
        account.anchor = None;
    }
    let mut link = link(key, at, &uid);
    link.disabled_since = (spot.account == 2).then(now);
    link.gone = matches!(spot.account, 4 | 6);
    match spot.account {
        1..=4 => observed.links.push(link),
        6 => {
            link.account = user(&format!("{uid}-before"));
            observed.links.push(link);
        }
        7 => {
            link.account.object_type = "robot".into();
            observed.links.push(link);
        }
        _ => {}
    }
    if matches!(spot.account, 1 | 2 | 5 | 6) {
        there(observed, at).accounts.push(account);
        for number in 0..4 {
            let entitlement = format!("g{}", number + 1);
            if spot.held[number] {
                there(observed, at).assignments.push(Assignment {
                    holder: user(&uid),
                    entitlement: group(&entitlement),
                    relation: spot.relations[0].into(),
                    direct: !spot.indirect,
                });
            }
        }
    }
    if matches!(spot.account, 1..=3) {
        let grants = (0..4).filter(|number| spot.owned[*number]);
        observed.ledger.extend(grants.map(|number| OwnedGrant {
            relation: spot.relations[1].into(),
            ..owned(at, &uid, &format!("g{}", number + 1))
        }));
    }
}

fn linked(observed: &Observed, operation: &lanyard_core::operation::Operation) -> bool {
    operation.change.account().is_none_or(|account| {
        observed.links.iter().any(|link| {
            link.account == *account
                && link.target == operation.target
                && link.identity == operation.identity
        })
    })
}

/// The entitlement that a text of these tests means.
fn meant(text: &str) -> ObjectRef {
    let number = GROUPS.iter().take_while(|it| **it != text).count() + 1;
    group(&format!("g{number}"))
}

/// What is not as desired of somebody's account here, in words.
fn amiss(
    presence: &Presence,
    (link, account): (Option<&Link>, Option<&Account>),
    there: &ObservedTarget,
    ours: &[&OwnedGrant],
    revoke_grants: bool,
) -> Vec<&'static str> {
    let Some(account) = account else {
        return if matches!(presence, Presence::Present { .. }) { vec!["missing"] } else { vec![] };
    };
    let closed = matches!(account.state, AccountState::Disabled | AccountState::SoftDeleted);
    let mut amiss = Vec::new();
    let wanted: Option<&AccountContent> = match presence {
        Presence::Present { enabled, content } => {
            let shown = match account.state {
                AccountState::Unknown => link.is_some_and(|it| it.disabled_since.is_none()),
                state => state == AccountState::Active,
            };
            if *enabled && !shown {
                amiss.push("state");
            }
            if !*enabled && !closed {
                amiss.push("open");
            }
            if !account.name.eq_ignore_ascii_case(&content.name) {
                amiss.push("name");
            }
            if account.anchor.as_ref() != Some(&content.anchor) {
                amiss.push("anchor");
            }
            Some(content)
        }
        // What a mover keeps stays as it is.
        Presence::Kept { .. } => return amiss,
        Presence::Disabled | Presence::Deleted { .. } => {
            if !closed {
                amiss.push("open");
            }
            None
        }
    };
    let kind = there.schema.objects[0].capabilities.delete_kind;
    let due = matches!(presence, Presence::Deleted { due } if *due <= now());
    let deleted = account.state == AccountState::SoftDeleted || kind == DeleteKind::SameAsDisable;
    if due && !deleted {
        amiss.push("deletion");
    }
    let wanted: BTreeSet<ObjectRef> = wanted
        .into_iter()
        .flat_map(|content| content.grants.keys().map(|grant| meant(&grant.entitlement)))
        .collect();
    let held = |entitlement: &ObjectRef| {
        there
            .assignments
            .iter()
            .any(|it| it.holder == account.reference && it.entitlement == *entitlement)
    };
    // What we granted and was not read is there until a reading says no.
    let given = |entitlement: &ObjectRef| {
        !there.assignments_coverage.proves_absence()
            && ours.iter().any(|it| it.entitlement == *entitlement)
    };
    if wanted.iter().any(|it| !held(it) && !given(it)) {
        amiss.push("grants");
    }
    let takes = revoke_grants || matches!(presence, Presence::Present { .. });
    if takes && ours.iter().any(|it| !wanted.contains(&it.entitlement) && held(&it.entitlement)) {
        amiss.push("excess");
    }
    amiss
}

/// Whether a note says why something is not so: one about this account, or
/// about what nobody can have here.
fn is_said(what: &str, account: Option<&Account>, notes: &[&Note]) -> bool {
    let closed = |account: &Account| account.state == AccountState::SoftDeleted;
    notes.iter().any(|note| {
        let of_grants = note.text.contains("grant") || note.text.contains("revoked");
        match what {
            "open" => note.open && note.kind != NoteKind::Unmanaged,
            "grants" | "excess" => note.kind != NoteKind::Unmanaged,
            _ if note.kind == NoteKind::Unmanaged => note.text.contains("besides"),
            _ => !of_grants || note.kind == NoteKind::NotRead,
        }
    }) || account.is_some_and(closed)
}

/// What the plan leaves of somebody at one target without a word.
fn unsaid(
    file: &File,
    desired: &Desired,
    world: &Observed,
    plan: &Plan,
) -> Vec<(String, &'static str)> {
    let mut unsaid = Vec::new();
    for (identity, person) in desired.identities.iter().filter(|(_, it)| it.holds.is_empty()) {
        for name in TARGETS {
            let there = &world.targets[&target(name)];
            let notes: Vec<&Note> = plan
                .notes
                .iter()
                .filter(|note| note.target == Some(target(name)))
                .filter(|note| note.identity.is_none_or(|it| it == *identity))
                .collect();
            let wanted = person.accounts.get(&target(name)).map(|it| &it.presence);
            let links: Vec<_> = world
                .links
                .iter()
                .filter(|it| it.identity == *identity && it.target == target(name))
                .collect();
            let find = |key: &ObjectRef| there.accounts.iter().find(|it| it.reference == *key);
            let anchored = there.accounts.iter().any(|it| {
                it.anchor == Some(identity.to_string())
                    && !matches!(it.state, AccountState::Disabled | AccountState::SoftDeleted)
                    && !world.links.iter().any(|link| link.account == it.reference)
            });
            if anchored && !matches!(wanted, Some(Presence::Present { .. })) {
                let open = notes.iter().any(|it| it.open && it.kind == NoteKind::Unmanaged);
                unsaid.extend((!open).then(|| (name.to_owned(), "left behind")));
            }
            let Some(wanted) = wanted else { continue };
            let asked = plan
                .adoptions
                .iter()
                .any(|it| it.identity == *identity && it.target == target(name));
            let foreign =
                links.iter().any(|it| !it.gone && it.account.object_type != there.account_type);
            let hidden = links.iter().any(|it| {
                !it.gone && find(&it.account).is_none() && !there.proves_absence(&it.account)
            });
            if (foreign || hidden) && notes.iter().all(|it| it.kind != NoteKind::NotRead) {
                unsaid.push((name.to_owned(), "not read"));
            }
            let link = links.iter().copied().find(|it| find(&it.account).is_some());
            let account = link.and_then(|it| find(&it.account));
            let ours: Vec<&OwnedGrant> = world
                .ledger
                .iter()
                .filter(|it| it.target == target(name))
                .filter(|it| account.is_some_and(|account| account.reference == it.holder))
                .collect();
            let amiss = amiss(wanted, (link, account), there, &ours, file.revoke_grants);
            let amiss = amiss.into_iter().filter(|what| !asked && !is_said(what, account, &notes));
            unsaid.extend(amiss.map(|what| (name.to_owned(), what)));
        }
    }
    unsaid
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_is_desired_is_so_after_a_plan_or_a_note_says_why_not(firm in firm()) {
        let (file, desired, observed) = build(&firm);
        let settings = file.settings();
        let first = plan(&settings, &desired, &observed, now());
        let after = apply(&observed, &first);
        let second = plan(&settings, &desired, &after, now());
        let unsaid = unsaid(&file, &desired, &after, &second);
        prop_assert!(unsaid.is_empty(), "{unsaid:?}\nfirst: {first:#?}\nsecond: {second:#?}");
    }

    #[test]
    fn applying_a_plan_leaves_nothing_to_plan(firm in firm()) {
        let (file, desired, observed) = build(&firm);
        let settings = file.settings();
        let first = plan(&settings, &desired, &observed, now());
        let second = plan(&settings, &desired, &apply(&observed, &first), now());
        prop_assert!(second.is_empty(), "{:#?}\nfirst: {:#?}", second.operations, first.operations);
        prop_assert!(second.claims.is_empty(), "{:?}", second.claims);
    }

    #[test]
    fn only_accounts_of_the_identity_are_written(firm in firm()) {
        let (file, desired, observed) = build(&firm);
        for operation in plan(&file.settings(), &desired, &observed, now()).operations {
            prop_assert!(linked(&observed, &operation), "{operation:?}");
        }
    }

    #[test]
    fn nothing_is_concluded_from_what_was_not_read(firm in firm()) {
        let (file, desired, observed) = build(&firm);
        for operation in plan(&file.settings(), &desired, &observed, now()).operations {
            let there = &observed.targets[&operation.target];
            if !there.accounts_coverage.proves_absence() {
                prop_assert_ne!(operation.change.kind(), OperationKind::Create);
                let account = operation.change.account().unwrap();
                prop_assert!(there.accounts.iter().any(|it| it.reference == *account));
            }
        }
    }

    #[test]
    fn only_grants_of_ours_that_were_seen_are_revoked(firm in firm()) {
        let (file, desired, observed) = build(&firm);
        for operation in plan(&file.settings(), &desired, &observed, now()).operations {
            if let Change::Revoke { holder, entitlement, .. } = &operation.change {
                let there = &observed.targets[&operation.target];
                prop_assert!(observed.ledger.iter().any(|it| it.target == operation.target
                    && it.holder == *holder && it.entitlement == *entitlement));
                prop_assert!(there.assignments.iter().any(|it| it.direct
                    && it.holder == *holder && it.entitlement == *entitlement));
            }
        }
    }

    #[test]
    fn operations_are_numbered_by_place_and_wait_only_for_earlier_ones(firm in firm()) {
        let (file, desired, observed) = build(&firm);
        let plan = plan(&file.settings(), &desired, &observed, now());
        let mut leavers_done = false;
        for (place, operation) in plan.operations.iter().enumerate() {
            prop_assert_eq!(operation.id.0 as usize, place);
            for before in &operation.after {
                prop_assert!(before.0 < operation.id.0);
                let before = &plan.operations[before.0 as usize];
                prop_assert_eq!(before.identity, operation.identity);
            }
            let closing = operation.change.kind() == OperationKind::Disable;
            if closing {
                prop_assert!(operation.after.is_empty(), "closing waits for nothing");
            }
            let leaving = closing && operation.event == Event::Leaver;
            prop_assert!(!(leaving && leavers_done), "a leaver comes after somebody else");
            leavers_done |= !leaving;
        }
    }

    #[test]
    fn the_digest_knows_no_order_of_input_and_no_time(firm in firm(), turn in 0..8_usize) {
        let (file, desired, observed) = build(&firm);
        let mut other = observed.clone();
        other.links.reverse();
        for there in other.targets.values_mut() {
            there.accounts.reverse();
            there.entitlements.reverse();
            let by = turn.min(there.assignments.len());
            there.assignments.rotate_left(by);
        }
        let settings = file.settings();
        let later = at("2026-03-02T00:00:00Z");
        prop_assert_eq!(
            plan(&settings, &desired, &observed, now()).digest().unwrap(),
            plan(&settings, &desired, &other, later).digest().unwrap()
        );
    }

    #[test]
    fn holding_somebody_changes_nothing_for_anybody_else(firm in firm()) {
        let (file, mut desired, observed) = build(&firm);
        let settings = file.settings();
        let before = plan(&settings, &desired, &observed, now());
        let held = *desired.identities.keys().next().unwrap();
        desired.identities.get_mut(&held).unwrap().holds.push("a mapping failed".into());
        let after = plan(&settings, &desired, &observed, now());
        let others: Vec<&Change> = before
            .operations.iter().filter(|it| it.identity != held).map(|it| &it.change).collect();
        let left: Vec<&Change> = after.operations.iter().map(|it| &it.change).collect();
        prop_assert_eq!(others, left);
    }

    #[test]
    fn what_is_not_blocked_stays_within_the_limit(
        firm in firm(),
        percent in 0..60_u8,
        floor in 0..4_u32,
        gone in 0..4_usize,
    ) {
        let (file, desired, observed) = build(&firm);
        let plan = plan(&file.settings(), &desired, &observed, now());
        let lately: BTreeSet<ObjectRef> = (0..gone).map(|it| user(&format!("p{it}-crm"))).collect();
        let removed = Lately { removed: [(target("crm"), lately.clone())].into(), ..Lately::default() };
        let settings = GuardSettings {
            removals_percent: percent, removals_floor: floor, ..GuardSettings::default()
        };
        let findings = guard(&settings, &plan, &observed, &removed, &[]);
        let blocked = blocked(&plan, &findings, &BTreeSet::new());
        for name in TARGETS {
            let links =
                observed.links.iter().filter(|it| !it.gone && it.target == target(name)).count();
            let limit = (links * usize::from(percent) / 100).max(floor as usize);
            let executed: BTreeSet<ObjectRef> = plan
                .operations
                .iter()
                .filter(|it| it.target == target(name) && it.change.kind().removes())
                .filter(|it| !blocked.contains(&it.id))
                .filter_map(|it| it.change.account().cloned())
                .collect();
            let before = if name == "crm" { lately.clone() } else { BTreeSet::new() };
            prop_assert!(executed.is_empty() || executed.union(&before).count() <= limit);
        }
        for operation in &plan.operations {
            let waits = operation.after.iter().any(|it| blocked.contains(it));
            prop_assert!(!waits || blocked.contains(&operation.id));
        }
    }
}
