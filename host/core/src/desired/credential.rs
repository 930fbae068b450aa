//! Credentials: whose are ended, and what a new one is made for.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{WantedEnd, effects::Teller, steps::Subject, steps::Wish};
use crate::{
    account::{Account, AccountState},
    id::{ConnectorName, IdentityId, MessageName},
    observed::{Link, Observed, Origin},
    operation::CredentialVerb,
    policy::Policy,
    schema::{CredentialAbility, ObjectDef},
    template::Template,
    value::Value,
    workflow::{Action, Address, CREDENTIAL, Effect, Recipient},
};

/// What steps have ended.
pub(super) fn ends(wishes: &[Wish]) -> Vec<WantedEnd> {
    let ends = wishes.iter().filter_map(|wish| match &wish.action {
        Action::EndCredentials { verb, targets } => Some(WantedEnd {
            verb: *verb,
            targets: targets.clone(),
            since: wish.begun,
            cause: wish.cause.clone(),
        }),
        _ => None,
    });
    ends.collect()
}

/// Whether what somebody is signed in with can be ended at an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// There is nothing of it.
    Over,
    Can,
    /// The connector cannot.
    Unable,
}

impl Subject<'_> {
    /// Whether all that can be ended was, since then.
    pub(super) fn are_ended(
        &self,
        verb: CredentialVerb,
        targets: Option<&BTreeSet<ConnectorName>>,
        since: Timestamp,
    ) -> bool {
        self.linked_at(targets).all(|link| match self.at_account(link, verb) {
            Ending::Over | Ending::Unable => true,
            Ending::Can => link.ended.since(verb, since),
        })
    }

    /// Targets at which what a step asks for never comes about.
    pub(super) fn unable(&self, action: &Action<Template>) -> BTreeSet<ConnectorName> {
        let Action::EndCredentials { verb, targets } = action else { return BTreeSet::new() };
        let unable = self.linked_at(targets.as_ref());
        let unable = unable.filter(|link| self.at_account(link, *verb) == Ending::Unable);
        unable.map(|link| link.target.clone()).collect()
    }

    fn linked_at(
        &self,
        targets: Option<&BTreeSet<ConnectorName>>,
    ) -> impl Iterator<Item = &Link> + use<'_> {
        let targets = targets.cloned();
        let meant = move |link: &&Link| targets.as_ref().is_none_or(|it| it.contains(&link.target));
        self.links.iter().copied().filter(meant)
    }

    /// What somebody is signed in with at an account of theirs.
    fn at_account(&self, link: &Link, verb: CredentialVerb) -> Ending {
        if !self.policy.targets.contains_key(&link.target) {
            return Ending::Over;
        }
        let Some(there) = self.observed.targets.get(&link.target) else { return Ending::Can };
        let account = there.accounts.iter().find(|account| account.reference == link.account);
        let Some(account) = account else {
            let gone = there.proves_absence(&link.account);
            return if gone { Ending::Over } else { Ending::Can };
        };
        if account.state == AccountState::SoftDeleted {
            return Ending::Over;
        }
        let can = there.schema.object(&link.account.object_type).map(|def| &def.capabilities);
        match can {
            Some(can) if can.ends(verb) => Ending::Can,
            Some(can) if can.disabling_ends(verb) && account.state == AccountState::Disabled => {
                Ending::Over
            }
            // They are disabled, which does it.
            Some(can) if can.disabling_ends(verb) && self.state.state.is_over() => Ending::Can,
            _ => Ending::Unable,
        }
    }

    /// Why what a step does cannot be done yet.
    pub(super) fn not_yet(&self, action: &Action<Template>) -> Option<String> {
        let Action::Credential { target, again, .. } = action else { return None };
        if self.state.state.is_over() {
            return Some("whoever has left gets no credential".to_owned());
        }
        let theirs = self.links.iter().copied().filter(|link| link.target == *target);
        usable((self.policy, self.observed, self.id), theirs, (target, *again)).err()
    }
}

type Usable<'a> = (&'a ObjectDef, &'a Account, &'a Link);

/// What a new password is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Random characters of it.
    pub length: u16,
    /// At the first sign-in.
    pub must_change: bool,
    /// Also in place of one that is in use.
    pub again: bool,
}

/// Their account there that may be signed in to, and that is ours to write.
fn usable<'a>(
    (policy, observed, id): (&Policy, &'a Observed, IdentityId),
    theirs: impl Iterator<Item = &'a Link>,
    (target, again): (&ConnectorName, bool),
) -> Result<Usable<'a>, String> {
    let there = observed.targets.get(target).ok_or_else(|| format!("`{target}` was not read"))?;
    let found: Vec<Usable<'_>> = theirs
        .filter_map(|link| {
            let account = there.accounts.iter().find(|it| it.reference == link.account)?;
            let def = there.schema.object(&account.reference.object_type)?;
            (account.state != AccountState::SoftDeleted).then_some((def, account, link))
        })
        .collect();
    let &[(def, account, link)] = found.as_slice() else {
        if found.is_empty() {
            return Err(format!("waits for an account at `{target}` that is enabled"));
        }
        return Err(format!(
            "they have several accounts at `{target}`; a person has to decide which one stays"
        ));
    };
    let name = &account.name;
    let owner = account.anchor.as_deref().and_then(|anchor| anchor.parse::<IdentityId>().ok());
    if owner.is_some_and(|owner| owner != id) {
        return Err(format!("the account `{name}` carries the id of somebody else"));
    }
    let protected = policy.targets.get(target).map(|target| &target.protected);
    if protected.into_iter().flatten().any(|pattern| pattern.matches(name)) {
        return Err(format!("the account `{name}` at `{target}` is protected and never written"));
    }
    if link.origin != Origin::Created && !again {
        return Err(format!(
            "the account `{name}` was there before us, and whoever uses it has a password; a new \
             one is set there by hand, or by a step with `again = true`"
        ));
    }
    let open = match account.state {
        AccountState::Active => true,
        AccountState::Unknown => link.disabled_since.is_none(),
        _ => false,
    };
    if !open {
        return Err(format!("waits for an account at `{target}` that is enabled"));
    }
    if link.unwanted_since.is_some() {
        return Err(format!("nothing gives them the account `{name}` any more"));
    }
    Ok((def, account, link))
}

/// The same of all that is known, which takes a look at everybody's accounts.
fn theirs_alone<'a>(
    teller: &Teller<'a>,
    (target, again): (&ConnectorName, bool),
) -> Result<(&'a ObjectDef, &'a Account), String> {
    let about = teller.about;
    if teller.reach.somebody(about.id)?.state.is_over() {
        return Err("whoever has left gets no credential".to_owned());
    }
    let links = || about.observed.links.iter().filter(|it| it.target == *target && !it.gone);
    let theirs = links().filter(|it| it.identity == about.id);
    let (def, account, link) =
        usable((teller.policy, about.observed, about.id), theirs, (target, again))?;
    if links().any(|it| it.identity != about.id && it.account == link.account) {
        return Err(format!("the account `{}` is somebody else's as well", account.name));
    }
    // What was not told is made anew, which is the same step once more.
    if link.ended.password.is_some() && teller.topic.attempt() <= 1 && !again {
        return Err(format!(
            "`{}` got a password of ours before, which is in use; a new one is set there by hand, \
             or by a step with `again = true`",
            account.name
        ));
    }
    Ok((def, account))
}

/// A new password for their account, and who is told which.
pub(super) fn effect(
    teller: &Teller<'_>,
    target: &ConnectorName,
    (to, template): (&[Recipient], &MessageName),
    Form { length, must_change, again }: Form,
) -> Result<Effect, String> {
    let about = teller.about;
    let (def, account) = theirs_alone(teller, (target, again))?;
    let can = &def.capabilities.credential_abilities;
    if !can.contains(&CredentialAbility::SetPassword) {
        return Err(format!("the connector of `{target}` cannot set a password"));
    }
    if must_change && !can.contains(&CredentialAbility::MustChange) {
        return Err(format!(
            "the connector of `{target}` cannot have a password changed at the first sign-in; \
             `must-change = false` does without"
        ));
    }
    for recipient in to {
        let Recipient::Person(whom) = recipient else { continue };
        let sure = teller.reach.surely(about.id, whom)?;
        if sure == about.id {
            return Err("nobody is told the credential of their own account by mail".to_owned());
        }
        if teller.reach.whom(about.id, whom)? != sure {
            return Err(format!("{whom} could be several people"));
        }
    }
    let mut scope = teller.scope("", "")?;
    scope.own("login", &account.name);
    scope.own("credential", CREDENTIAL);
    let deliveries = teller.deliveries(to, template, &scope)?;
    if deliveries.is_empty() {
        return Err("nobody is to be told, so none is made".to_owned());
    }
    let own = own_addresses(teller, def, account)?;
    for delivery in &deliveries {
        if let Address::Mail(address) = &delivery.to
            && own.contains(&address.to_lowercase())
        {
            return Err(format!("`{address}` is of the very account; nobody could read it there"));
        }
        if !delivery.body.contains(CREDENTIAL) {
            return Err(format!("the message `{template}` does not hold the credential as it is"));
        }
    }
    let attempt = teller.topic.attempt();
    Ok(Effect::Credential {
        target: target.clone(),
        account: account.reference.clone(),
        login: account.name.clone(),
        length,
        must_change,
        again,
        deliveries: deliveries.into_iter().map(|it| it.of_attempt(attempt)).collect(),
    })
}

/// Mail addresses of the person, and of the account, in lower case.
fn own_addresses(
    teller: &Teller<'_>,
    def: &ObjectDef,
    account: &Account,
) -> Result<BTreeSet<String>, String> {
    let mail = teller.reach.somebody(teller.about.id)?.mail();
    let is_mail = |name: &str| {
        let path = def.attribute(name).and_then(|def| def.scim_path.as_deref());
        path.is_some_and(|path| path.starts_with("emails"))
    };
    let attributes = account.attributes.iter().filter(|it| is_mail(&it.name));
    let texts = attributes.flat_map(|it| &it.values).filter_map(|value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    let all = texts.chain(mail).chain([account.name.clone()]);
    Ok(all.map(|address| address.to_lowercase()).collect())
}
