//! Who is asked and told, and what is done about it only once.

use jiff::SignedDuration;

use super::{
    workflows::{BEN, during},
    *,
};
use crate::{
    account::AccountState,
    desired::desk::Everybody,
    lifecycle::Followed,
    observed::Link,
    policy::Message,
    schema::CredentialAbility,
    template::Template,
    workflow::{
        Action, Address, Approve, Asked, Attempts, Delivery, Effect, Pending, Recipient,
        StepRecord, Whom,
    },
};

const DESK: &str = "desk@example.org";

/// A message in the only language of the file.
fn message(policy: &mut Policy, name: &str, body: &str) {
    let mut texts = |text: &str| -> BTreeMap<String, Template> {
        [("en".to_owned(), policy.expressions.template(text).expect("is correct"))].into()
    };
    let message = Message { subject: texts("News"), body: texts(body) };
    policy.steps.language = "en".to_owned();
    policy.steps.messages.insert(named(name), message);
}

/// A question to one person by their key.
fn ask(key: &str, escalate: Option<(SignedDuration, Whom)>) -> Action<String> {
    Action::Approve(Approve {
        stages: vec![vec![Whom::Key(key.to_owned())]],
        expire: SignedDuration::from_hours(48),
        reason: None,
        escalate,
        template: None,
    })
}

fn notify(to: Vec<Recipient>) -> Action<String> {
    Action::Notify { to, template: named("news") }
}

/// Ada, Ben and one more.
fn three(of_ben: &[(&str, &str)]) -> Vec<Account> {
    vec![worker("1", ADA, &[]), worker("2", BEN, of_ben), worker("3", ("Ada", "Beispiel"), &[])]
}

/// The only thing that is done of Ada's workflow, and in which attempt.
fn only(desired: &Desired) -> (Effect, u32) {
    let steps = of(desired, "1").steps;
    assert!(steps.unable.is_empty() && steps.unasked.is_empty(), "{steps:?}");
    let [step] = steps.planned.as_slice() else { panic!("{steps:?}") };
    (step.effect.clone(), step.attempt)
}

fn an_hour_ago() -> Timestamp {
    noon() - SignedDuration::from_hours(1)
}

#[test]
fn a_question_says_to_whom_it_is_escalated() {
    let day = SignedDuration::from_hours(24);
    let action = ask("2", Some((day, Whom::Key("3".to_owned()))));
    let desired = during(&mut policy(), &mut observed(&[]), three(&[]), (action, None));
    let (effect, _) = only(&desired);
    let Effect::Ask { question, .. } = &effect else { panic!("{effect:?}") };
    assert_eq!(question.stages, [BTreeSet::from([id("2")])]);
    assert_eq!(question.escalate, Some((day, BTreeSet::from([id("3")]))));
}

#[test]
fn whoever_has_left_is_asked_no_more_where_the_file_names_somebody_else() {
    let asked = Asked {
        expires: noon() + SignedDuration::from_hours(24),
        stages: vec![[id("2")].into()],
        escalate: None,
        reason: String::new(),
        approved: Vec::new(),
        rounds: 1,
    };
    let record = StepRecord::Asked { begun: an_hour_ago(), asked };
    let people = three(&[("end", "2026-05-31")]);
    let step = (ask("3", None), Some(record));
    let desired = during(&mut policy(), &mut observed(&[]), people, step);
    let (effect, _) = only(&desired);
    let Effect::AskOthers { others, .. } = &effect else { panic!("{effect:?}") };
    assert_eq!(others.stages, [BTreeSet::from([id("3")])]);
}

#[test]
fn anybody_can_be_asked_but_those_whose_it_is() {
    let policy = policy();
    let assembled = hired(&policy, three(&[]));
    let desired = desired(&policy, &assembled, &observed(&[]), noon());
    let everybody = Everybody::of(&assembled, &desired, noon());
    let desk = everybody.desk(&policy);
    let ben = [Whom::Key("2".to_owned())];
    let among = |own: &str| desk.among(&ben, None, &BTreeSet::from([id(own)]));
    assert_eq!(among("1"), Ok(BTreeSet::from([id("2")])));
    assert!(among("2").is_err());
}

#[test]
fn what_a_failed_attempt_had_sent_is_not_sent_by_the_next_one() {
    let mut policy = policy();
    message(&mut policy, "news", "Hello");
    let to_desk = Address::Mail(DESK.to_owned());
    let sent = Delivery::id_of(id("1"), (&named("handover"), 1, &named("it")), &to_desk);
    let record = StepRecord::Again {
        begun: an_hour_ago(),
        attempts: Attempts { count: 1, sent: [sent].into() },
        next: noon(),
        why: "nobody answered".to_owned(),
    };
    let other = "other@example.org";
    let to = [DESK, other].map(|it| Recipient::Mail(it.to_owned())).to_vec();
    let step = (notify(to), Some(record));
    let desired = during(&mut policy, &mut observed(&[]), three(&[]), step);
    let (effect, attempt) = only(&desired);
    let Effect::Notify { deliveries, .. } = &effect else { panic!("{effect:?}") };
    let to: Vec<&Address> = deliveries.iter().map(|it| &it.to).collect();
    assert_eq!(to, [&Address::Mail(other.to_owned())]);
    assert_eq!(attempt, 2);
}

#[test]
fn whoever_was_hired_again_as_somebody_new_is_told_once_and_as_that() {
    let mut policy = policy();
    message(&mut policy, "news", "Hello");
    let mail = "ben@example.org";
    let people = vec![
        worker("1", ADA, &[("manager", mail)]),
        worker("2", BEN, &[("mail", mail)]),
        worker("3", BEN, &[("mail", mail)]),
    ];
    let mut observed = observed(&[]);
    let left = at("2026-05-01T00:00:00Z");
    let followed = Followed { by: id("3"), at: left, left };
    observed.kept.followed.insert(id("2"), followed);
    let step = (notify(vec![Recipient::Person(Whom::Manager(1))]), None);
    let desired = during(&mut policy, &mut observed, people, step);
    let (effect, _) = only(&desired);
    let Effect::Notify { deliveries, .. } = &effect else { panic!("{effect:?}") };
    let to: Vec<&Address> = deliveries.iter().map(|it| &it.to).collect();
    assert_eq!(to, [&Address::Mail(mail.to_owned())]);
}

#[test]
fn a_component_that_took_a_step_on_is_asked_and_does_not_begin_again() {
    let mut policy = policy();
    policy.steps.components.insert(named("signer"), BTreeSet::new());
    let pending =
        Pending { ticket: "t-7".to_owned(), needs: None, polls: 0, next: noon(), until: None };
    let record = StepRecord::Pending { begun: an_hour_ago(), pending };
    let run = Action::Run { component: named("signer"), with: BTreeMap::new() };
    let step = (run, Some(record));
    let desired = during(&mut policy, &mut observed(&[]), three(&[]), step);
    let poll = Effect::Poll { component: named("signer"), ticket: "t-7".to_owned() };
    assert_eq!(only(&desired).0, poll);
}

#[test]
fn a_credential_is_made_for_an_account_of_theirs_and_for_none_that_two_people_have() {
    for shared in [false, true] {
        let mut policy = policy();
        message(&mut policy, "secret", "It is {{ credential }}");
        let mut observed = observed(&[("ada.example", Some("1"))]);
        let there = observed.targets.get_mut("crm").expect("is there");
        there.accounts[0].state = AccountState::Active;
        let can = &mut there.schema.objects[0].capabilities.credential_abilities;
        can.insert(CredentialAbility::SetPassword);
        if shared {
            let of_ada = observed.links.iter().find(|link| link.target == named("crm"));
            let of_ada = of_ada.expect("is there").clone();
            observed.links.push(Link { identity: id("2"), ..of_ada });
        }
        let make = Action::Credential {
            target: named("crm"),
            to: vec![Recipient::Mail(DESK.to_owned())],
            template: named("secret"),
            length: 20,
            must_change: false,
            again: false,
        };
        let desired = during(&mut policy, &mut observed, three(&[]), (make, None));
        if shared {
            let unable = of(&desired, "1").steps.unable;
            assert!(unable[0].text.contains("somebody else's as well"), "{unable:?}");
        } else {
            let (effect, _) = only(&desired);
            let Effect::Credential { login, .. } = &effect else { panic!("{effect:?}") };
            assert_eq!(login, "ada.example");
        }
    }
}
