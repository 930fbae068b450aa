//! Waiting until a connector may be called, and asking it with patience.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    fault::{Fault, FaultKind},
    id::{ConnectorName, OperationId},
    plan::Plan,
    schedule::{Came, Class, Rate, Why},
};

use super::{Context, stop::Stop};
use crate::connector::{Attached, Later, Pass};

/// How often something is read before that fails.
const ATTEMPTS: u32 = 4;

/// The longest a read waits because a system asked it to.
const MAX_WAIT: Duration = Duration::from_mins(2);

/// The shortest time to wait: a clock that lags must not keep anybody busy.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// Waits for the next call that may be made: a write of a class, or a read.
///
/// # Errors
/// When it may not be made for too long, or a stop comes first.
pub(super) async fn turn(
    target: &Attached,
    stop: &Stop,
    class: Option<Class>,
) -> Result<Pass, Fault> {
    loop {
        not_halted(stop).await?;
        let later = match target.gate.enter(class) {
            Ok(pass) => return Ok(pass),
            Err(later) => later,
        };
        let wait = later.wait.try_into().unwrap_or(Duration::ZERO).max(LEAST_WAIT);
        if wait > MAX_WAIT || later.shut.why == Why::Dead {
            return Err(shut(&later));
        }
        if stop.wait(wait).await {
            return Err(shut(&later));
        }
    }
}

/// How seldom calls are let in at a rate by which nothing is ever read whole:
/// a reading is two calls at least, and waits for none of them that long.
pub fn too_seldom(rate: Rate) -> Option<SignedDuration> {
    let every = rate.every()?;
    (every.unsigned_abs() > MAX_WAIT).then_some(every)
}

/// # Errors
/// Nothing is called any more.
pub(super) async fn not_halted(stop: &Stop) -> Result<(), Fault> {
    if stop.is_halted().await {
        return Err(Fault::new(FaultKind::Cancelled, "everything is halted (`lanyard halt`)"));
    }
    Ok(())
}

fn shut(later: &Later) -> Fault {
    let retry_after_ms = u64::try_from(later.wait.as_millis()).ok();
    let kind = match later.shut.why {
        Why::Dead => FaultKind::Unavailable { retry_after_ms: None },
        Why::Rate | Why::Asked | Why::Probed | Why::NoWrites => {
            FaultKind::RateLimited { retry_after_ms }
        }
    };
    Fault::new(kind, later.shut.because("it"))
}

/// Asks again while the system says "not now", within reason; a stop ends the
/// waiting.
pub(super) async fn patiently<T, F>(
    target: &Attached,
    stop: &Stop,
    ask: impl FnMut() -> F,
) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    patiently_from(target, stop, None, ask).await
}

/// The same, where the first call may be made already.
pub(super) async fn patiently_from<T, F>(
    target: &Attached,
    stop: &Stop,
    mut first: Option<Pass>,
    mut ask: impl FnMut() -> F,
) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let mut attempt = 1;
    loop {
        let pass = match first.take() {
            Some(pass) => pass,
            None => turn(target, stop, None).await?,
        };
        let answer = ask().await;
        pass.ended(Came::of(&answer));
        let fault = match answer {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        let wait = match &fault.kind {
            FaultKind::RateLimited { retry_after_ms }
            | FaultKind::Unavailable { retry_after_ms }
            | FaultKind::OutcomeUnknown { retry_after_ms } => {
                retry_after_ms.map_or(Duration::from_millis(250 << attempt), Duration::from_millis)
            }
            _ => return Err(fault),
        };
        if attempt >= ATTEMPTS || wait > MAX_WAIT || stop.wait(wait).await {
            return Err(fault);
        }
        attempt += 1;
    }
}

/// Operations of a plan that are not written now, by the file, and until when.
pub(super) fn waits(context: &Context, plan: &Plan) -> BTreeMap<OperationId, String> {
    let now = context.now();
    let waits = plan.operations.iter().filter_map(|operation| {
        let target = context.connectors.targets.get(&operation.target)?;
        let until = target.gate.no_writes(Class::of(operation), now)?;
        Some((operation.id, format!("nothing is written there until {until:.0} (`no-writes`)")))
    });
    waits.collect()
}

/// Operations of a plan that are not written now, by the file; a sentence for
/// each target.
pub fn not_written_now(context: &Context, plan: &Plan) -> Vec<String> {
    let now = context.now();
    let mut waiting: BTreeMap<&ConnectorName, (usize, Timestamp)> = BTreeMap::new();
    for operation in &plan.operations {
        let target = context.connectors.targets.get(&operation.target);
        let until = target.and_then(|it| it.gate.no_writes(Class::of(operation), now));
        if let Some(until) = until {
            let (count, latest) = waiting.entry(&operation.target).or_insert((0, until));
            *count += 1;
            *latest = until.max(*latest);
        }
    }
    let sentences = waiting.into_iter().map(|(target, (count, until))| {
        let (what, wait) = if count == 1 { ("operation", "waits") } else { ("operations", "wait") };
        format!(
            "nothing is written at `{target}` until {until:.0} (`no-writes`): {count} {what} {wait}"
        )
    });
    sentences.collect()
}
