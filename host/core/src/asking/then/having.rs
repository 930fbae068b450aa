//! What one of them had, row by row.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Deed;

/// What one of them had.
#[derive(Debug, Clone, Default)]
pub(super) struct Having {
    pub(super) account: Option<Held>,
    pub(super) grant: Option<Held>,
    pub(super) uid: Option<String>,
    /// Of the account; none: the record does not say.
    pub(super) state: Option<&'static str>,
    /// Since when each of these is due, and was not seen to be so.
    pub(super) due: BTreeMap<&'static str, Timestamp>,
    /// When what is asked for ended after the time.
    pub(super) until: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) since: Timestamp,
    pub(super) how: &'static str,
    pub(super) by: String,
    pub(super) because: Option<String>,
    pub(super) row: i64,
    pub(super) doubt: Option<&'static str>,
}

pub(super) fn is_done(deed: &Deed) -> bool {
    matches!(deed.result.as_str(), "done" | "applied" | "adopted")
}

/// An obligation that somebody saw to be over; one that is due no more says
/// nothing of what somebody has.
pub(super) fn is_closed(deed: &Deed) -> bool {
    let shown = deed.verification.as_deref() == Some("verified");
    deed.result == "closed" && (shown || deed.closed_by.as_deref() == Some("person"))
}

/// What would have been done, had it been done here.
pub(super) fn lost_by(deed: &Deed) -> &'static str {
    match deed.loss.as_deref() {
        Some("disabled") => "disable",
        Some("deleted") => "delete",
        Some("revoked") => "revoke",
        _ => "",
    }
}

impl Having {
    pub(super) fn take(&mut self, deed: &Deed, is_it: bool) {
        if let Some(account) = &deed.account {
            self.uid = Some(account.uid.clone());
        }
        if deed.action == "obligation" {
            let verb = lost_by(deed);
            let concerns = is_it || verb != "revoke";
            if is_closed(deed) {
                self.lost(verb, is_it, None);
            }
            match deed.result.as_str() {
                "opened" if concerns && !verb.is_empty() => {
                    self.due.insert(verb, deed.at);
                }
                "closed" if concerns => drop(self.due.remove(verb)),
                _ => {}
            }
            return;
        }
        if !is_done(deed) {
            return;
        }
        let doubt = match deed.verification.as_deref() {
            Some("drifted") => Some("the target showed something else afterwards"),
            Some("unverifiable") => Some("no reading showed it afterwards"),
            _ => None,
        };
        let held = |how| Held {
            since: deed.at,
            how,
            by: deed.by.clone(),
            because: deed.because.clone(),
            row: deed.number,
            doubt,
        };
        match deed.action.as_str() {
            "create" => {
                let disabled = deed.after.as_ref().is_some_and(|it| it.starts_with("disabled"));
                self.account = Some(held("created"));
                self.state = Some(if disabled { "disabled" } else { "active" });
                self.grant = None;
            }
            "adopt" => {
                self.account = Some(held("adopted"));
                self.state = None;
            }
            "grant" if is_it => self.grant = Some(held("granted")),
            "claim" if is_it => self.grant = Some(held("taken over")),
            "enable" => self.state = Some("active"),
            // It stays as it was there, and nobody here looks after it.
            "release" => {
                let given_back = Some("it was given back: what became of it is not recorded");
                for held in [&mut self.account, &mut self.grant].into_iter().flatten() {
                    held.doubt = given_back;
                }
            }
            verb => self.lost(verb, is_it, doubt),
        }
    }

    fn lost(&mut self, verb: &str, is_it: bool, doubt: Option<&'static str>) {
        match (verb, doubt) {
            ("disable", None) => self.state = Some("disabled"),
            ("disable", Some(_)) => self.state = Some("disabled, and not shown to be"),
            ("delete", None) => *self = Self { uid: self.uid.take(), ..Self::default() },
            ("delete", Some(_)) => {
                for held in [&mut self.account, &mut self.grant].into_iter().flatten() {
                    held.doubt = Some("it was to be deleted, and no reading showed that");
                }
            }
            ("revoke", None) if is_it => self.grant = None,
            ("revoke", Some(_)) if is_it => {
                if let Some(grant) = &mut self.grant {
                    grant.doubt = Some("it was to be revoked, and no reading showed that");
                }
            }
            _ => {}
        }
    }
}
