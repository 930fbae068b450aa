//! Whether this directory can be used, and what it can promise.

use std::io::{Read, Write};

use lanyard_sdk::types::{CheckDepth, CheckFinding, CheckReport, CoverageKind, Error, Schema};

use crate::{
    config::{Config, Disable},
    listing::{Gaps, Tree},
    lock::Proof,
    schema::{self, Promises},
    session::{Session, names},
};

impl<S: Read + Write> Session<'_, S> {
    /// The schema of this directory, with what was shown to be true of it.
    pub(crate) fn discover(&mut self) -> Result<Schema, Error> {
        let blocks_login = self.proof(None)? == Proof::Blocks;
        let (sets_passwords, must_change) = self.password_promises()?;
        let promises = Promises { blocks_login, sets_passwords, must_change };
        Ok(schema::schema(self.config, promises))
    }

    /// Looks whether everything the capabilities need is there.
    pub(crate) fn check(&mut self, depth: CheckDepth) -> Result<CheckReport, Error> {
        let root = self.entry("", names(&["vendorName", "vendorVersion"]))?;
        let mut findings = vec![good("stream", "connected and signed in; the server answers")];
        if depth == CheckDepth::Authorize {
            let config = self.config;
            let people = Tree { base: &config.base, filter: config.people_filter.0.clone() };
            findings.push(self.readable(&people, "people"));
            if config.groups_base.is_some() {
                let groups = self.groups()?;
                findings.push(self.readable(&groups, "groups"));
            }
            findings.push(self.disable_finding(config)?);
        }
        let system_version = root.and_then(|root| {
            let vendor = root.text("vendorName")?;
            Some(
                [vendor, root.text("vendorVersion").unwrap_or_default()]
                    .join(" ")
                    .trim()
                    .to_owned(),
            )
        });
        Ok(CheckReport { findings, system_version, extra: Vec::new() })
    }

    /// Reads all keys, because a limit of the server shows only then.
    fn readable(&mut self, tree: &Tree<'_>, what: &str) -> CheckFinding {
        let mut gaps = Gaps::default();
        let keys = match self.keys(tree, &mut gaps) {
            Ok(keys) => keys,
            Err(error) => return bad(what, error.message, None),
        };
        let coverage = gaps.coverage();
        if coverage.kind == CoverageKind::Exhaustive {
            return good(what, &format!("{} read under `{}`", keys.len(), tree.base));
        }
        let why: Vec<String> = coverage.skipped.into_iter().map(|skipped| skipped.why).collect();
        let detail = format!("only {} were shown under `{}`", keys.len(), tree.base);
        bad(what, detail, Some(why.join("; ")))
    }

    fn disable_finding(&mut self, config: &Config) -> Result<CheckFinding, Error> {
        if let Disable::Attribute(flag) = &config.disable {
            let detail = format!(
                "`{}` is taken to keep people out because the configuration says so",
                flag.name
            );
            return Ok(good("disable", &detail));
        }
        Ok(match self.proof(None)? {
            Proof::Blocks => good("disable", "the password policy keeps locked accounts out"),
            Proof::Ineffective { why, remedy } => bad("disable", why, Some(remedy)),
        })
    }
}

fn good(subject: &str, detail: &str) -> CheckFinding {
    CheckFinding { ok: true, subject: subject.to_owned(), detail: detail.to_owned(), remedy: None }
}

fn bad(subject: &str, detail: String, remedy: Option<String>) -> CheckFinding {
    CheckFinding { ok: false, subject: subject.to_owned(), detail, remedy }
}
