//! What people may ask for, and who has to agree.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lanyard_core::{
    access::{Risk, Role, Side},
    id::{ConnectorName, RoleName},
    request::{Requestable, Terms},
    template::Template,
    workflow::{Approve, Whom},
};

use super::{Check, effects};
use crate::config::{
    document::Place,
    report::ConfigError,
    written::{Approval, ByRisk, File},
};

/// In the stages of an approval: who answers for the role.
const OWNER: &str = "owner";

/// An approval, and where it stands.
type Placed<'f> = (Place, &'f Approval);

pub(super) fn requestable(
    check: &mut Check<'_, '_>,
    file: &File,
    roles: &BTreeMap<RoleName, Role>,
) -> Requestable {
    let mut requestable = Requestable::new();
    let defaults = defaults(check, file);
    for (name, written) in file.role.iter() {
        let place = Place::of(["role", name.as_str()]);
        if !written.requestable {
            useless(check, &place, "nobody can ask for this role", "requestable = true");
            continue;
        }
        let Some(role) = roles.get(name) else { continue };
        let own = own(check, file, &place, written.approval.as_ref());
        let approval = own.or_else(|| defaults.get(&role.risk).cloned());
        let terms = Terms {
            line: check.report.line(&place),
            longest: written.longest.map(|it| it.0),
            approval: approval.and_then(|it| agreed(check, &it, role.owner.as_deref())),
        };
        requestable.insert(Side::Role(name.clone()), terms);
    }
    for (name, written) in file.target.iter() {
        let place = Place::of(["target", name.as_str()]);
        if written.requestable.is_empty() {
            useless(check, &place, "nothing can be asked for here", "requestable = [\"…\"]");
        }
        let own = own(check, file, &place, written.approval.as_ref());
        let mut by_risk: BTreeMap<Risk, Option<Approve<Template>>> = BTreeMap::new();
        for (index, text) in written.requestable.iter().enumerate() {
            if text.trim().is_empty() {
                let error = ConfigError::new("bad value for `requestable`")
                    .label("needs the name of an entitlement");
                check.value(&place.key("requestable").index(index), error);
                continue;
            }
            let privileged = written.privileged.contains(text);
            let risk = if privileged { Risk::High } else { Risk::Low };
            let approval = by_risk.entry(risk).or_insert_with(|| {
                let approval = own.clone().or_else(|| defaults.get(&risk).cloned());
                approval.and_then(|it| agreed(check, &it, None))
            });
            let terms = Terms {
                line: check.report.line(&place),
                longest: written.longest.map(|it| it.0),
                approval: approval.clone(),
            };
            requestable.insert(entitlement(name, text), terms);
        }
    }
    requestable
}

fn entitlement(target: &ConnectorName, text: &str) -> Side {
    Side::Entitlement { target: target.clone(), entitlement: text.to_owned() }
}

/// Those of `[request]`, checked once also when nothing uses them.
fn defaults<'f>(check: &mut Check<'_, '_>, file: &'f File) -> BTreeMap<Risk, Placed<'f>> {
    let ByRisk { low, medium, high } = &file.request.approval;
    let mut defaults = BTreeMap::new();
    for (risk, approval) in [(Risk::Low, low), (Risk::Medium, medium), (Risk::High, high)] {
        let Some(approval) = approval else { continue };
        let place = Place::of(["request", "approval", risk.word()]);
        sound(check, file, &place, approval);
        defaults.insert(risk, (place, approval));
    }
    defaults
}

/// The approval that a role or target has for itself.
fn own<'f>(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    approval: Option<&'f Approval>,
) -> Option<Placed<'f>> {
    let (place, approval) = (place.key("approval"), approval?);
    sound(check, file, &place, approval);
    Some((place, approval))
}

/// A key that would do nothing is a mistake.
fn useless(check: &mut Check<'_, '_>, place: &Place, why: &str, hint: &str) {
    for key in ["longest", "approval"] {
        let key = place.key(key);
        if check.report.document.has(&key) {
            let name = key.last_key().unwrap_or_default().to_owned();
            let error = ConfigError::new(format!("`{name}` does nothing here"));
            check.key(&key, error.label(why).hint(format!("`{hint}`, or take this out")));
        }
    }
}

/// What stands in an approval, whatever it is for.
pub(super) fn sound(check: &mut Check<'_, '_>, file: &File, place: &Place, approval: &Approval) {
    let stages: Vec<Vec<Whom>> = whom(approval);
    if stages.is_empty() {
        let error = ConfigError::new("nobody is asked")
            .hint("`stages = [[\"manager\"]]`, or several in order; without `approval` nobody has to agree");
        check.value(&place.key("stages"), error);
    }
    effects::own(check, place, &stages);
    let escalate = approval.escalate.as_ref().map(|it| it.after.0);
    effects::in_time(check, place, escalate, approval.expire.0.0);
    if let Some(template) = &approval.template {
        effects::message(check, file, &place.key("template"), template);
        effects::by_mail(check, file, &place.key("template"));
    }
}

fn whom(approval: &Approval) -> Vec<Vec<Whom>> {
    let stage = |stage: &Vec<crate::config::element::whom::Person>| {
        stage.iter().map(|person| person.0.clone()).collect()
    };
    approval.stages.iter().map(stage).collect()
}

/// The approval of one thing, with its owner where one is asked.
fn agreed(
    check: &mut Check<'_, '_>,
    (place, approval): &Placed<'_>,
    owner: Option<&str>,
) -> Option<Approve<Template>> {
    let mut stages = whom(approval);
    let escalate = approval.escalate.as_ref();
    let mut escalate: Option<(SignedDuration, Whom)> =
        escalate.map(|it| (it.after.0, it.to.0.clone()));
    let everybody = stages.iter_mut().flatten().chain(escalate.iter_mut().map(|it| &mut it.1));
    let mut nobody = false;
    for whom in everybody.filter(|it| **it == Whom::Key(OWNER.to_owned())) {
        match owner {
            Some(owner) => *whom = Whom::Key(owner.to_owned()),
            None => nobody = true,
        }
    }
    if nobody {
        let error = ConfigError::new("the owner is asked, and there is none")
            .label("`owner` is somebody only for a role that has one")
            .hint("give the role an `owner`, or name somebody else who has to agree");
        check.value(place, error);
        return None;
    }
    Some(Approve {
        stages,
        expire: approval.expire.0.0,
        reason: None,
        escalate,
        template: approval.template.clone(),
    })
}
