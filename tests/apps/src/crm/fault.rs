//! Switches that make the application fail as real ones do.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};

/// One way to fail, for the next requests that fit.
///
/// `{"status": 429, "retry-after": 1, "times": 3, "method": "POST"}`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fault {
    /// Only requests with this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only requests whose path starts like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// So many fitting requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// So many fitting requests fail; absent means until cleared.
    #[serde(default = "once", skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Answer this status without applying the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Seconds, as the `Retry-After` header of `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Close the connection without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Drop>,
    /// Apply at once, answer later: milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Answer a web page with status 200 (or `status`) without applying.
    #[serde(default)]
    pub html: bool,
    /// Apply, announce the whole answer, send half of it and close.
    #[serde(default)]
    pub half: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drop {
    BeforeApplying,
    AfterApplying,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn once() -> Option<u32> {
    Some(1)
}

/// What a fault does to the request at hand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Answer { status: StatusCode, retry_after: Option<u32> },
    Page { status: StatusCode },
    Drop(Drop),
    Delay(Duration),
    Half,
}

/// The faults that are switched on, oldest first.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) list: Vec<Fault>,
}

impl Faults {
    /// The effect on this request, which counts as one of `times`.
    pub(super) fn strike(&mut self, method: &Method, path: &str) -> Option<Effect> {
        let mut effect = None;
        for fault in &mut self.list {
            if !fault.fits(method, path) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times = times.saturating_sub(1);
            }
            effect = fault.effect();
            break;
        }
        self.list.retain(|fault| fault.times != Some(0));
        effect
    }
}

impl Fault {
    fn fits(&self, method: &Method, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| method.as_str().eq_ignore_ascii_case(wanted))
            && self.path.as_deref().is_none_or(|start| path.starts_with(start))
    }

    fn effect(&self) -> Option<Effect> {
        let status = self.status.and_then(|code| StatusCode::from_u16(code).ok());
        if self.html {
            return Some(Effect::Page { status: status.unwrap_or(StatusCode::OK) });
        }
        if let Some(status) = status {
            return Some(Effect::Answer { status, retry_after: self.retry_after });
        }
        if let Some(drop) = self.drop {
            return Some(Effect::Drop(drop));
        }
        if self.half {
            return Some(Effect::Half);
        }
        self.delay_ms.map(|delay| Effect::Delay(Duration::from_millis(delay)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Faults {
        Faults { list: serde_json::from_str(text).unwrap() }
    }

    #[test]
    fn a_fault_passes_what_it_skips_then_fails_as_often_as_it_says() {
        let mut faults = faults(r#"[{"drop": "after-applying", "skip": 1, "times": 2}]"#);
        let seen: Vec<_> = (0..4).map(|_| faults.strike(&Method::POST, "/Users")).collect();
        let drop = || Some(Effect::Drop(Drop::AfterApplying));
        assert_eq!(seen, [None, drop(), drop(), None]);
    }

    #[test]
    fn a_fault_leaves_other_requests_alone() {
        let mut faults = faults(r#"[{"status": 503, "method": "POST", "path": "/Users"}]"#);
        assert_eq!(faults.strike(&Method::GET, "/Users"), None);
        assert_eq!(faults.strike(&Method::POST, "/Groups"), None);
        assert!(faults.strike(&Method::POST, "/Users").is_some());
    }

    #[test]
    fn without_a_number_of_times_a_fault_stays() {
        let mut faults = faults(r#"[{"drop": "before-applying", "times": null}]"#);
        for _ in 0..5 {
            assert!(faults.strike(&Method::GET, "/Users").is_some());
        }
    }
}
