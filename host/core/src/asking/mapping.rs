//! What the templates of a target make of one person.

use super::{Answer, Asking, Detail};
use crate::{
    desired::Presence,
    fact::{Fact, Identity, RecordKey},
    id::{ConnectorName, FactName, NameError},
    lifecycle::{NO_DATE, parse_moment},
    policy::Policy,
    value::Value,
};

impl Asking<'_> {
    /// The name and each attribute at a target, with the values that their
    /// templates read; none: the file has no such target.
    pub fn mapping(&self, target: &ConnectorName) -> Option<Answer> {
        let policy = self.world.policy.targets.get(target)?;
        let mut asking = Self { scope: self.scope.clone(), facts: self.facts.clone(), ..*self };
        asking.scope.own("suffix", "");
        let name = asking.rendered(&policy.name);
        let login = self.login(target).or_else(|| name.clone().ok());
        let mut failed: Vec<String> =
            name.err().map(|it| format!("name: {it}")).into_iter().collect();
        let mut details = vec![asking.template(target, "name ", &policy.name)];
        if let Some(login) = &login {
            asking.scope.own("login", login);
            details.push(Detail::new(format!("login = {login:?}")));
        }
        for (name, templates) in &policy.attributes {
            for template in templates {
                let what = format!("{name} ");
                // Accounts of other people are known only to a whole plan.
                if !template.references().is_empty() {
                    let text = format!("{target}: {what}`{}` speaks of others", template.source());
                    details.push(Detail::new(text));
                    continue;
                }
                failed.extend(asking.rendered(template).err().map(|it| format!("{name}: {it}")));
                details.push(asking.template(target, &what, template));
            }
        }
        if policy.attributes.is_empty() {
            let content = self.person.accounts.get(target).map(|it| &it.presence);
            if let Some(Presence::Present { content, .. }) = content {
                details.extend(self.looks(target, content));
            } else {
                let text = "the attributes are those of the schema, and no rule gives them an \
                            account here";
                details.push(Detail::new(text));
            }
        }
        let who = self.label();
        let sentence = match (failed.first(), &login) {
            (Some(first), _) => {
                format!("the mapping of {target} fails for {who}, who is held by it: {first}")
            }
            (None, Some(login)) => format!("the mapping of {target} makes `{login}` of {who}"),
            (None, None) => format!("the mapping of {target} makes no name for {who}"),
        };
        Some(Answer { sentence, details })
    }

    /// The name that they have or are to have, with its number.
    fn login(&self, target: &ConnectorName) -> Option<String> {
        match &self.person.accounts.get(target)?.presence {
            Presence::Present { content, .. } => Some(content.name.clone()),
            Presence::Disabled | Presence::Kept { .. } | Presence::Deleted { .. } => None,
        }
    }
}

/// Why somebody is not looked at with other facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSuppose {
    /// As a source would be told.
    #[error("fact `{0}` {NO_DATE}")]
    NoDate(FactName),
    /// Never for names that the program itself writes.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// Somebody as they would be with other facts; an empty text takes one away.
///
/// # Errors
/// When what has to be a date is none.
pub fn supposed(
    policy: &Policy,
    identity: &mut Identity,
    facts: &[(FactName, String)],
    now: jiff::Timestamp,
) -> Result<(), CannotSuppose> {
    let source = ConnectorName::new("supposed")?;
    for (name, text) in facts {
        let moment = policy.moments().contains(name.as_str());
        let text = text.trim();
        let value = match parse_moment(text) {
            Some(moment_of) if moment => moment_of,
            None if moment && !text.is_empty() => {
                return Err(CannotSuppose::NoDate(name.clone()));
            }
            _ => Value::Text(text.to_owned()),
        };
        let values = vec![value];
        let fact = Fact {
            values,
            record: RecordKey { source: source.clone(), key: "by hand".to_owned() },
            from: Vec::new(),
            learned: now,
            effective_from: None,
            effective_until: None,
        };
        if text.is_empty() {
            identity.facts.remove(name);
        } else {
            identity.facts.insert(name.clone(), vec![fact]);
        }
    }
    Ok(())
}
