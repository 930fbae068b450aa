//! The file as written: its keys, their types and their defaults, and nothing
//! about what they refer to.
//!
//! Written back, this is the file with every default.  No `flatten`,
//! `untagged` or `tag`: serde would lose the positions of errors.

mod access;
mod approvals;
mod audit;
mod component;
mod forgetting;
mod lives;
mod notify;
mod obligation;
mod pacing;
mod permissions;
mod policy;
mod requests;
mod reviews;
mod sources;
mod store;
mod workflow;

use lanyard_core::id::{
    ApprovalName, ConnectorName, MessageName, ReviewName, RoleName, RuleName, SeparationName,
    WorkflowName,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use access::{
    Bound, Except, Exclusive, Mode, Protect, Risk, Role, Separation, TargetLimits, Unmanaged, Valid,
};
pub(super) use approvals::{ApprovalWhen, PlanApproval};
pub(super) use audit::Audit;
pub(super) use component::{Component, StepCalls};
pub(super) use forgetting::Rehire;
pub(super) use lives::{GrantsOnLeave, Hold, Login};
pub(super) use notify::{Delegation, Message, Notify};
pub(super) use obligation::{By, CheckedBy, Signing};
pub(super) use pacing::{Calls, LosingAccess, NoWrites};
pub(super) use permissions::{
    Access, Authorization, Directory, Permissions, Read, Request, SignIn, Stream,
};
pub(super) use policy::{
    GrantsOfLeaver, Leaver, Lifecycle, Limits, Removals, Rule, State, Status, TestCase,
};
pub(super) use requests::{Approval, ByRisk, Request as RequestTerms};
pub(super) use reviews::{Review, ReviewOf, Silence};
pub(super) use sources::{Authority, Compare, Correlate, Missing, Table};
pub(super) use store::{Postgres, Store};
pub(super) use workflow::{Step, Verb, Workflow};

use super::element::{
    duration::{After, Duration},
    entries::Entries,
    percent::Percent,
    rate::Rate,
    recognition::Match,
    text::{Text, Texts},
};

/// What configures Lanyard.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    /// Where plugins named without a path are; relative to this file.
    #[serde(default = "plugin_directory")]
    pub(super) plugin_directory: String,
    /// Sources that are no longer in this file, and whose people have left
    /// unless another source knows them.
    #[serde(default)]
    pub(super) retired_sources: Vec<String>,
    /// Targets that are no longer in this file, and for whose accounts others
    /// answer now.
    #[serde(default)]
    pub(super) retired_targets: Vec<String>,
    /// What Lanyard remembers.
    #[serde(default)]
    pub(super) store: Store,
    /// What documents are signed with, for people outside.
    #[serde(default)]
    pub(super) signing: Signing,
    /// What is told elsewhere of the record of what was done.
    #[serde(default)]
    pub(super) audit: Audit,
    /// Where people are read from.
    #[serde(default)]
    pub(super) source: Entries<ConnectorName, Source>,
    /// Which source decides a fact that several give, by fact; `default` is
    /// for all others.  Default: the order of the sources in this file.
    #[serde(default)]
    pub(super) authority: Authority,
    /// By what records of several sources are one person's.
    #[serde(default)]
    pub(super) correlate: Correlate,
    /// Where accounts are managed.
    #[serde(default)]
    pub(super) target: Entries<ConnectorName, Target>,
    /// Who gets what.
    #[serde(default)]
    pub(super) rule: Entries<RuleName, Rule>,
    /// Accounts and grants under one name, for rules to give.
    #[serde(default)]
    pub(super) role: Entries<RoleName, Role>,
    /// Separation of duties: what nobody may hold two of.
    #[serde(default)]
    pub(super) sod: Entries<SeparationName, Separation>,
    /// Entitlements of which only the first that applies is given.
    #[serde(default)]
    pub(super) exclusive: Entries<SeparationName, Exclusive>,
    /// What must always be held by somebody.
    #[serde(default)]
    pub(super) protect: Protect,
    /// Access that people ask for.
    #[serde(default)]
    pub(super) request: RequestTerms,
    /// Plans that need the agreement of people.
    #[serde(default)]
    pub(super) approval: Entries<ApprovalName, PlanApproval>,
    /// What somebody is asked about from time to time: is it still needed?
    #[serde(default)]
    pub(super) review: Entries<ReviewName, Review>,
    /// Components that carry out steps of workflows.
    #[serde(default)]
    pub(super) component: Entries<ConnectorName, Component>,
    /// What happens, in order, when something changes in somebody's life.
    #[serde(default)]
    pub(super) workflow: Entries<WorkflowName, Workflow>,
    /// How people are told something.
    #[serde(default)]
    pub(super) notify: Notify,
    /// What steps tell people.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, Message>")]
    pub(super) message: Entries<MessageName, Message>,
    /// Keys of the records of people behind OS users, who decide at the desk.
    #[serde(default)]
    pub(super) actors: Entries<String, Text>,
    /// Who answers in the place of somebody else.
    #[serde(default)]
    pub(super) delegation: Vec<Delegation>,
    /// What dates and statuses mean.
    #[serde(default)]
    pub(super) lifecycle: Lifecycle,
    /// What becomes of accounts that nobody should have any more.
    #[serde(default)]
    pub(super) leaver: Leaver,
    /// How much may be taken away before a person has to look.
    #[serde(default)]
    pub(super) limits: Limits,
    /// Legal holds: nothing of these people is deleted.
    #[serde(default)]
    pub(super) hold: Entries<String, Hold>,
    /// What the rules must say of invented people; run by `lanyard check`.
    #[serde(default)]
    pub(super) test: Vec<TestCase>,
}

fn plugin_directory() -> String {
    "plugins".to_owned()
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Source {
    /// A name in `plugin-directory`, or a path ending in `.wasm`.
    pub(super) plugin: String,
    /// Checked by the connector's own schema.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub(super) config: toml::Table,
    /// What a record missing from a complete read means.
    #[serde(default)]
    pub(super) missing: Missing,
    /// So many readings have to lack a record before that is believed.
    #[serde(default = "sources::once")]
    #[schemars(range(min = 1, max = 1000))]
    pub(super) confirmations: u32,
    /// Readings that confirm each other are at least this far apart.
    #[serde(default = "sources::half_a_day")]
    pub(super) interval: Duration,
    /// A read that lost more than this many percent of the last one's keys
    /// proves no absence, and nobody new.
    #[serde(default = "sources::shrink_limit")]
    pub(super) shrink_limit: Percent,
    /// What the connector may reach; everything else is denied.
    #[serde(default)]
    pub(super) permissions: Permissions,
    /// Facts by templates over the record; none takes every attribute under
    /// its own name.
    #[serde(default)]
    pub(super) facts: Entries<lanyard_core::id::FactName, String>,
    /// Its records are no people: people point into it by a fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) table: Option<Table>,
    /// What bounds each call of the connector.
    #[serde(default)]
    pub(super) limits: Calls,
    /// Calls in a stretch of time, and no more; without it as many as the
    /// system takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rate: Option<Rate>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Target {
    /// A name in `plugin-directory`, or a path ending in `.wasm`.
    pub(super) plugin: String,
    /// Checked by the connector's own schema.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub(super) config: toml::Table,
    /// Targets whose account comes first.
    #[serde(default)]
    pub(super) after: Vec<String>,
    /// Targets whose account comes first if it can be made; when it cannot,
    /// this one's is made all the same.
    #[serde(default)]
    pub(super) prefer_after: Vec<String>,
    /// So many complete readings have to lack an account of ours that was not
    /// deleted by us until whose it was may be erased.
    #[serde(default = "forgetting::twice")]
    #[schemars(range(min = 2, max = 1000))]
    pub(super) confirmations: u32,
    /// Readings that confirm each other are at least this far apart.
    #[serde(default = "forgetting::a_day")]
    pub(super) interval: Duration,
    /// What disabling an account has to do at the target, so that a leaver is
    /// out; nobody is given anything where the connector does not promise it.
    #[serde(default)]
    pub(super) require: Vec<Effect>,
    /// Another target that shows whether somebody is closed here: its word
    /// counts, and this one's own does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checked_by: Option<CheckedBy>,
    /// Login names that are never written; `*` stands for any text.
    #[serde(default)]
    pub(super) protected: Vec<String>,
    /// What becomes of what accounts of ours hold and nobody gave.
    #[serde(default)]
    pub(super) unmanaged: Unmanaged,
    /// Entitlements that are removed besides those the file speaks of, by
    /// name or id; `*` stands for any text.
    #[serde(default)]
    pub(super) unmanaged_remove: Vec<String>,
    /// Entitlements that count as privileged in `[limits]`.
    #[serde(default)]
    pub(super) privileged: Vec<String>,
    /// Login names of accounts that are no person's; `*` stands for any text.
    #[serde(default)]
    pub(super) service: Vec<String>,
    /// Entitlements that people may ask for, for themselves or others.
    #[serde(default)]
    pub(super) requestable: Vec<String>,
    /// What is asked for here ends after so long at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) longest: Option<Duration>,
    /// Who has to agree; without it what `[request]` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) approval: Option<Approval>,
    /// What the connector may reach; everything else is denied.
    #[serde(default)]
    pub(super) permissions: Permissions,
    /// Facts that accounts give which are somebody's, and the attribute that
    /// each is: what the target makes itself.
    #[serde(default)]
    pub(super) provides: Entries<lanyard_core::id::FactName, String>,
    /// What an account looks like.
    #[serde(default)]
    pub(super) account: Account,
    /// Names for use in rules, and what they are called at the target.
    #[serde(default)]
    pub(super) entitlements: Entries<String, String>,
    /// What bounds each call of the connector.
    #[serde(default)]
    pub(super) limits: Calls,
    /// Calls in a stretch of time, and no more; without it as many as the
    /// system takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rate: Option<Rate>,
    /// Hours in which nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) no_writes: Option<NoWrites>,
}

/// What an account looks like.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Account {
    /// Default: the connector's only type of accounts.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) object_type: Option<String>,
    /// Template of the login name; `suffix` is empty, then 2, 3, … until the
    /// name is free.
    #[serde(default = "account_name")]
    pub(super) name: String,
    /// By what an existing account is somebody's: attributes that make a
    /// person look, or lists of them in `sure` and `ask`.
    #[serde(default, rename = "match")]
    pub(super) match_by: Match,
    /// Attributes by templates; `login` is the login name.  None takes what
    /// the connector's schema suggests.
    #[serde(default)]
    pub(super) attributes: Entries<String, Texts>,
    /// Attributes that are written when an account is made, and are the
    /// target's from then on.
    #[serde(default)]
    pub(super) initial: Vec<String>,
    /// Attributes that are never written, whatever the schema suggests.
    #[serde(default)]
    pub(super) theirs: Vec<String>,
    /// People whose accounts attributes speak of, as `reference.NAME.name`
    /// and `reference.NAME.id`; the template gives their key.
    #[serde(default)]
    pub(super) references: Entries<String, String>,
    /// Targets with which login names are shared: what somebody has at one of
    /// them, nobody else gets here.
    #[serde(default)]
    pub(super) unique_with: Vec<String>,
    /// How long a name that nobody has any longer is kept from others.
    #[serde(default = "reuse_names_after")]
    pub(super) reuse_names_after: After,
}

fn reuse_names_after() -> After {
    // Mail and shared files go on to arrive for a name long after it is free.
    After::Duration(Duration::hours(365 * 24))
}

/// What disabling an account does at a target, in the words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Effect {
    BlocksLogin,
    EndsSessions,
    RevokesTokens,
    ReleasesLicence,
    Reversible,
}

fn account_name() -> String {
    "{{ given_name | ascii | slug }}.{{ family_name | ascii | slug }}".to_owned()
}

impl Default for Account {
    fn default() -> Self {
        Self {
            object_type: None,
            name: account_name(),
            match_by: Match::default(),
            attributes: Entries::default(),
            initial: Vec::new(),
            theirs: Vec::new(),
            references: Entries::default(),
            unique_with: Vec::new(),
            reuse_names_after: reuse_names_after(),
        }
    }
}
