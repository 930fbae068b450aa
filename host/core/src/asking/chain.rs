//! From a cause back to what a source, a person or a target said.

use std::collections::BTreeSet;

use super::{Asking, Detail};
use crate::{
    explain::fact_line,
    fact::Fact,
    id::{ConnectorName, FactName},
    lifecycle,
    operation::Cause,
    policy::Rule,
    request::Request,
};

/// What a chain of causes ends in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// A record of a source, or the account of a target that gives a fact;
    /// the fact that was asked for, if any.
    Record { source: ConnectorName, key: String, fact: Option<FactName> },
    /// What a person ordered.
    Order { by: String },
    /// What a target answered when it was read.
    Target { target: ConnectorName },
}

impl Asking<'_> {
    /// A cause with what it comes from.
    pub(super) fn chain(&self, target: &ConnectorName, cause: &Cause) -> Detail {
        let behind = match cause {
            Cause::Fact { fact, source, record, .. } => {
                self.fact(fact, source, record).into_iter().map(|it| said(fact, it)).collect()
            }
            Cause::Rule { rule, .. } => {
                self.rule_named(rule.as_str()).map_or_else(Vec::new, |it| {
                    vec![Detail::with(self.condition(&it.when).text(), self.tests(&it.when))]
                })
            }
            Cause::Role { role, .. } => {
                let about = self.person.access.roles.iter().find(|it| it.name == *role);
                about.map(|it| Detail::new(it.about.clone())).into_iter().collect()
            }
            Cause::State { .. } | Cause::Leaver { .. } | Cause::Late { .. } => self.life(),
            Cause::Step { workflow, .. } => self.episode_line(workflow),
            Cause::Request { id, .. } => {
                let request = self.request(id);
                request
                    .map(|it| Detail::new(format!("reason: {}", it.reason)))
                    .into_iter()
                    .collect()
            }
            Cause::Observed { .. } => vec![self.reading(target)],
            Cause::Review { item, .. } => {
                vec![Detail::new(format!("item {item}; `lanyard review decide` answers anew"))]
            }
            Cause::Undo { plan, .. } => {
                vec![Detail::new(format!("a person asked to undo plan {}", plan.short()))]
            }
        };
        Detail::with(format!("because {cause}"), behind)
    }

    /// What the causes of an operation at a target end in.
    pub fn roots(&self, target: &ConnectorName, causes: &[Cause]) -> BTreeSet<Root> {
        causes.iter().flat_map(|cause| self.root(target, cause)).collect()
    }

    fn root(&self, target: &ConnectorName, cause: &Cause) -> Vec<Root> {
        match cause {
            Cause::Fact { fact, source, record, .. } => vec![Root::Record {
                source: source.clone(),
                key: record.clone(),
                fact: Some(fact.clone()),
            }],
            Cause::Observed { .. } => vec![Root::Target { target: target.clone() }],
            Cause::Request { id, .. } => {
                let request = self.request(id);
                request.map(|it| Root::Order { by: it.by.to_string() }).into_iter().collect()
            }
            Cause::Review { review, .. } => {
                vec![Root::Order { by: format!("review {review}") }]
            }
            Cause::Undo { plan, .. } => {
                vec![Root::Order { by: format!("undo {}", plan.short()) }]
            }
            Cause::Step { workflow, .. } => match self.ordered(workflow) {
                Some(by) => vec![Root::Order { by }],
                None => self.life_roots(),
            },
            // Why a rule holds is told by the facts beside it; one without a
            // condition is for whoever has a record.
            Cause::Rule { .. }
            | Cause::Role { .. }
            | Cause::State { .. }
            | Cause::Leaver { .. }
            | Cause::Late { .. } => self.life_roots(),
        }
    }

    fn request(&self, id: &str) -> Option<&Request> {
        let requests = self.world.observed.kept.requests.get(&self.identity.id);
        requests.into_iter().flatten().find(|it| it.id == id)
    }

    fn life_roots(&self) -> Vec<Root> {
        if let Some(ejection) = self.world.observed.kept.ejected(self.identity.id) {
            return vec![Root::Order { by: ejection.by.clone() }];
        }
        let facts = self.deciding().map(|(name, fact)| Root::Record {
            source: fact.record.source.clone(),
            key: fact.record.key.clone(),
            fact: Some(name.clone()),
        });
        let facts: Vec<Root> = facts.collect();
        if !facts.is_empty() {
            return facts;
        }
        let records = self.identity.records.iter();
        records
            .map(|it| Root::Record { source: it.source.clone(), key: it.key.clone(), fact: None })
            .collect()
    }

    /// Facts in effect that decide the state.
    fn deciding(&self) -> impl Iterator<Item = (&FactName, &Fact)> {
        let lifecycle = &self.world.policy.lifecycle;
        let facts = self.facts.iter().map(|(name, fact)| (name, *fact));
        facts.filter(|(name, _)| lifecycle::decides(name.as_str(), lifecycle))
    }

    /// What their state comes from.
    pub(super) fn life(&self) -> Vec<Detail> {
        if let Some(ejection) = self.world.observed.kept.ejected(self.identity.id) {
            let text =
                format!("ordered by {} at {:.0}: {}", ejection.by, ejection.at, ejection.reason);
            return vec![Detail::new(text)];
        }
        let mut lines: Vec<Detail> = self.deciding().map(|(name, fact)| said(name, fact)).collect();
        if let Some(since) = self.identity.absent_since {
            lines.push(Detail::new(format!("no source has had a record of them since {since:.0}")));
        }
        if lines.is_empty() {
            let records = self.identity.records.iter();
            lines.extend(
                records.map(|it| {
                    Detail::new(format!("{} has the record {} of them", it.source, it.key))
                }),
            );
        }
        lines
    }

    /// Who began an episode, when a person did.
    fn ordered(&self, workflow: &crate::id::WorkflowName) -> Option<String> {
        self.world.observed.workflows.latest(self.identity.id, workflow)?.by.clone()
    }

    fn fact(&self, name: &FactName, source: &ConnectorName, key: &str) -> Option<&Fact> {
        let known = self.identity.facts.get(name)?;
        let mut of_record =
            known.iter().filter(|it| it.record.source == *source && it.record.key == key);
        let now = self.facts.get(name).copied();
        now.filter(|it| it.record.source == *source && it.record.key == key)
            .or_else(|| of_record.next())
    }

    pub(super) fn rule_named(&self, name: &str) -> Option<&Rule> {
        self.world.policy.rules.iter().find(|rule| rule.name.as_str() == name)
    }
}

pub(super) fn said(name: &FactName, fact: &Fact) -> Detail {
    Detail::new(fact_line(name, fact))
}
