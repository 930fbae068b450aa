use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::*;
use crate::{
    account::CoverageKind,
    case::Decisions,
    desired::{Desired, Presence, desired},
    example::{at, hired, id, named, noon, observed, policy, reading, worker},
    fact::{Identity, RecordKey},
    guard::{Finding, FindingKind, clock_jump, mass_erasures, room_to_erase},
    identity::Assembled,
    lifecycle::{Jump, LegalHold},
    observed::Observed,
    plan::{NoteKind, Plan, PlanSettings, hindered, plan},
    policy::Policy,
};

mod again;
mod gone;
mod without;

const ADA: (&str, &str) = ("Ada", "Example");

fn kept_for(years: i16) -> Policy {
    let mut policy = policy();
    policy.leaver.retain = Some(Retain {
        years,
        time: SignedDuration::ZERO,
        written: format!("{years}y"),
        line: 7,
        zone: TimeZone::UTC,
    });
    policy
}

/// People whose last day this was, with these accounts.
fn left(policy: &Policy, keys: &[&str], end: &str) -> Assembled {
    let people = keys.iter().map(|key| worker(key, ADA, &[("end", end), ("start", "2001-01-01")]));
    let mut assembled = hired(policy, people.collect());
    // It was told in time.
    let told = at(&format!("{end}T12:00:00Z"));
    for person in &mut assembled.identities {
        person.facts.values_mut().flatten().for_each(|fact| fact.learned = told);
    }
    assembled
}

#[test]
fn a_last_day_of_long_ago_that_is_told_today_counts_from_today() {
    let policy = kept_for(3);
    let mut assembled = left(&policy, &["1"], "2019-06-01");
    for fact in assembled.identities[0].facts.get_mut("end").unwrap() {
        fact.learned = noon();
    }
    let world = observed(&[]);
    assert_eq!(look(&policy, &assembled, &world, noon()).1.erasures, []);
    let (_, plan) = look(&policy, &assembled, &world, at("2029-06-01T11:59:59Z"));
    assert_eq!(plan.erasures, []);
    let (_, plan) = look(&policy, &assembled, &world, at("2029-06-01T12:00:00Z"));
    assert_eq!(erased(&plan), BTreeSet::from([id("1")]));
}

#[test]
fn somebody_whose_account_was_given_until_lately_is_kept_from_then() {
    let policy = kept_for(3);
    let assembled = left(&policy, &["1"], "2019-06-01");
    let mut world = observed(&[]);
    let mut link = observed(&[("ada.example", Some("1"))]).links.remove(0);
    link.gone = true;
    link.unwanted_since = Some(at("2025-01-01T00:00:00Z"));
    world.forgetting.gone.insert((link.target.clone(), link.account.clone()), Proof::Proven);
    world.links.push(link);
    assert_eq!(look(&policy, &assembled, &world, noon()).1.erasures, []);
    let (_, plan) = look(&policy, &assembled, &world, at("2028-01-01T00:00:00Z"));
    assert_eq!(erased(&plan), BTreeSet::from([id("1")]));
}

#[test]
fn nobody_is_erased_by_a_world_of_which_a_part_is_missing() {
    let policy = kept_for(3);
    let assembled = left(&policy, &["1"], "2020-06-01");
    let (_, plan) = look(&policy, &assembled, &observed(&[]), noon());
    for kind in [FindingKind::SourceShrank, FindingKind::TargetShrank] {
        let findings = [Finding { kind, target: None, text: String::new(), blocks: Vec::new() }];
        let nobody = Vec::<&PlannedErasure>::new();
        assert_eq!(let_go(&plan, &findings, &[].into(), 20), nobody, "{kind:?}");
        assert_eq!(let_go(&plan, &findings, &[kind].into(), 20), nobody, "{kind:?}");
    }
    assert_eq!(let_go(&plan, &[], &[].into(), 20).len(), 1);
}

#[test]
fn nobody_is_erased_whose_record_is_not_readable_or_while_the_clock_is_in_doubt() {
    let mut assembled = left(&kept_for(3), &["1"], "2020-06-01");
    let ada = &mut assembled.identities[0];
    let mut world = observed(&[]);
    assert_eq!(doubts(ada, &world), [""; 0]);
    world.kept.clock.jump = Some(Jump { from: noon(), to: noon() });
    assert_eq!(doubts(ada, &world), ["the clock jumped, and nobody has looked"]);
    world.kept.clock.jump = None;
    ada.unreadable.push(crate::fact::Unreadable {
        record: ada.records[0].clone(),
        hold: crate::fact::Hold { fact: None, text: String::new() },
        since: noon(),
    });
    assert_eq!(doubts(ada, &world), ["a record of theirs could not be read"]);
}

fn look(
    policy: &Policy,
    assembled: &Assembled,
    observed: &Observed,
    now: Timestamp,
) -> (Desired, Plan) {
    let desired = desired(policy, assembled, observed, now);
    let plan = plan(&PlanSettings::of(policy), &desired, observed, now);
    (desired, plan)
}

fn erased(plan: &Plan) -> BTreeSet<IdentityId> {
    plan.erasures.iter().map(|it| it.identity).collect()
}

#[test]
fn somebody_is_erased_when_the_years_after_they_left_are_over() {
    let policy = kept_for(3);
    let assembled = left(&policy, &["1"], "2023-06-01");
    let world = observed(&[]);
    for (now, over) in [("2026-06-01T23:59:59Z", false), ("2026-06-02T00:00:00Z", true)] {
        let (_, plan) = look(&policy, &assembled, &world, at(now));
        assert_eq!(!plan.erasures.is_empty(), over, "{now}");
        assert_eq!(plan.has_work(), over, "{now}");
    }
    let (_, plan) = look(&policy, &assembled, &world, at("2027-01-01T00:00:00Z"));
    let causes: Vec<String> = plan.erasures[0].causes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(causes.join("\n"), @r"
    state retained: end 2023-06-01 has passed
    leaver policy: departed since 2023-06-02, and kept for 3y by `[leaver] retain` (line 7)
    ");
}

#[test]
fn without_a_time_nobody_is_erased_by_it() {
    let policy = policy();
    let assembled = left(&policy, &["1"], "1990-06-01");
    assert_eq!(look(&policy, &assembled, &observed(&[]), noon()).1.erasures, []);
}

#[test]
fn whoever_works_here_is_never_erased() {
    let policy = kept_for(1);
    let assembled = hired(&policy, vec![worker("1", ADA, &[("start", "2001-01-01")])]);
    assert_eq!(look(&policy, &assembled, &observed(&[]), noon()).1.erasures, []);
}

/// What keeps somebody whose time is over, as the plan tells it.
fn kept_by(change: impl FnOnce(&mut Observed)) -> String {
    let policy = kept_for(3);
    let assembled = left(&policy, &["1"], "2020-06-01");
    let mut world = observed(&[]);
    change(&mut world);
    let (desired, plan) = look(&policy, &assembled, &world, noon());
    assert_eq!(plan.erasures, []);
    assert_eq!(
        hindered(&PlanSettings::of(&policy), &desired, &world, [id("1")])[&id("1")].len(),
        1
    );
    let mut notes = plan.notes.iter().filter(|note| note.kind == NoteKind::Waits);
    notes.next().unwrap().text.clone()
}

#[test]
fn a_legal_hold_keeps_somebody_whose_time_is_over() {
    let kept = kept_by(|world| {
        world.kept.legal_holds.push(LegalHold {
            name: "trial".to_owned(),
            people: BTreeSet::from([id("1")]),
            reason: String::new(),
            review: "2030-01-01".parse().unwrap(),
            by: "operator".to_owned(),
            at: noon(),
        });
    });
    insta::assert_snapshot!(kept, @"they are to be erased, and are not: the legal hold `trial` stands");
}

#[test]
fn nobody_is_erased_while_something_of_theirs_is_open() {
    let account = |world: &mut Observed| {
        let mut link = observed(&[("ada.example", Some("1"))]).links.remove(0);
        link.disabled_since = Some(at("2020-06-02T00:00:00Z"));
        link.unwanted_since = Some(at("2020-06-02T00:00:00Z"));
        world.links.push(link);
    };
    insta::assert_snapshot!(kept_by(account), @"they are to be erased, and are not: their account `u-ada.example` at crm is disabled, and not deleted");
    let unsettled = |world: &mut Observed| _ = world.forgetting.unsettled.insert(id("1"));
    insta::assert_snapshot!(kept_by(unsettled), @"they are to be erased, and are not: nobody knows what came of an operation of theirs");
    let in_case = |world: &mut Observed| _ = world.forgetting.in_cases.insert(id("1"));
    insta::assert_snapshot!(kept_by(in_case), @"they are to be erased, and are not: a case asks whether a record is theirs");
    let orphan = |world: &mut Observed| {
        let there = world.targets.get_mut("crm").unwrap();
        let mut account = observed(&[("ada.example", None)]).targets["crm"].accounts[0].clone();
        account.anchor = Some(id("1").to_string());
        there.accounts.push(account);
    };
    insta::assert_snapshot!(kept_by(orphan), @"they are to be erased, and are not: the account `u-ada.example` at crm carries their id, and is not ours");
}

#[test]
fn only_so_many_are_erased_within_any_window_and_who_left_first_goes_first() {
    let mut policy = kept_for(3);
    policy.limits.erasures_max = 2;
    let mut assembled = left(&policy, &["1", "2", "3"], "2020-06-01");
    assembled.identities.extend(left(&policy, &["4"], "2019-06-01").identities);
    assembled.identities.sort_by_key(|it| it.id);
    let world = observed(&[]);
    let (_, plan) = look(&policy, &assembled, &world, noon());
    let go = |forgotten: &Forgotten, released: &[FindingKind]| {
        let found = mass_erasures(&policy.limits, &plan, forgotten, noon());
        let findings: Vec<_> = found.into_iter().collect();
        let room = room_to_erase(&policy.limits, forgotten, noon());
        let released = released.iter().copied().collect();
        let go: Vec<_> =
            let_go(&plan, &findings, &released, room).iter().map(|it| it.identity).collect();
        (findings.len(), go)
    };
    let (found, first) = go(&Forgotten::default(), &[]);
    assert_eq!((found, first.len(), first[0]), (1, 2, id("4")));
    assert_eq!(go(&Forgotten::default(), &[FindingKind::MassErase]).1.len(), 4);
    // Those of an hour ago count, and those of last week do not.
    let mut before = Forgotten::default();
    let dead = |at| Tombstone {
        started: None,
        at,
        by: "operator".to_owned(),
        ordered: false,
        departed: None,
        reason: None,
        sources: BTreeSet::new(),
    };
    before.people.insert(id("8"), dead(noon() - SignedDuration::from_hours(1)));
    before.people.insert(id("9"), dead(noon() - SignedDuration::from_hours(24 * 7)));
    assert_eq!(go(&before, &[]).1, first[..1]);
}

#[test]
fn a_clock_that_jumped_erases_nobody() {
    let policy = kept_for(3);
    let assembled = left(&policy, &["1"], "2023-07-01");
    let world = observed(&[]);
    let now = at("2026-08-01T12:00:00Z");
    let (_, plan) = look(&policy, &assembled, &world, now);
    assert_eq!(erased(&plan), BTreeSet::from([id("1")]));
    let jump = Jump { from: noon(), to: now };
    let found = clock_jump(&plan, &policy, (&assembled, &world), (jump, now)).unwrap();
    let findings = [found];
    assert!(findings[0].holds_back());
    assert_eq!(let_go(&plan, &findings, &[].into(), 20), Vec::<&PlannedErasure>::new());
    assert_eq!(let_go(&plan, &findings, &[FindingKind::ClockJump].into(), 20).len(), 1);
    // What was due before it jumped is no matter of the clock.
    let jump = Jump { from: at("2026-07-15T00:00:00Z"), to: now };
    assert_eq!(clock_jump(&plan, &policy, (&assembled, &world), (jump, now)), None);
}

fn forgotten(key: &str, sources: &[&str]) -> Forgotten {
    let record = RecordKey { source: named("hr"), key: key.to_owned() };
    let tombstone = Tombstone {
        started: None,
        at: noon(),
        by: "operator".to_owned(),
        ordered: true,
        departed: None,
        reason: None,
        sources: sources.iter().map(|it| named(it)).collect(),
    };
    let salt = "salt".to_owned();
    let records = BTreeMap::from([(record_digest(&salt, &record), BTreeSet::from([id(key)]))]);
    Forgotten {
        salt,
        people: BTreeMap::from([(id(key), tombstone)]),
        records,
        ..Forgotten::default()
    }
}

#[test]
fn a_corrected_record_or_a_column_that_is_lost_hires_nobody() {
    let policy = policy();
    let mut gone = forgotten("1", &["hr"]);
    gone.people.get_mut(&id("1")).unwrap().departed = Some(at("2020-06-02T00:00:00Z"));
    let left_out = |ada: &[(&str, &str)], known: &[Identity]| {
        let mut readings = [reading("hr", vec![worker("1", ADA, ada)], CoverageKind::Exhaustive)];
        set_aside(&policy, &mut readings, (known, &gone, &Decisions::new()), noon())
            .again
            .is_empty()
    };
    assert!(left_out(&[("start", "2001-01-01")], &[]), "the old job goes on");
    assert!(!left_out(&[("start", "2026-05-01")], &[]), "a new job");
    assert!(left_out(&[], &[]), "by the status alone");
    let other = left(&policy, &["2"], "2020-06-01").identities;
    assert!(left_out(&[], &other), "`end` is gone from the source");
}

#[test]
fn somebody_erased_is_hired_again_by_a_first_day_alone_that_was_never_said() {
    let policy = policy();
    let mut gone = forgotten("1", &["hr"]);
    let left = gone.people.get_mut(&id("1")).unwrap();
    left.departed = Some(at("2020-06-02T00:00:00Z"));
    left.started = Some(at("2021-01-01T00:00:00Z"));
    let told = |ada: &[(&str, &str)]| {
        let mut readings = [reading("hr", vec![worker("1", ADA, ada)], CoverageKind::Exhaustive)];
        let told = set_aside(&policy, &mut readings, (&[], &gone, &Decisions::new()), noon());
        let open = told.notes().filter(|note| note.open).count();
        (told.again.len(), told.cases.len(), open)
    };
    let (hired, asked, nothing) = ((1, 0, 0), (0, 1, 1), (0, 0, 0));
    assert_eq!(told(&[("start", "2026-05-01")]), hired);
    assert_eq!(told(&[]), asked, "ejected, and HR never said that they left");
    assert_eq!(told(&[("start", "2001-01-01")]), asked, "the job that is over");
    assert_eq!(told(&[("start", "2021-01-01")]), asked, "a job that never began");
    assert_eq!(told(&[("start", "2026-05-01"), ("end", "2026-05-02")]), nothing);
}

fn set_aside_of(forgotten: &Forgotten, end: &str, known: &[Identity]) -> (Told, usize) {
    let ada = worker("1", ADA, &[("start", "2001-01-01"), ("end", end)]);
    let other = worker("2", ADA, &[("start", "2001-01-01")]);
    let mut readings = [reading("hr", vec![ada, other], CoverageKind::Exhaustive)];
    let told = set_aside(&policy(), &mut readings, (known, forgotten, &Decisions::new()), noon());
    (told, readings[0].records.len())
}

#[test]
fn what_a_source_still_tells_of_somebody_erased_is_left_out() {
    let (told, records) = set_aside_of(&forgotten("1", &["hr"]), "2020-06-01", &[]);
    assert_eq!((told.again.len(), records), (0, 1));
    let notes: Vec<String> = told.notes().map(|note| note.text).collect();
    insta::assert_snapshot!(notes.join("\n"), @"`hr` still has 1 record of people who were erased; nothing of that is taken in, and it is for whoever keeps `hr` to erase it there");
}

#[test]
fn whoever_was_erased_and_is_hired_is_somebody_new() {
    let (told, records) = set_aside_of(&forgotten("1", &["hr"]), "2030-06-01", &[]);
    assert_eq!((told.again.len(), records, told.notes().count()), (1, 2, 0));
    assert_ne!(told.again[0].id, id("1"));
    // From then on they are known, and the record is theirs.
    let again = set_aside_of(&forgotten("1", &["hr"]), "2020-06-01", &told.again);
    assert_eq!(again, (Told::default(), 2));
}

#[test]
fn nobody_erased_is_hired_while_a_source_that_knew_them_is_not_read() {
    let (told, records) = set_aside_of(&forgotten("1", &["hr", "more"]), "2030-06-01", &[]);
    assert_eq!((told.again.len(), records), (0, 1));
}

#[test]
fn a_login_name_of_somebody_erased_is_kept_from_others_for_its_time() {
    let mut policy = policy();
    for target in policy.targets.values_mut() {
        target.reuse_names_after = Some(SignedDuration::from_hours(24 * 365));
    }
    let assembled = hired(&policy, vec![worker("2", ADA, &[("start", "2001-01-01")])]);
    let name_of = |seen: Timestamp| {
        let mut world = observed(&[]);
        let gone = &mut world.forgetting.forgotten;
        let digest = name_digest(&gone.salt, "ADA.example");
        gone.names.insert(named("directory"), BTreeMap::from([(digest, seen)]));
        let (desired, _) = look(&policy, &assembled, &world, noon());
        match &desired.identities[&id("2")].accounts["directory"].presence {
            Presence::Present { content, .. } => content.name.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(name_of(noon()), "ada.example2");
    assert_eq!(name_of(at("2010-01-01T00:00:00Z")), "ada.example");
}

#[test]
fn whoever_is_hired_again_begins_anew_only_where_the_file_wants_it_and_nothing_is_open() {
    let mut policy = policy();
    let former = left(&policy, &["1"], "2020-06-01").identities;
    let begun = |policy: &Policy, start: &str, world: &Observed| {
        let ada = worker("1", ADA, &[("start", start)]);
        let readings = [reading(
            "hr",
            vec![ada, worker("2", ADA, &[("end", "2030-01-01")])],
            CoverageKind::Exhaustive,
        )];
        let books = (&world.kept, world.links.as_slice(), &world.forgetting.forgotten);
        begin_anew(policy, &readings, &former, books, noon())
    };
    let nothing = observed(&[]);
    assert_eq!(begun(&policy, "2026-05-01", &nothing), []);
    policy.leaver.begins_anew = true;
    let found = begun(&policy, "2026-05-01", &nothing);
    assert_eq!(found.len(), 1);
    assert_ne!(found[0].again.id, id("1"));
    assert_eq!(found[0].again.records, former[0].records);
    assert_eq!((found[0].former.id, found[0].former.records.len()), (id("1"), 0));
    // A correction, an account that is there, and a gap that is bridged.
    assert_eq!(begun(&policy, "2001-01-01", &nothing), []);
    let account = observed(&[("ada.example", Some("1"))]);
    assert_eq!(begun(&policy, "2026-05-01", &account), []);
    policy.lifecycle.bridge = SignedDuration::from_hours(24 * 366 * 10);
    assert_eq!(begun(&policy, "2026-05-01", &nothing), []);
}

#[test]
fn whoever_goes_on_as_somebody_new_stays_departed_whatever_is_known_of_them() {
    let policy = policy();
    let mut assembled = hired(&policy, vec![worker("1", ADA, &[("start", "2001-01-01")])]);
    assembled.identities[0].records.clear();
    let mut world = observed(&[]);
    let left = at("2020-06-02T00:00:00Z");
    let followed = crate::lifecycle::Followed { by: id("9"), at: noon(), left };
    world.kept.followed.insert(id("1"), followed);
    let (desired, plan) = look(&policy, &assembled, &world, noon());
    let state = &desired.identities[&id("1")].state;
    assert_eq!((state.state, state.left), (crate::lifecycle::LifecycleState::Retained, Some(left)));
    assert_eq!(plan.operations, []);
}
