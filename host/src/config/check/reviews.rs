//! What somebody is asked about from time to time.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use lanyard_core::{
    access::Risk,
    id::ConnectorName,
    policy::StepsPolicy,
    review::{ReviewPolicy, Reviewed, Reviewer, Silence},
    workflow::Whom,
};

use super::{Check, approvals::about_nobody, effects};
use crate::config::{
    document::{Part, Place},
    report::ConfigError,
    written::{self, File, ReviewOf},
};

pub(super) fn reviews(
    check: &mut Check<'_, '_>,
    file: &File,
    steps: &StepsPolicy,
    zone: &TimeZone,
) -> Vec<ReviewPolicy> {
    let mut reviews = Vec::new();
    for (name, written) in file.review.iter() {
        let place = Place::of(["review", name.as_str()]);
        let of = of(check, &place.key("of"), &written.of);
        if written.who.is_empty() {
            let error =
                ConfigError::new("nobody is asked").hint("`who = [\"owner\", \"manager\"]`");
            check.value(&place.key("who"), error);
        }
        for (index, whom) in written.who.iter().enumerate() {
            if whom.0 == Whom::Themself {
                let error = ConfigError::new("nobody reviews their own access")
                    .hint("`owner`, `manager`, or the key of a record");
                check.value(&place.key("who").index(index), error);
            }
        }
        lengths(check, &place, written);
        if written.silence == written::Silence::Revoke && written.template.is_none() {
            let error = ConfigError::new("silence revokes what nobody was told to look at").hint(
                "`template = \"…\"`, a `[message.…]` for those who are asked, or `silence = \"keep\"`",
            );
            check.value(&place.key("silence"), error);
        }
        if written.every.0 < written.within.0 {
            let error = ConfigError::new("the next one opens before this one is over")
                .label(format!("`within` is {}", written.within))
                .hint("a longer `every`, or a shorter `within`");
            check.value(&place.key("every"), error);
        }
        if let Some(template) = &written.template {
            effects::message(check, file, &place.key("template"), template);
            effects::by_mail(check, file, &place.key("template"));
            about_nobody(check, &place.key("template"), template, steps);
        }
        let from = written.from.as_ref();
        let from = from.and_then(|it| check.moment(&place.key("from"), &it.0, zone, false));
        let reviewer = |whom: &Whom| match whom {
            Whom::Key(key) if key == "owner" => Reviewer::Owner,
            other => Reviewer::Whom(other.clone()),
        };
        reviews.push(ReviewPolicy {
            name: name.clone(),
            line: check.report.line(&place),
            of,
            every: written.every.0,
            from,
            who: written.who.iter().map(|whom| reviewer(&whom.0)).collect(),
            within: written.within.0,
            silence: match written.silence {
                written::Silence::Keep => Silence::Keep,
                written::Silence::Revoke => Silence::Revoke,
            },
            escalate: written.escalate.as_ref().map(|it| (it.after.0, it.to.0.clone())),
            template: written.template.clone(),
        });
    }
    reviews
}

/// Times that are no time, and whom nobody could ever ask.
fn lengths(check: &mut Check<'_, '_>, place: &Place, written: &written::Review) {
    for (key, length) in [("every", &written.every), ("within", &written.within)] {
        if length.0.is_zero() {
            let error = ConfigError::new("is no time at all").hint("`14d`, `90d`");
            check.value(&place.key(key), error);
        }
    }
    let Some(escalate) = &written.escalate else { return };
    let nobody = match &escalate.to.0 {
        Whom::Themself => true,
        Whom::Key(key) => key == "owner",
        Whom::Manager(_) => false,
    };
    if nobody {
        let error = ConfigError::new(format!("`{}` is nobody to go on to", escalate.to.0))
            .hint("`manager.manager`, or the key of a record");
        check.value(&place.key("escalate").key("to"), error);
    }
    if escalate.after.0 >= written.within.0 {
        let error = ConfigError::new("their time is over before others are asked")
            .label(format!("`within` is {}", written.within))
            .hint("a shorter `after`, or a longer `within`");
        check.value(&place.key("escalate").key("after"), error);
    }
}

fn of(check: &mut Check<'_, '_>, place: &Place, written: &ReviewOf) -> Reviewed {
    let ReviewOf { risk, roles, grants, targets, unmanaged } = written;
    let nothing = risk.is_none() && roles.is_empty() && targets.is_empty() && !unmanaged;
    if nothing && grants.is_empty() {
        let error = ConfigError::new("it looks at nothing").hint(
            "`of = { risk = \"high\" }`, or `roles`, `grants`, `targets`, `unmanaged = true`",
        );
        check.value(place, error);
    }
    let mut named: BTreeMap<ConnectorName, Vec<String>> = BTreeMap::new();
    for (target, texts) in grants.iter() {
        if check.target(&place.key("grants").key(target), Part::Key, target)
            && let Ok(target) = ConnectorName::new(target.as_str())
        {
            named.insert(target, texts.clone());
        }
    }
    Reviewed {
        risk: risk.map(|risk| match risk {
            written::Risk::Low => Risk::Low,
            written::Risk::Medium => Risk::Medium,
            written::Risk::High => Risk::High,
        }),
        roles: check.roles(&place.key("roles"), roles).into_iter().collect(),
        grants: named,
        targets: check.target_names(&place.key("targets"), targets),
        unmanaged: *unmanaged,
    }
}
