//! A target that does what real ones do, on time or not, and remembers every
//! effect.  What it holds is the truth.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lanyard::connector::{
    Abilities, AssignmentScope, Connector, Lookup, Outcome, Page, PageRequest, Write, WriteContext,
};
use lanyard_core::{
    account::{Account, AccountState, Assignment, Coverage, CoverageKind, Entitlement},
    fault::{Fault, FaultKind},
    schema::{CheckDepth, CheckReport, CreateSafety, Schema},
    value::ObjectRef,
};

use crate::{
    air::{Air, locked},
    held::{Held, Holds, described, user},
    record::{Effect, Inner},
    schedule::{Fault as Mishap, Kind},
    schema::schema,
    wrong::Wrong,
};

pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) air: Arc<Air>,
    wrong: Option<Wrong>,
    pub(crate) inner: Mutex<Inner>,
}

pub(crate) fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, "as drawn")
}

pub(crate) fn away() -> Fault {
    fault(FaultKind::Unavailable { retry_after_ms: None })
}

pub(crate) fn lost() -> Fault {
    fault(FaultKind::OutcomeUnknown { retry_after_ms: None })
}

impl Target {
    pub(crate) fn new(kind: &Kind, seed: u64, air: &Arc<Air>, wrong: Option<Wrong>) -> Arc<Self> {
        let air = Arc::clone(air);
        Arc::new(Self { kind: kind.clone(), air, wrong, inner: Mutex::new(Inner::new(kind, seed)) })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.kind.name
    }

    /// Every account that is there.
    pub(crate) fn accounts(&self) -> Vec<Held> {
        locked(&self.inner).holds.accounts.values().cloned().collect()
    }

    pub(crate) fn groups(&self, uid: &str) -> BTreeSet<String> {
        locked(&self.inner).holds.groups(uid)
    }

    pub(crate) fn effects(&self) -> Vec<Effect> {
        locked(&self.inner).effects.clone()
    }

    pub(crate) fn writes(&self) -> u32 {
        locked(&self.inner).writes
    }

    /// Who was there from the beginning to the end of the last listing that
    /// was complete by its own word, once.
    pub(crate) fn proven(&self) -> Option<BTreeSet<String>> {
        locked(&self.inner).proven.take()
    }

    /// Somebody does something there themselves.
    pub(crate) fn by_hand(&self, what: impl FnOnce(&mut Holds)) {
        what(&mut locked(&self.inner).holds);
    }

    /// Others get their chance, and time passes.
    async fn takes_its_time(&self) {
        self.air.goes_on().await;
        let (turns, micros) = {
            let rng = &mut locked(&self.inner).rng;
            (rng.below(4), i64::from(rng.between(1, 80)) * 1_000)
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
            self.air.goes_on().await;
        }
        self.air.passes(micros);
        self.comes_late();
    }

    /// Whether it takes a call now.
    async fn takes(&self) -> Result<(), Fault> {
        self.takes_its_time().await;
        if self.air.is_dead(self.name()) {
            return Err(away());
        }
        let Some(rate) = self.kind.rate else { return Ok(()) };
        let now = self.air.now();
        let mut inner = locked(&self.inner);
        let minute = SignedDuration::from_mins(1);
        let taken = inner.calls.iter().rev().take_while(|(at, _)| *at > now - minute);
        let taken: Vec<Timestamp> =
            taken.filter(|(_, refused)| !refused).map(|(at, _)| *at).collect();
        let refused = taken.len() >= usize::try_from(rate).unwrap();
        inner.calls.push((now, refused));
        if !refused {
            return Ok(());
        }
        let wait = taken.last().map_or(minute, |first| minute - now.duration_since(*first));
        let retry_after_ms = u64::try_from(wait.as_millis()).ok();
        Err(fault(FaultKind::RateLimited { retry_after_ms }))
    }

    /// What was called so far counts no more.
    pub(crate) fn forgets_calls(&self) {
        locked(&self.inner).calls.clear();
    }

    /// Every call, and whether it was refused as too many.
    pub(crate) fn calls(&self) -> Vec<(Timestamp, bool)> {
        locked(&self.inner).calls.clone()
    }

    /// What goes wrong with a read; the last part is whether it stops early.
    async fn read(&self, verb: &'static str) -> Result<bool, Fault> {
        let read = self.reads(verb).await;
        if read.is_err() {
            // No listing that goes on with this is complete.
            locked(&self.inner).proven = None;
        }
        read
    }

    async fn reads(&self, verb: &'static str) -> Result<bool, Fault> {
        self.takes().await?;
        match self.air.call(self.name(), verb) {
            None => Ok(false),
            Some(Mishap::CutShort) if verb != "get" && verb != "find" => Ok(true),
            Some(Mishap::StaleCursor) if verb == "list" => Err(fault(FaultKind::StaleCursor)),
            Some(Mishap::Throttled) => {
                Err(fault(FaultKind::RateLimited { retry_after_ms: Some(1_500) }))
            }
            Some(Mishap::Slow) => {
                self.air.passes(30_000_000);
                Err(fault(FaultKind::TimedOut))
            }
            Some(_) => Err(away()),
        }
    }

    fn coverage(cut: bool) -> Coverage {
        let mut coverage = Coverage::exhaustive();
        if cut {
            coverage.kind = CoverageKind::Truncated;
        }
        coverage
    }
}

pub(crate) fn blank(uid: &str) -> Account {
    Account {
        reference: user(uid),
        revision: None,
        name: uid.to_owned(),
        anchor: None,
        state: AccountState::Active,
        state_until: None,
        last_used: None,
        attributes: Vec::new(),
    }
}

#[async_trait]
impl Connector for Target {
    fn abilities(&self) -> Abilities {
        Abilities {
            directory: true,
            provisioning: true,
            entitlements: true,
            ..Abilities::default()
        }
    }

    async fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Fault> {
        Ok(CheckReport { findings: Vec::new(), system_version: None })
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        self.takes().await?;
        Ok(schema(&self.kind))
    }

    async fn list(&self, _object_type: &str, page: PageRequest) -> Result<Page<Account>, Fault> {
        let cut = self.read("list").await?;
        let mut inner = locked(&self.inner);
        let shown = inner.shown(self.air.now());
        if page.cursor.is_none() {
            inner.throughout = shown.keys().cloned().collect();
        }
        inner.throughout.retain(|uid| shown.contains_key(uid));
        let after = page.cursor.unwrap_or_default();
        let mut rest = shown.into_iter().filter(|(uid, _)| *uid > after);
        let count = usize::try_from(page.limit.min(self.kind.page)).unwrap();
        let items: Vec<Account> = rest.by_ref().take(count).map(|(_, account)| account).collect();
        let more = rest.next().is_some() && !cut;
        let next = items.last().filter(|_| more).map(|last| last.reference.uid.clone());
        if next.is_none() {
            inner.proven = (!cut).then(|| inner.throughout.clone());
        }
        Ok(Page { items, next, coverage: Self::coverage(cut), total_hint: None })
    }

    async fn get(&self, account: &ObjectRef) -> Result<Account, Fault> {
        self.read("get").await?;
        let now = self.air.now();
        let mut inner = locked(&self.inner);
        let run = self.air.run.load(std::sync::atomic::Ordering::SeqCst);
        inner.looked.insert(account.uid.clone(), (run, now));
        let found = inner.shown(now).remove(&account.uid);
        if self.wrong == Some(Wrong::ClosedOnSuccess)
            && let Some(said) = inner.said.get(&account.uid)
        {
            let shown = said.zip(found).map(|(state, found)| Account { state, ..found });
            return shown.ok_or_else(|| fault(FaultKind::NotFound));
        }
        found.ok_or_else(|| fault(FaultKind::NotFound))
    }

    async fn find(&self, _object_type: &str, by: &Lookup) -> Result<Vec<Account>, Fault> {
        self.read("find").await?;
        let inner = locked(&self.inner);
        let shown = inner.shown(self.air.now());
        if let Lookup::IdempotencyKey(key) = by {
            if self.kind.safety != CreateSafety::NativeKey {
                return Err(fault(FaultKind::Unsupported("key".to_owned())));
            }
            let uid = inner.holds.keys.get(key);
            return Ok(uid.and_then(|uid| shown.get(uid)).cloned().into_iter().collect());
        }
        if self.wrong == Some(Wrong::CreateWithoutFind) {
            return Ok(Vec::new());
        }
        let fits = |account: &Account| match by {
            Lookup::Anchor(anchor) => account.anchor.as_ref() == Some(anchor),
            Lookup::Name(name) => account.name.eq_ignore_ascii_case(name),
            Lookup::Attribute { .. } | Lookup::IdempotencyKey(_) => false,
        };
        Ok(shown.into_values().filter(fits).collect())
    }

    async fn list_entitlements(
        &self,
        _object_type: &str,
        _page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        self.takes().await?;
        let items = ["other", "sales", "staff"].map(|name| Entitlement {
            reference: crate::held::group(name),
            name: name.to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        });
        let coverage = Coverage::exhaustive();
        Ok(Page { items: items.into(), next: None, coverage, total_hint: None })
    }

    async fn list_assignments(
        &self,
        scope: &AssignmentScope,
        _page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        let cut = self.read("assignments").await?;
        let inner = locked(&self.inner);
        let fits = |holder: &str| match scope {
            AssignmentScope::OfAccount(account) => account.uid == holder,
            AssignmentScope::OfEntitlement(_) | AssignmentScope::Everything => true,
        };
        let held = inner.holds.grants.keys().filter(|(holder, _)| fits(holder));
        let items = held.map(|(holder, group)| Assignment {
            holder: user(holder),
            entitlement: crate::held::group(group),
            relation: String::new(),
            direct: true,
        });
        let mut items: Vec<Assignment> = items.collect();
        if cut {
            items.truncate(items.len() / 2);
        }
        Ok(Page { items, next: None, coverage: Self::coverage(cut), total_hint: None })
    }

    async fn write(&self, context: WriteContext, write: &Write) -> Result<Outcome, Fault> {
        self.takes().await?;
        let (verb, uid, _) = described(write);
        self.air.say(|| format!("  {} {verb} {uid} attempt {}", self.name(), context.attempt));
        locked(&self.inner).judge(&self.air, self.name(), write);
        // What makes a second account of it would be the target's own doing.
        let may_twin = [CreateSafety::SearchFirst, CreateSafety::None].contains(&self.kind.safety);
        let makes_twins = verb == "create" && may_twin;
        let drawn = self.air.call(self.name(), verb);
        let drawn = drawn.filter(|it| !makes_twins || *it != Mishap::Twice);
        let answered = self.carried(&context.idempotency_key, write, drawn);
        if answered.as_ref().is_ok_and(|it| it.account.is_some()) {
            self.says(write);
        }
        // What was done is done; whoever asked may be gone by now.
        self.takes_its_time().await;
        answered
    }
}
