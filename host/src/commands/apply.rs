//! `lanyard apply` and `lanyard run once`.

mod shown;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use lanyard_core::guard::FindingKind;
use tokio::signal::unix::{SignalKind, signal};

use self::shown::Shown;
pub(super) use self::shown::sentence;
use super::{
    heads,
    output::{Output, counted},
    plan,
    session::{self, Road, Use},
    undo,
};
use crate::{
    errors::{AppError, Exit},
    reconcile::{self, Settling, Summary, Survey},
    store::{Store, StoredPlan},
};

pub(super) async fn apply(
    file: &Path,
    wanted: Option<&str>,
    yes: bool,
    release: &[String],
    output: &mut Output,
) -> Result<Exit, AppError> {
    let released = released(release)?;
    if !released.is_empty() && wanted.is_none() && yes {
        return Err(AppError::new(
            Exit::Usage,
            "what is released must have been looked at: `--release` with `--yes` needs the plan",
        )
        .hint("`lanyard plan` shows what it holds back, and the command that releases it"));
    }
    let road = session::road(file, Use::Changes, output).await?;
    let exit = applied(&road, wanted, (yes, &released), output).await?;
    Ok(heads::tell(&road, exit, output).await)
}

async fn applied(
    road: &Road,
    wanted: Option<&str>,
    (yes, released): (bool, &BTreeSet<FindingKind>),
    output: &mut Output,
) -> Result<Exit, AppError> {
    let wanted = match wanted {
        Some(wanted) => Some(stored(road.context.store.as_ref(), wanted).await?),
        None => None,
    };
    let (mut survey, open) = plan::look(&road.context, Settling::Finishing, output).await?;
    if let Some(undoes) = wanted.as_ref().and_then(|wanted| wanted.plan.undoes.as_ref()) {
        survey = undo::again(&road.context, survey, undoes).await?;
    }
    if let Some(wanted) = &wanted {
        same_world(wanted, &survey)?;
    } else {
        plan::show(&road.context, &survey, output).await?;
    }
    let operations = survey.stored.plan.operations.len();
    let found = |kind: FindingKind| survey.stored.findings.iter().any(|it| it.kind == kind);
    for kind in released.iter().filter(|kind| !found(**kind)) {
        output.error(&format!(
            "nothing is released as `{}`: the plan has no such finding\n",
            kind.word()
        ));
    }
    let accepted = [FindingKind::SourceShrank, FindingKind::TargetShrank, FindingKind::ClockJump];
    let accepted = accepted.into_iter().any(|kind| released.contains(&kind) && found(kind));
    if !survey.stored.plan.has_work() && !accepted {
        return Ok(plan::exit(&survey, open));
    }
    let words: Vec<&str> = released.iter().map(|kind| kind.word()).collect();
    let release =
        if words.is_empty() { String::new() } else { format!("release {} and ", words.join(", ")) };
    let mut count = counted(operations, "operation", "operations");
    let steps = survey.stored.plan.steps.len();
    if steps > 0 {
        count = format!("{count} and {}", counted(steps, "step", "steps"));
    }
    let questions = survey.stored.plan.questions.len();
    if questions > 0 {
        count = format!("{count} and {}", counted(questions, "question", "questions"));
    }
    let erasures = survey.stored.plan.erasures.len();
    if erasures > 0 {
        count = format!("{count} and erase {}", counted(erasures, "person", "people"));
    }
    if !yes && !output.ask(&format!("{release}carry out {count}?"))? {
        return Ok(plan::exit(&survey, open));
    }
    let waits = reconcile::release(&road.context, &survey, released).await?;
    if !waits.is_empty() {
        for sentence in &waits {
            output.line(sentence)?;
        }
        let (plan, words) = (survey.stored.digest.short(), words.join(" --release "));
        output.line(&format!(
            "nothing was done; `lanyard apply {plan} --release {words}` once they have agreed"
        ))?;
        return Ok(Exit::Blocked);
    }
    carry_out(road, (&survey, open), released, output).await
}

pub(super) async fn once(file: &Path, output: &mut Output) -> Result<Exit, AppError> {
    let road = session::road(file, Use::Changes, output).await?;
    let (survey, open) = plan::look(&road.context, Settling::Finishing, output).await?;
    plan::show(&road.context, &survey, output).await?;
    let exit = if survey.stored.plan.has_work() {
        carry_out(&road, (&survey, open), &BTreeSet::new(), output).await?
    } else {
        plan::exit(&survey, open)
    };
    Ok(heads::tell(&road, exit, output).await)
}

fn released(words: &[String]) -> Result<BTreeSet<FindingKind>, AppError> {
    let released = |word: &String| {
        let Some(kind) = FindingKind::ALL.into_iter().find(|kind| kind.word() == word) else {
            return Err(AppError::new(Exit::Usage, format!("there is no finding `{word}`"))
                .hint(format!("findings that can be released: {}", releasable())));
        };
        if kind.releasable() {
            return Ok(kind);
        }
        let text = format!("the finding `{word}` cannot be released");
        Err(AppError::new(Exit::Usage, text).hint(instead(kind)))
    };
    words.iter().map(released).collect()
}

/// What to do about what cannot be released.
fn instead(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::LastOf => {
            "give it to somebody else first, or take it out of `[protect] last-of`"
        }
        FindingKind::Separation | FindingKind::UnverifiableDisable => "it holds nothing back",
        FindingKind::Approval => "those who are asked agree: `lanyard approval list`",
        _ => "it is what the file says; change `protected` or `require` there",
    }
}

fn releasable() -> String {
    let kinds = FindingKind::ALL.into_iter().filter(|kind| kind.releasable());
    kinds.map(FindingKind::word).collect::<Vec<_>>().join(", ")
}

/// A plan from a file, or from the store by its digest.
async fn stored(store: &dyn Store, wanted: &str) -> Result<StoredPlan, AppError> {
    if Path::new(wanted).is_file() {
        let text = std::fs::read_to_string(wanted)?;
        let plan: StoredPlan = serde_json::from_str(&text).map_err(|error| {
            AppError::new(Exit::Usage, error)
                .hint(format!("`{wanted}` is not a plan; `lanyard plan --out FILE` writes one"))
        })?;
        // What was read and agreed to is its text, and what is done goes by
        // the digest: they must be one.
        if plan.plan.digest()? != plan.digest {
            let text =
                format!("`{wanted}` was changed after it was written: its digest is another");
            return Err(AppError::new(Exit::Usage, text)
                .hint("`lanyard plan --out FILE` writes it anew; nothing was done"));
        }
        return Ok(plan);
    }
    store.plan(wanted).await?.ok_or_else(|| {
        AppError::new(Exit::Usage, format!("there is no plan `{wanted}`"))
            .hint("`lanyard plan` makes one and shows its digest")
    })
}

/// What was looked at and agreed to is what is done, or nothing is.
fn same_world(wanted: &StoredPlan, survey: &Survey) -> Result<(), AppError> {
    let now = &survey.stored;
    if wanted.digest == now.digest {
        return Ok(());
    }
    let why = match wanted.erased {
        Some(_) => "somebody was erased, and the world",
        None if wanted.config == now.config => "the world",
        None => "the configuration",
    };
    Err(AppError::new(
        Exit::Changed,
        format!(
            "{why} changed since plan {} was made: it would now be plan {} with {} \
             instead of {}; nothing was done",
            wanted.digest.short(),
            now.digest.short(),
            counted(now.plan.operations.len(), "operation", "operations"),
            wanted.plan.operations.len()
        ),
    )
    .hint(format!(
        "look at the new plan with `lanyard {}`, then `lanyard apply {}`",
        wanted
            .plan
            .undoes
            .as_ref()
            .map_or_else(|| "plan".to_owned(), |undoes| format!("undo {}", undoes.plan.short())),
        now.digest.short()
    )))
}

pub(super) async fn carry_out(
    road: &Road,
    (survey, open): (&Survey, bool),
    released: &BTreeSet<FindingKind>,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let summary = send(road, survey, released).await?;
    let operations = &survey.stored.plan.operations;
    let written = operations.iter().map(|operation| operation.target.clone()).collect();
    let refreshed = if road.context.stop.is_asked() {
        Ok(())
    } else {
        reconcile::refresh(&road.context, &written).await
    };
    output.line(&sentence(&summary))?;
    if let Some(halt) = road.context.store.halted().await? {
        output.line(&format!("everything is halted {halt}; `lanyard resume` lets runs begin"))?;
        return Ok(Exit::Halted);
    }
    refreshed?;
    let left_open = survey.stored.plan.left_open() > 0;
    let blocked = summary.blocked > 0 && !left_open && plan::all_read(survey);
    let exit = if summary.is_clean() && blocked {
        Exit::Blocked
    } else if summary.is_clean() {
        plan::exit(survey, open)
    } else {
        Exit::Failed
    };
    // A released finding no longer holds anything back.
    let mut findings = survey.stored.findings.iter();
    let stands = findings.any(|it| it.holds_back() && !released.contains(&it.kind));
    Ok(if exit == Exit::Blocked && !stands { Exit::Ok } else { exit })
}

/// What was looked at, and no more: what came of it shows when it is read.
pub(super) async fn send(
    road: &Road,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<Summary, AppError> {
    stop_on_signal(road)?;
    let shown = Shown::new(survey);
    let report = |progress| shown.report(progress);
    let summary = reconcile::execute(&road.context, survey, released, &report).await?;
    shown.finish();
    Ok(summary)
}

/// The first Ctrl-C (or SIGTERM) stops between operations; the second ends
/// the process, and the next run looks what became of what was under way.
fn stop_on_signal(road: &Road) -> Result<(), AppError> {
    if road.is_heeding.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let (stop, sandbox) = (road.context.stop.clone(), Arc::clone(&road.sandbox));
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let mut signalled = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        signalled().await;
        tracing::warn!("stopping after the operations that are under way");
        stop.ask();
        sandbox.cancel();
        signalled().await;
        #[expect(clippy::exit, reason = "nothing is waited for, whatever hangs")]
        std::process::exit(Exit::Interrupted as i32);
    });
    Ok(())
}

/// Of an erasure that is not in the files yet.
pub(super) const UNSWEPT: &str = "what was erased is still in the store's files while another process reads them; the next run \
     or erasure clears that";
