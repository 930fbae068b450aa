//! A rule, asked of one person: which test fails, and on which fact.

use jiff::Timestamp;

use super::{Answer, Asking, Detail, chain};
use crate::{
    access::Validity,
    condition::{Condition, Test},
    diff::value,
    id::{ConnectorName, FactName, RoleName},
    policy::Rule,
    template::Template,
};

/// What came of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Holds,
    /// The first test that failed, in words.
    Fails(String),
    /// It cannot be evaluated, which holds everything of the person.
    Error(String),
}

impl Outcome {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Holds => "its condition holds".to_owned(),
            Self::Fails(why) => format!("its condition does not hold: {why}"),
            Self::Error(why) => format!("its condition cannot be evaluated: {why}"),
        }
    }
}

/// One way in which something may be given: a rule, and the roles on the way.
#[derive(Debug)]
pub(super) struct Way<'a> {
    pub rule: &'a Rule,
    pub roles: Vec<&'a RoleName>,
}

/// What came of a way for this person.
pub(super) struct Tried {
    pub gives: bool,
    /// Why, or why not, in one clause.
    pub why: String,
    pub detail: Detail,
}

impl<'a> Asking<'a> {
    /// Every way in which rules give what `here` says a list of accounts or
    /// grants gives.
    pub(super) fn ways(&self, here: &dyn Fn(&Given<'_>) -> bool) -> Vec<Way<'a>> {
        let mut ways = Vec::new();
        let policy = self.world.policy;
        for rule in &policy.rules {
            let own = Given { accounts: &rule.accounts, grants: &rule.grants };
            if here(&own) {
                ways.push(Way { rule, roles: Vec::new() });
            }
            for role in &rule.roles {
                self.ways_of_role(rule, role, &mut Vec::new(), here, &mut ways);
            }
        }
        ways
    }

    fn ways_of_role(
        &self,
        rule: &'a Rule,
        name: &'a RoleName,
        before: &mut Vec<&'a RoleName>,
        here: &dyn Fn(&Given<'_>) -> bool,
        ways: &mut Vec<Way<'a>>,
    ) {
        let Some(known) = self.world.policy.access.roles.get(name) else { return };
        if before.contains(&name) {
            return;
        }
        before.push(name);
        if here(&Given { accounts: &known.accounts, grants: &known.grants }) {
            ways.push(Way { rule, roles: before.clone() });
        }
        for included in &known.includes {
            self.ways_of_role(rule, included, before, here, ways);
        }
        before.pop();
    }

    /// Whether a way gives anything to this person.
    pub(super) fn try_way(&self, way: &Way<'_>) -> Tried {
        let Way { rule, roles } = way;
        let rule_says = format!("rule `{}` (line {})", rule.name, rule.line);
        let by = roles.iter().map(|role| format!("role `{role}`"));
        let name = std::iter::once(rule_says).chain(by).collect::<Vec<_>>().join(", ");
        let now = self.world.now;
        let mut reasons = Vec::new();
        reasons.extend((!rule.valid.holds(now)).then(|| outside(rule.valid, now)));
        for role in roles {
            let known = self.world.policy.access.roles.get(*role);
            let over = known.filter(|known| !known.valid.holds(now));
            reasons.extend(over.map(|it| format!("role `{role}` {}", outside(it.valid, now))));
            let word = format!("role `{role}`");
            let mut conflicts = self.person.access.conflicts.iter();
            let refused = conflicts.find(|it| it.prevented && it.new.contains(&word));
            reasons.extend(refused.map(ToString::to_string));
        }
        let outcome = self.condition(&rule.when);
        let tests = self.tests(&rule.when);
        match &outcome {
            Outcome::Holds => {}
            Outcome::Fails(why) => reasons.insert(0, why.clone()),
            Outcome::Error(why) => reasons.insert(0, format!("it cannot be evaluated: {why}")),
        }
        let gives = reasons.is_empty();
        let why = if gives { outcome.text() } else { reasons.join("; ") };
        let word = if gives { "gives it" } else { "does not give it" };
        let detail = Detail::with(format!("{name} {word}: {why}"), tests);
        Tried { gives, why: format!("{name} does not give it: {why}"), detail }
    }

    pub(super) fn condition(&self, when: &Condition) -> Outcome {
        for (fact, test) in &when.all {
            let one = Condition { all: vec![(fact.clone(), test.clone())], expr: None };
            match one.holds(&self.world.policy.expressions, &self.scope) {
                Ok(true) => {}
                Ok(false) => {
                    return Outcome::Fails(format!("{} {}", words(fact, test), self.it_is(fact)));
                }
                Err(error) => return Outcome::Error(error.to_string()),
            }
        }
        let Some(expr) = &when.expr else { return Outcome::Holds };
        match self.world.policy.expressions.holds(expr, &self.scope) {
            Ok(true) => Outcome::Holds,
            Ok(false) => Outcome::Fails(format!("`{}` is false", expr.source())),
            Err(error) => Outcome::Error(error.to_string()),
        }
    }

    /// Every test with what it found.
    pub(super) fn tests(&self, when: &Condition) -> Vec<Detail> {
        if when.all.is_empty() && when.expr.is_none() {
            return vec![Detail::new("it has no condition: it is for everybody who works here")];
        }
        let mut lines = Vec::new();
        for (fact, test) in &when.all {
            let one = Condition { all: vec![(fact.clone(), test.clone())], expr: None };
            let holds = one.holds(&self.world.policy.expressions, &self.scope).unwrap_or_default();
            let word = if holds { "yes" } else { "no" };
            let text = format!("{word}: {}", words(fact, test));
            lines.push(Detail::with(text, vec![self.value_of(fact.as_str())]));
        }
        if let Some(expr) = &when.expr {
            let text = match self.world.policy.expressions.holds(expr, &self.scope) {
                Ok(true) => format!("yes: `{}`", expr.source()),
                Ok(false) => format!("no: `{}`", expr.source()),
                Err(error) => format!("error: {error}"),
            };
            let reads = expr.reads().iter().map(|name| self.value_of(name));
            lines.push(Detail::with(text, reads.collect()));
        }
        lines
    }

    fn it_is(&self, fact: &FactName) -> String {
        match self.facts.get(fact) {
            None => "and there is no such fact".to_owned(),
            Some(fact) => {
                let values: Vec<String> = fact.values.iter().map(value).collect();
                format!("and it is {}", values.join(", "))
            }
        }
    }

    /// A name that a condition or template reads, with what it is.
    pub(super) fn value_of(&self, name: &str) -> Detail {
        if let Some((name, fact)) = self.facts.get_key_value(name) {
            return chain::said(name, fact);
        }
        let known = match name {
            "id" => self.identity.id.to_string(),
            "key" => crate::identity::key(self.identity).to_owned(),
            "state" => self.person.state.state.broad().word().to_owned(),
            _ => return Detail::new(format!("{name}: no source gives it")),
        };
        Detail::new(format!("{name} = {known:?}"))
    }

    /// What a template gives, or why nothing.
    pub(super) fn rendered(&self, template: &Template) -> Result<String, String> {
        let text = self.world.policy.expressions.render(template, &self.scope);
        text.map(|text| text.trim().to_owned()).map_err(|error| error.to_string())
    }

    /// A rule asked of one person: each test with the value it looked at, and
    /// what each template gives.
    pub fn rule(&self, rule: &Rule) -> Answer {
        let Rule { name, line, when, valid, roles, accounts, grants } = rule;
        let outcome = self.condition(when);
        let state = person_state(self.person.state.state);
        let now = self.world.now;
        let gives = outcome == Outcome::Holds && valid.holds(now) && state.is_none();
        let word = if gives { "applies to" } else { "does not apply to" };
        let why = match (state, valid.holds(now)) {
            (Some(state), _) => format!("{state}; {}", outcome.text()),
            (None, false) => outside(*valid, now),
            (None, true) => outcome.text(),
        };
        let mut details = vec![Detail::with("condition", self.tests(when))];
        let mut things: Vec<Detail> =
            accounts.iter().map(|target| Detail::new(format!("an account at {target}"))).collect();
        things.extend(roles.iter().map(|role| Detail::new(format!("role `{role}`"))));
        for (target, templates) in grants {
            things.extend(templates.iter().map(|it| self.template(target, "", it)));
        }
        let heading = if gives { "gives" } else { "would give" };
        details.push(Detail::with(heading, things));
        let sentence = format!("rule `{name}` (line {line}) {word} {}: {why}", self.label());
        Answer { sentence, details }
    }

    /// "crm: `dept-{{ department }}` gives "dept-sales"", with what it reads.
    pub(super) fn template(&self, target: &ConnectorName, what: &str, it: &Template) -> Detail {
        let text = match self.rendered(it) {
            Ok(text) if text.is_empty() => "gives nothing".to_owned(),
            Ok(text) => format!("gives {text:?}"),
            Err(error) => format!("fails: {error}"),
        };
        let reads = it.reads().iter().map(|name| self.value_of(name));
        Detail::with(format!("{target}: {what}`{}` {text}", it.source()), reads.collect())
    }
}

/// What a rule or a role gives.
pub(super) struct Given<'a> {
    pub accounts: &'a std::collections::BTreeSet<ConnectorName>,
    pub grants: &'a std::collections::BTreeMap<ConnectorName, Vec<Template>>,
}

/// Why nobody in this state is given anything.
pub(super) fn person_state(state: crate::lifecycle::LifecycleState) -> Option<String> {
    let asked = crate::desired::person::enabled(state).is_some();
    (!asked).then(|| format!("rules give nothing to who is {}", state.word()))
}

/// Why a time is not in it.
fn outside(valid: Validity, now: Timestamp) -> String {
    match (valid.from.filter(|from| now < *from), valid.until.filter(|until| *until <= now)) {
        (_, Some(until)) => format!("was valid until {until:.0}"),
        (Some(from), None) => format!("is not valid before {from:.0}"),
        (None, None) => "is valid".to_owned(),
    }
}

fn words(fact: &FactName, test: &Test) -> String {
    let list = |values: &[String]| {
        values.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(" or ")
    };
    match test {
        Test::OneOf(values) => format!("`{fact}` has to be {}", list(values)),
        Test::NoneOf(values) => format!("`{fact}` must not be {}", list(values)),
        Test::Present(true) => format!("`{fact}` has to be there"),
        Test::Present(false) => format!("`{fact}` must not be there"),
    }
}
