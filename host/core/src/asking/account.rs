//! Why somebody has an account at a target, or has none.

use super::{Answer, Asking, Detail, rule::person_state};
use crate::{
    account::{Account, AccountState},
    desired::{AccountContent, DesiredAccount, Presence},
    diff::shown,
    explain::{account_line, state_word, wanted_line},
    id::ConnectorName,
    observed::Link,
    operation::Cause,
};

impl Asking<'_> {
    /// Whether and why they have an account at a target.
    pub fn account(&self, target: &ConnectorName) -> Answer {
        let links = self.links(target);
        let wanted = self.person.accounts.get(target);
        let found = links.iter().find_map(|link| Some((*link, self.seen(link)?)));
        let mut details = Vec::new();
        if let Some(DesiredAccount { presence, causes }) = wanted {
            details.push(Detail::with(wanted_line(presence), self.because(target, causes)));
            if let Presence::Present { content, .. } = presence {
                details.extend(self.looks(target, content));
            }
        }
        let there = self.there(target);
        details.extend(links.iter().map(|link| Detail::new(account_line(link, there))));
        details.push(self.reading(target));
        details.extend(self.last_touched(target, None));
        details.extend(self.next(target, None));
        details.extend(self.notes(target, None));
        let ways = self.ways(&|given| given.accounts.contains(target));
        let tried: Vec<_> = ways.iter().map(|way| self.try_way(way)).collect();
        let wants = matches!(wanted.map(|it| &it.presence), Some(Presence::Present { .. }));
        let sentence = match (wanted, found) {
            _ if !self.person.holds.is_empty() => self.unclear(),
            (Some(wanted), Some((_, account))) => self.has(target, wanted, account),
            (Some(wanted), None) if wants => {
                let because = first(&wanted.causes);
                let name = match &wanted.presence {
                    Presence::Present { content, .. } => content.name.as_str(),
                    Presence::Disabled | Presence::Kept { .. } | Presence::Deleted { .. } => "",
                };
                format!(
                    "{} should have the account `{name}` at {target}{because}, and none of theirs \
                     was seen there",
                    self.label()
                )
            }
            (None, Some((_, account))) => format!(
                "{} has the account `{}` at {target}, and nothing is said about it",
                self.label(),
                account.name
            ),
            (_, None) => {
                let failing = tried.iter().find(|it| !it.gives).map(|it| it.why.clone());
                let why = self.why_not(target, failing);
                format!("{} has no account at {target}: {why}", self.label())
            }
        };
        if !wants {
            details.extend(tried.into_iter().map(|it| it.detail));
        }
        Answer { sentence, details }
    }

    /// At every target of the file, and wherever they have an account.
    pub fn accounts(&self) -> Vec<Answer> {
        let links = self.world.observed.links.iter();
        let own = links.filter(|it| it.identity == self.identity.id).map(|it| &it.target);
        let mut targets: Vec<&ConnectorName> =
            self.world.policy.targets.keys().chain(own).collect();
        targets.sort();
        targets.dedup();
        targets.into_iter().map(|target| self.account(target)).collect()
    }

    /// What it should look like, attribute by attribute.
    pub(super) fn looks(&self, target: &ConnectorName, content: &AccountContent) -> Vec<Detail> {
        let def = self.there(target).and_then(|it| it.schema.object(&content.object_type));
        let attributes = content.attributes.iter().map(|(name, values)| {
            let causes = content.attribute_causes.get(name).map_or(&[][..], Vec::as_slice);
            let text = format!("{name}: {}", shown(def, name, values));
            Detail::with(text, self.because(target, causes))
        });
        attributes.collect()
    }

    pub(super) fn seen(&self, link: &Link) -> Option<&Account> {
        let there = self.there(&link.target)?;
        there.accounts.iter().find(|it| it.reference == link.account)
    }

    pub(super) fn unclear(&self) -> String {
        format!(
            "{} cannot be evaluated, so nothing of theirs is changed: {}",
            self.label(),
            self.person.holds.join("; ")
        )
    }

    /// The weightiest reason for not having something; `failing` is that of
    /// the first rule that could give it.
    pub(super) fn why_not(&self, target: &ConnectorName, failing: Option<String>) -> String {
        let state = &self.person.state;
        if !self.world.policy.targets.contains_key(target) {
            return format!("`{target}` is no target of the file");
        }
        if let Some(state_says) = person_state(state.state) {
            return format!("{state_says} ({})", state.because);
        }
        if self.person.unread.contains(target) {
            return format!("a rule gives it, and `{target}` was never read");
        }
        failing.unwrap_or_else(|| "no rule gives it to anybody".to_owned())
    }

    fn has(&self, target: &ConnectorName, wanted: &DesiredAccount, account: &Account) -> String {
        let because = first(&wanted.causes);
        let (who, name) = (self.label(), &account.name);
        let closed = account.state == AccountState::Disabled;
        match &wanted.presence {
            Presence::Present { enabled, .. } => {
                let state = state_word(account.state);
                let step = wanted.causes.iter().find(|it| matches!(it, Cause::Step { .. }));
                match step.filter(|_| !enabled) {
                    Some(step) if wanted.causes.first() != Some(step) => format!(
                        "{who} has the account `{name}` at {target}, {state}{because}, and {step} \
                         disabled it{}",
                        self.since(step)
                    ),
                    _ => format!("{who} has the account `{name}` at {target}, {state}{because}"),
                }
            }
            Presence::Kept { until } => format!(
                "{who} keeps the account `{name}` at {target} until {until:.0}, though nothing \
                 gives it any more"
            ),
            Presence::Disabled => {
                let how = if closed { "is disabled" } else { "is to be disabled" };
                format!("the account `{name}` of {who} at {target} {how}{because}")
            }
            Presence::Deleted { due } => {
                let how = if closed { "is disabled" } else { "is to be disabled" };
                format!(
                    "the account `{name}` of {who} at {target} {how}, and is deleted after \
                     {due:.0}{because}"
                )
            }
        }
    }
}

/// ", because rule `x` (line 3)".
pub(super) fn first(causes: &[Cause]) -> String {
    causes.first().map(|cause| format!(", because {cause}")).unwrap_or_default()
}
