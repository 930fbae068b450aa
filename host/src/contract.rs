//! The laws of the contract, tried on a component in its sandbox: every
//! system it meets is a script, and the network is never touched.
//!
//! A script cannot speak a connector's protocol, so these are the laws that
//! hold whatever the protocol is: how failures are told, what is never
//! claimed, what never leaves the sandbox.

mod bench;
mod calls;
mod laws;
mod sample;
mod situation;
mod system;

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

use crate::wasm::{LoadError, Sandbox};
use bench::Bench;

/// What is tried, and with what.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The component.
    pub file: PathBuf,
    /// None: one is made up from what the connector's schema requires.
    pub config: Option<serde_json::Value>,
    /// Directories with real content, by the names of the manifest.
    pub directories: BTreeMap<String, PathBuf>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// As the manifest says.
    pub id: String,
    pub version: String,
    /// The configuration that was tried.
    pub config: serde_json::Value,
    pub laws: Vec<Law>,
}

/// One law and whether it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Law {
    /// Stable, for scripts: `refused/reads`.
    pub name: String,
    pub sentence: String,
    #[serde(flatten)]
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    Passed,
    /// What happened instead, one text for each time.
    Failed {
        problems: Vec<String>,
    },
    NotApplicable {
        why: String,
    },
}

impl Law {
    pub fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed { .. })
    }

    /// Held by calls of which at least one could be judged.
    fn judged(
        name: impl Into<String>,
        sentence: impl Into<String>,
        judged: usize,
        problems: Vec<String>,
    ) -> Self {
        let verdict = if !problems.is_empty() {
            Verdict::Failed { problems }
        } else if judged == 0 {
            Verdict::NotApplicable { why: "nothing it can do comes this far".to_owned() }
        } else {
            Verdict::Passed
        };
        Self { name: name.into(), sentence: sentence.into(), verdict }
    }

    fn not_applicable(name: &str, sentence: &str, why: &str) -> Self {
        let verdict = Verdict::NotApplicable { why: why.to_owned() };
        Self { name: name.to_owned(), sentence: sentence.to_owned(), verdict }
    }
}

/// Why no law could be tried.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("a place for the test cannot be made")]
    Scratch(#[source] std::io::Error),
    #[error("the system gives no randomness: {0}")]
    Randomness(getrandom::Error),
    #[error("the connector does not take the configuration {config}: {why}")]
    Config { config: String, why: String },
    #[error("the connector asks for no directory `{0}`")]
    Directory(String),
}

/// Tries every law.
///
/// # Errors
/// When the component cannot be loaded, or takes no configuration.
pub async fn test(sandbox: &Sandbox, subject: &Subject) -> Result<Report, ContractError> {
    let bench = Bench::set_up(sandbox, subject).await?;
    let mut laws = laws::all(&bench).await;
    for law in &mut laws {
        if let Verdict::Failed { problems } = &mut law.verdict {
            for problem in problems {
                *problem = bench.script.hide(problem);
            }
        }
    }
    let manifest = bench.manifest();
    Ok(Report {
        id: manifest.id.clone(),
        version: manifest.version.clone(),
        config: bench.config().clone(),
        laws,
    })
}
