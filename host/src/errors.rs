//! Errors as people meet them: what went wrong, why, and what next; and the
//! exit status that scripts go by.

use std::{error::Error, fmt::Write as _, process::ExitCode};

use lanyard_core::{fault::FaultKind, identity::Asker, request::RequestRefused};

use crate::{
    config::{self, ConfigErrors},
    messenger::MessengerError,
    reconcile::{DecisionError, ReconcileError, RequestError, SeveralPeople},
    store::StoreError,
    wasm::LoadError,
};

/// How a command ended.  The numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and nothing is left to say.
    Ok = 0,
    /// The arguments cannot be used (clap's own number).
    Usage = 2,
    /// The operator's file is not valid, or one of its tests failed.
    Config = 64,
    /// The plan has findings that block operations.
    Blocked = 65,
    /// Operations failed, drifted, or their outcome is uncertain; or access
    /// that has to go, or may have to, could not be planned away, as what a
    /// source or target left that left the file.
    Failed = 66,
    /// A connector or a source cannot be used.
    Connector = 67,
    /// The store cannot be used.
    Store = 69,
    /// A defect of Lanyard.
    Bug = 70,
    /// The world is not the one the plan was made for.
    Changed = 75,
    /// A person halted everything.
    Halted = 76,
    /// A second signal ended it at once (128 and the number of Ctrl-C's).
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error on its way to a person.
#[derive(Debug)]
pub struct AppError {
    pub exit: Exit,
    source: Box<dyn Error + Send + Sync>,
    /// Sentences on what to do, each a line of its own.
    hints: Vec<String>,
}

impl AppError {
    pub fn new(exit: Exit, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit, source: source.into(), hints: Vec::new() }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The error with its causes and hints, ending with a line break.
    pub fn render(&self) -> String {
        if let Some(errors) = self.source.downcast_ref::<ConfigErrors>() {
            return errors.render();
        }
        let mut text = format!("error: {}\n", self.source);
        let mut said = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(current) = cause {
            let words = current.to_string();
            // A transparent error repeats its cause.
            if !said.contains(&words) {
                // Writing to a String cannot fail.
                let _infallible = writeln!(text, "  because: {words}");
            }
            said = words;
            cause = current.source();
        }
        for hint in &self.hints {
            let _infallible = writeln!(text, "  hint: {hint}");
        }
        text
    }
}

/// What to do about a call that failed; none where its message says so
/// itself.
pub fn advice(kind: &FaultKind) -> Option<&'static str> {
    Some(match kind {
        FaultKind::InvalidCredentials => {
            "its secret is wrong or expired: mend it where the file says it is read"
        }
        FaultKind::PermissionDenied(_) => {
            "the system knows the secret, but gives it too few rights: ask who administers it"
        }
        FaultKind::RateLimited { .. } => {
            "the system asks for patience, or its `rate` in the file does: try again later"
        }
        FaultKind::Unavailable { .. } | FaultKind::OutcomeUnknown { .. } => {
            "see that the system is up and that the file names it rightly, then try again"
        }
        FaultKind::TimedOut => "if the system is only slow, raise `wall-time` in its `limits`",
        FaultKind::OutOfMemory => {
            "raise `memory` in its `limits`, or ask for less with a smaller `page-size`"
        }
        FaultKind::Trapped | FaultKind::BadAnswer(_) => {
            "this is a defect of the plugin: tell its author; \
             `--log lanyard=debug` shows more of it"
        }
        _ => return None,
    })
}

impl From<ConfigErrors> for AppError {
    fn from(errors: ConfigErrors) -> Self {
        Self::new(Exit::Config, errors)
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooShort { .. } | StoreError::Ambiguous { .. } => {
                Self::new(Exit::Usage, error).hint("`lanyard plan` shows the digest of each plan")
            }
            StoreError::Unreachable { .. } => Self::new(Exit::Store, error)
                .hint("see that the server is up and that `[store] postgres` names it rightly"),
            error => Self::new(Exit::Store, error),
        }
    }
}

impl From<DecisionError> for AppError {
    fn from(error: DecisionError) -> Self {
        match error {
            DecisionError::Store(error) => error.into(),
            DecisionError::NoApproval(_) | DecisionError::Ambiguous(_) => {
                Self::new(Exit::Usage, error)
                    .hint("`lanyard approval list` shows those that are open")
            }
            DecisionError::NoItem(_)
            | DecisionError::SeveralItems(_)
            | DecisionError::Later { .. }
            | DecisionError::Closed { .. } => Self::new(Exit::Usage, error)
                .hint("`lanyard review list` has the reviews, `show NAME` the items of the newest"),
            DecisionError::NoDenial(_) => Self::new(Exit::Usage, error)
                .hint("the finding `approval` of `lanyard plan` names it"),
            DecisionError::NoActor(ref user) => {
                let hint = format!("`[actors]` with `{user} = \"…\"`, the key of their record");
                Self::new(Exit::Usage, error).hint(hint)
            }
            DecisionError::Several(error) => error.into(),
            DecisionError::NoPerson { .. }
            | DecisionError::Left(_)
            | DecisionError::Began
            | DecisionError::Changed
            | DecisionError::Refused(_) => Self::new(Exit::Usage, error),
            DecisionError::NotIn { .. } | DecisionError::NoSuchStep { .. } => {
                Self::new(Exit::Usage, error)
                    .hint("`lanyard workflow status` shows who is in which")
            }
        }
    }
}

impl From<SeveralPeople> for AppError {
    fn from(error: SeveralPeople) -> Self {
        Self::new(Exit::Usage, error).hint("write the id of the one who is meant in `[actors]`")
    }
}

impl From<RequestError> for AppError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Store(error) => error.into(),
            RequestError::Several(error) => error.into(),
            RequestError::Unknown => Self::new(Exit::Usage, error).hint("make a plan first"),
            RequestError::Refused(RequestRefused::Twice(ref id)) => {
                let hint = format!("`lanyard request show {id}`");
                Self::new(Exit::Usage, error).hint(hint)
            }
            RequestError::Refused(_) => Self::new(Exit::Usage, error),
        }
    }
}

impl From<MessengerError> for AppError {
    fn from(error: MessengerError) -> Self {
        Self::new(Exit::Config, error)
    }
}

impl From<LoadError> for AppError {
    fn from(error: LoadError) -> Self {
        Self::new(Exit::Connector, error)
    }
}

impl From<ReconcileError> for AppError {
    fn from(error: ReconcileError) -> Self {
        match error {
            ReconcileError::Store(error) => error.into(),
            ReconcileError::Source { source_name, fault } => {
                let advice = advice(&fault.kind);
                let error = ReconcileError::Source { source_name, fault };
                let error = Self::new(Exit::Connector, error);
                let error = match advice {
                    Some(advice) => error.hint(advice),
                    None => error,
                };
                error.hint("nothing was changed; mend the source and plan again")
            }
            ReconcileError::Fact { unknown, known } => {
                let near = config::nearest(&unknown.fact, known.iter().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                let consequence = match &unknown.asker {
                    Asker::Rule { .. } => "by this rule everybody would lose what it gives",
                    Asker::Grant { .. } | Asker::Role { .. } | Asker::Account { .. } => {
                        "everybody whom it is for would be held"
                    }
                };
                let error = Self::new(Exit::Config, unknown)
                    .hint(format!("nothing was planned: {consequence}"));
                match near {
                    Some(near) => error.hint(near),
                    None => error,
                }
            }
            error @ ReconcileError::Halted(_) => Self::new(Exit::Halted, error)
                .hint("no system is called, not even for an ejection, until `lanyard resume`"),
            error @ ReconcileError::Digest(_) => Self::new(Exit::Bug, error),
        }
    }
}

impl From<std::io::Error> for AppError {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Bug, error)
    }
}

impl From<serde_json::Error> for AppError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(Exit::Bug, error)
    }
}
