//! How fast systems let themselves be called, and a person who halts
//! everything.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use lanyard::{
    config::ConnectorConfig,
    connector::{Attached, Clock, Gate},
    reconcile::{Context, Stop},
    store::AuditEntry,
};
use lanyard_core::{
    fault::{Fault, FaultKind},
    id::Digest,
    schedule::Halt,
};

use crate::{stage::Stage, system::System};

/// The clock of a scenario, which goes on while somebody waits.
pub(crate) fn clock(clock: &Arc<Mutex<Timestamp>>) -> Clock {
    let clock = Arc::clone(clock);
    Arc::new(move || *clock.lock().unwrap_or_else(PoisonError::into_inner))
}

/// With the file's word on how it is called.
pub(crate) fn attached(
    system: Arc<System>,
    written: Option<&ConnectorConfig>,
    clock: &Arc<Mutex<Timestamp>>,
) -> Attached {
    let pacing = written.map(|it| it.pacing.clone()).unwrap_or_default();
    Attached {
        connector: system,
        plugin: Digest::of("plugin"),
        permission: Digest::of("permission"),
        page_size: 1000,
        parallel: written.map_or(4, |it| it.limits.parallel),
        gate: Gate::new(pacing, self::clock(clock)),
    }
}

impl Stage {
    /// That of one process.  Nobody waits in a scenario: its clock goes on
    /// instead.
    pub(crate) fn stop(&self) -> Stop {
        let clock = Arc::clone(&self.clock);
        let passing = move |wait: Duration| {
            let mut clock = clock.lock().unwrap_or_else(PoisonError::into_inner);
            let wait = SignedDuration::try_from(wait).unwrap_or_default();
            *clock = clock.checked_add(wait).unwrap_or(*clock);
        };
        // Once, and not whenever it is time again: who comes first must not
        // depend on how fast the machine is.
        Stop::looking(Arc::clone(&self.store), Duration::MAX).impatient(Arc::new(passing))
    }

    /// `halt a wrong file was put there`
    pub(crate) fn halt(&self, reason: &[&str]) -> Result<(), String> {
        let at = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let context = &self.firm()?.context;
        let reason = Some(reason.join(" ")).filter(|reason| !reason.is_empty());
        let halt = Halt { at, by: context.actor.clone(), reason };
        let entry = entry(context, "halt", at);
        let halted = self.runtime.block_on(self.store.halt(&halt, &entry));
        halted.map(|_first| ()).map_err(|error| error.to_string())
    }

    /// Other processes begin from then on.
    pub(crate) fn resume(&mut self) -> Result<(), String> {
        let now = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let context = &self.firm()?.context;
        let entry = entry(context, "resume", now);
        let resumed = self.runtime.block_on(self.store.resume(now, &entry));
        resumed.map_err(|error| error.to_string())?;
        let stop = self.stop();
        if let Some(firm) = &mut self.firm {
            firm.context.stop = stop;
        }
        Ok(())
    }
}

/// What a system does with being called.
#[derive(Default)]
pub(crate) struct Temper {
    /// Writes it takes, and how long it asks to be left alone then.
    takes: Option<(u32, SignedDuration)>,
    /// It answers no write.
    silent: bool,
    /// How often it was written to, by how it answered.
    writes: BTreeMap<&'static str, u32>,
}

impl Temper {
    /// `crm takes 2 writes and then none for 1h`, `answers no write`,
    /// `answers writes`.
    pub(crate) fn becomes(&mut self, words: &[&str]) -> Result<bool, String> {
        match words {
            ["takes", writes, "writes", "and", "then", "none", "for", wait] => {
                let writes = writes.parse().map_err(|_| format!("`{writes}` is no number"))?;
                let wait = wait.parse().map_err(|_| format!("`{wait}` is no time"))?;
                self.takes = Some((writes, wait));
            }
            ["answers", "no", "write"] => self.silent = true,
            ["answers", "writes"] => (self.silent, self.takes) = (false, None),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// # Errors
    /// Why it does not take this write.
    pub(crate) fn written(&mut self) -> Result<(), Fault> {
        let (how, answer) = if self.silent {
            let fault = FaultKind::Unavailable { retry_after_ms: None };
            ("not answered", Err(Fault::new(fault, "it does not answer")))
        } else {
            match &mut self.takes {
                Some((0, wait)) => {
                    let ms = u64::try_from(wait.as_millis()).ok();
                    let fault = FaultKind::RateLimited { retry_after_ms: ms };
                    ("refused", Err(Fault::new(fault, "too many")))
                }
                Some((left, _)) => {
                    *left -= 1;
                    ("taken", Ok(()))
                }
                None => ("taken", Ok(())),
            }
        };
        *self.writes.entry(how).or_default() += 1;
        answer
    }

    /// Since somebody last asked.
    pub(crate) fn taken(&mut self) -> String {
        let writes = std::mem::take(&mut self.writes);
        let lines: Vec<String> = writes.iter().map(|(how, it)| format!("{it} {how}\n")).collect();
        if lines.is_empty() { "none\n".to_owned() } else { lines.concat() }
    }
}

fn entry(context: &Context, action: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        actor: context.actor.clone(),
        action: action.to_owned(),
        identity: None,
        target: None,
        account: None,
        result: "ordered".to_owned(),
        verification: None,
        detail: BTreeMap::new(),
    }
}
