//! What became of everything that somebody who left had: what is shown while
//! it goes on, and the signed document at its end.

mod format;
mod gather;
mod html;
mod text;
mod verify;

use jiff::Timestamp;
use lanyard_core::id::{ConnectorName, Digest, IdentityId};
use serde::{Deserialize, Serialize};

use crate::signing::Seal;

pub use self::{
    format::{Format, written},
    gather::{Known, NotLeft, gather},
    text::ticks,
    verify::{Refused, Verified, verify},
};

/// What signatures of these are for.
pub const PURPOSE: &str = "leaver-receipt";

const TRYING_OUT: &str = "MADE FOR TRYING OUT, by a clock that somebody set";

/// A document, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    pub document: Document,
    pub seal: Seal,
}

/// Everything of one person who left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Document {
    pub version: u32,
    /// It was made by a clock that somebody set, of a store for trying out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trying_out: bool,
    /// How many losses of access are not shown yet; with any, this is no
    /// receipt but says how far it is.
    pub open: usize,
    pub made: Timestamp,
    /// Who had it made (an OS user).
    pub by: String,
    /// The program that made it.
    pub program: String,
    /// Digest of the operator's file.
    pub config: Digest,
    pub identity: IdentityId,
    pub who: String,
    pub state: String,
    pub since: Option<Timestamp>,
    pub accounts: Vec<AccountPart>,
    /// What the audit has of it.
    pub rows: Vec<Row>,
    /// How many rows the audit had, and the digest of the last.
    pub audit: Option<Head>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccountPart {
    pub target: ConnectorName,
    pub key: String,
    pub login: String,
    pub items: Vec<Item>,
}

/// One thing that they had to lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Item {
    /// "disable", "revoke `staff`", …
    pub what: String,
    pub stands: Stands,
    pub since: Option<Timestamp>,
    /// When it was closed.
    pub at: Option<Timestamp>,
    /// Who says so, or why it is open, or when it is due.
    pub how: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stands {
    Done,
    Open,
    /// It is not due yet.
    Later,
}

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    pub number: i64,
    pub at: Timestamp,
    /// "disable crm ada.example, done, verified".
    pub what: String,
    pub by: String,
    pub run: Option<String>,
    pub plan: Option<String>,
    pub operation: Option<String>,
    /// Digests of the connector, and of what it was permitted.
    pub plugin: Option<String>,
    pub permission: Option<String>,
    /// The digest in the chain.
    pub chain: Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Head {
    pub rows: i64,
    pub digest: Digest,
}

impl Document {
    pub fn title(&self) -> String {
        let kind = if self.trying_out { TRYING_OUT } else { "INTERIM STATEMENT" };
        match self.open {
            0 if self.trying_out => format!("{kind}, no receipt: nothing is open"),
            0 => "Leaver receipt".to_owned(),
            1 => format!("{kind}, no receipt: 1 loss of access is open"),
            open => format!("{kind}, no receipt: {open} losses of access are open"),
        }
    }

    /// What is open, with where.
    pub fn open_items(&self) -> impl Iterator<Item = (&AccountPart, &Item)> {
        let accounts = self.accounts.iter();
        let all = accounts.flat_map(|account| account.items.iter().map(move |it| (account, it)));
        all.filter(|(_, item)| item.stands == Stands::Open)
    }
}

#[cfg(test)]
mod tests;
