//! How failures are told: by kind, and without claiming anything.

use lanyard_core::fault::{Applied, Fault, FaultKind};

use crate::{
    connector::Write,
    contract::{
        Law,
        bench::Bench,
        calls::{Call, Called, Claim},
        situation::{Expect, Scene, Situation},
        system::gist,
    },
};

/// What the system asked to wait in `Expect::Limited`.
const WAIT_MS: u64 = 7_000;

/// One law for reading and one for writing on one bad day.
pub(super) async fn laws(bench: &Bench, situation: &Situation) -> Vec<Law> {
    let Situation { name, when, reads, writes, .. } = *situation;
    let abilities = bench.abilities();
    let called = bench.on(situation, bench.types.reads(abilities)).await;
    let mut laws = vec![judge(
        format!("{name}/reads"),
        format!("reading {} when {when}", reads.words()),
        &called,
        |called| read(situation, called),
    )];
    let calls = bench.types.writes(abilities);
    if !calls.is_empty() {
        let called = bench.on(situation, calls).await;
        laws.push(judge(
            format!("{name}/writes"),
            format!("writing {} when {when}", writes.words()),
            &called,
            |called| write(situation, called),
        ));
    }
    laws
}

pub(super) fn nothing_outside() -> Law {
    let why = "it asks for no request, stream or directory";
    Law::not_applicable("failures", "failures of the system are told by their kind", why)
}

/// What one call proves.
enum Judgement {
    Holds,
    /// The connector does not do this, or the made-up request stopped it.
    Nothing,
    Broken(String),
}

fn judge(
    name: String,
    sentence: String,
    called: &[Called],
    judgement: impl Fn(&Called) -> Judgement,
) -> Law {
    let mut judged = 0;
    let mut problems = Vec::new();
    for one in called {
        match judgement(one) {
            Judgement::Holds => judged += 1,
            Judgement::Nothing => {}
            Judgement::Broken(what) => problems.push(format!("{}: {what}", one.call.word())),
        }
    }
    Law::judged(name, sentence, judged, problems)
}

fn read(situation: &Situation, called: &Called) -> Judgement {
    let fault = match &called.answer {
        Err(fault) => fault,
        Ok(claim) => return read_claim(situation, called, claim),
    };
    if let Some(judgement) = sandbox(situation, fault) {
        return judgement;
    }
    if matches!(called.call, Call::Discover) {
        return Judgement::Holds;
    }
    wanted(fault, is_wanted(situation.reads, &fault.kind), "")
}

fn read_claim(situation: &Situation, called: &Called, claim: &Claim) -> Judgement {
    let absent = situation.reads == Expect::Absent;
    let files = matches!(situation.scene, Scene::Files(_));
    let broken = |what: &str| Judgement::Broken(what.to_owned());
    match claim {
        Claim::Usable if files || (called.sent.anything() && !absent) => {
            broken("it called the system usable")
        }
        Claim::Usable => Judgement::Nothing,
        Claim::Absent if absent && matches!(called.call, Call::Find { .. }) => Judgement::Holds,
        Claim::Absent => broken("it answered that nothing is there, for certain"),
        Claim::Something if matches!(called.call, Call::Get(_)) => broken("it found something"),
        Claim::Schema(_) | Claim::Trouble | Claim::Something | Claim::Written(_) => {
            Judgement::Holds
        }
    }
}

fn write(situation: &Situation, called: &Called) -> Judgement {
    let expect = situation.writes;
    let fault = match &called.answer {
        Err(fault) => fault,
        Ok(Claim::Written(status)) if may_succeed(expect, &called.call, status) => {
            return Judgement::Holds;
        }
        Ok(Claim::Written(status)) => return Judgement::Broken(format!("it said `{status}`")),
        Ok(_) => return Judgement::Broken("it said that all is well".to_owned()),
    };
    if let Some(judgement) = sandbox(situation, fault) {
        return judgement;
    }
    let maybe = fault.applied() == Applied::Maybe;
    // What reached the system and was not answered may have been applied.
    let open = expect == Expect::Open || expect == Expect::Hollow;
    if open && called.sent.writes > 0 {
        return wanted(fault, maybe, "a write was sent, and ");
    }
    match &fault.kind {
        FaultKind::InvalidValue(_) if called.sent.writes == 0 => Judgement::Nothing,
        kind => wanted(fault, is_wanted(expect, kind), ""),
    }
}

/// A success that the answer of the system does bear.
fn may_succeed(expect: Expect, call: &Call, status: &str) -> bool {
    let Call::Write { write, .. } = call else { return false };
    let removes = matches!(write, Write::Delete(_) | Write::Revoke { .. });
    match expect {
        Expect::Absent => removes && status == "unchanged",
        Expect::Hollow => !matches!(write, Write::Create { .. }),
        _ => false,
    }
}

/// What no connector should be seen with, whatever happens.
fn sandbox(situation: &Situation, fault: &Fault) -> Option<Judgement> {
    match fault.kind {
        FaultKind::TimedOut if situation.hangs() => Some(Judgement::Holds),
        FaultKind::Trapped
        | FaultKind::TimedOut
        | FaultKind::OutOfMemory
        | FaultKind::BadAnswer(_)
        | FaultKind::Denied(_) => Some(Judgement::Broken(told(fault))),
        FaultKind::Unsupported(_) => Some(Judgement::Nothing),
        _ => None,
    }
}

fn wanted(fault: &Fault, holds: bool, because: &str) -> Judgement {
    if holds { Judgement::Holds } else { Judgement::Broken(format!("{because}{}", told(fault))) }
}

/// The kind and the connector's own words, on one line.
pub(super) fn told(fault: &Fault) -> String {
    let message = gist(&fault.message);
    let wait = match fault.kind {
        FaultKind::RateLimited { retry_after_ms: Some(ms) } => format!(" after {ms} ms"),
        _ => String::new(),
    };
    format!("it answered `{}`{wait} (\"{}\")", fault.kind.word(), message.escape_debug())
}

fn is_wanted(expect: Expect, kind: &FaultKind) -> bool {
    match expect {
        Expect::Unavailable => matches!(kind, FaultKind::Unavailable { .. }),
        Expect::Credentials => matches!(kind, FaultKind::InvalidCredentials),
        Expect::Rights => {
            matches!(kind, FaultKind::PermissionDenied(_) | FaultKind::InvalidCredentials)
        }
        Expect::Limited => {
            matches!(kind, FaultKind::RateLimited { retry_after_ms: Some(WAIT_MS) })
        }
        Expect::UnavailableOrOpen => {
            matches!(kind, FaultKind::Unavailable { .. }) || kind.applied() == Applied::Maybe
        }
        // "Not found" would be believed.
        Expect::Error | Expect::Open | Expect::Hollow => !matches!(kind, FaultKind::NotFound),
        Expect::Absent => true,
    }
}
