use std::collections::BTreeMap;

use lanyard_core::{
    approval::{Agreement, ApprovalEnd, Asker, PlanApproval, Waiting},
    forgetting::ERASED,
    guard::FindingKind,
    id::{ApprovalName, Digest},
    workflow::Asked,
};

use super::example::{ada, at, bob, entry, name};
use crate::store::{AuditFilter, Store};

fn approval(id: &str, about: Agreement) -> PlanApproval {
    PlanApproval {
        id: id.to_owned(),
        rule: ApprovalName::new("privileged").unwrap(),
        terms: Some(Digest::of("terms")),
        plan: Digest::of("plan"),
        undoing: false,
        about,
        people: [ada()].into(),
        by: Asker { user: "bob".to_owned(), identity: Some(bob()) },
        at: at(1),
        asked: Asked {
            expires: at(100),
            stages: vec![[bob()].into()],
            escalate: None,
            reason: "1 operation".to_owned(),
            approved: Vec::new(),
            rounds: 1,
        },
        agreed: Vec::new(),
        given: None,
        ended: None,
    }
}

/// What somebody is called stands in what was asked about them, and beside
/// what they said.
pub(crate) async fn an_erasure_takes_the_names_out_of_questions_about_plans(store: &dyn Store) {
    super::erasure::known(store).await;
    let release = Agreement::Release([FindingKind::MassRemoval].into());
    let about_her = PlanApproval {
        asked: Asked {
            reason: "1 grant for Ada Example".to_owned(),
            ..approval("a", release.clone()).asked
        },
        ..approval("a", release.clone())
    };
    let denied = ApprovalEnd::Denied { by: "Ada Example".to_owned(), who: Some(ada()) };
    let by_her = PlanApproval {
        people: [bob()].into(),
        ended: Some((at(3), denied)),
        ..approval("b", release.clone())
    };
    let others = PlanApproval { people: [bob()].into(), ..approval("c", release) };
    let all = [about_her, by_her.clone(), others.clone()];
    for approval in &all {
        let of = [(approval.clone(), entry(20, "plan-approval"))];
        store.record_plan_approvals(&of).await.unwrap();
    }
    super::erasure::erase(store).await.unwrap();
    let kept = store.plan_approvals().await.unwrap();
    assert_eq!(kept[0].asked.reason, ERASED);
    let denied = ApprovalEnd::Denied { by: ERASED.to_owned(), who: Some(ada()) };
    assert_eq!(kept[1], PlanApproval { ended: Some((at(3), denied)), ..by_her });
    assert_eq!(kept[2], others);
}

pub(crate) async fn a_question_about_a_plan_is_kept_in_its_place_and_with_its_entry(
    store: &dyn Store,
) {
    let waiting = Waiting { identity: ada(), target: name("crm"), over: false };
    let operations = BTreeMap::from([(Digest::of("operation"), waiting)]);
    let first = approval("b", Agreement::Operations(operations));
    let second = approval("a", Agreement::Release([FindingKind::MassRemoval].into()));
    let both = [(first.clone(), entry(1, "approval")), (second.clone(), entry(2, "approval"))];
    store.record_plan_approvals(&both).await.unwrap();
    let denied =
        Some((at(3), ApprovalEnd::Denied { by: "Bob Example".to_owned(), who: Some(bob()) }));
    let denied = PlanApproval { ended: denied, ..first };
    store.record_plan_approvals(&[(denied.clone(), entry(3, "approval"))]).await.unwrap();
    assert_eq!(store.plan_approvals().await.unwrap(), vec![denied, second]);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 3);
}
