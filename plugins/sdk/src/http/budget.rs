//! What a system says of what is left of a budget, told to the host with
//! every answer, so that it keeps below it.

use std::time::Duration;

use super::Response;
use crate::{host, time};

/// Seconds beyond this are an instant, and below it a time from now.
const INSTANT: u64 = 1_000_000_000;

/// What is left of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its name there; empty: it has only one.
    pub bucket: String,
    pub limit: Option<u64>,
    pub remaining: u64,
    pub reset_after: Duration,
}

/// Names that the same header goes by.
const PREFIXES: [&str; 3] = ["ratelimit", "x-ratelimit", "x-rate-limit"];

/// Tells the host, when the answer has a word of it.
pub(super) fn observe(response: &Response) {
    if let Some(budget) = budget(response) {
        host::observe_budget(&budget);
    }
}

fn budget(response: &Response) -> Option<Budget> {
    PREFIXES.iter().find_map(|prefix| separate(response, prefix)).or_else(|| combined(response))
}

/// `X-RateLimit-Limit: 600`, `-Remaining: 20`, `-Reset: 30`.
fn separate(response: &Response, prefix: &str) -> Option<Budget> {
    let number = |name: &str| leading(response.header(&format!("{prefix}-{name}"))?);
    let resource = response.header(&format!("{prefix}-resource")).unwrap_or_default();
    Some(Budget {
        bucket: resource.to_owned(),
        limit: number("limit"),
        remaining: number("remaining")?,
        reset_after: reset(number("reset")?),
    })
}

/// `RateLimit: "default";r=20;t=30` with `RateLimit-Policy: "default";q=600`.
fn combined(response: &Response) -> Option<Budget> {
    let said = response.header("ratelimit")?;
    let policy = response.header("ratelimit-policy").unwrap_or_default();
    Some(Budget {
        bucket: said.split(';').next()?.trim().trim_matches('"').to_owned(),
        limit: parameter(policy, "q"),
        remaining: parameter(said, "r")?,
        reset_after: Duration::from_secs(parameter(said, "t")?),
    })
}

fn parameter(text: &str, name: &str) -> Option<u64> {
    let mut parts = text.split([';', ',']).filter_map(|part| part.trim().split_once('='));
    parts.find(|(key, _)| *key == name).and_then(|(_, value)| leading(value))
}

/// `600`, also of `600, 600;w=60`.
fn leading(text: &str) -> Option<u64> {
    text.trim().split([',', ';', ' ', '.']).next()?.parse().ok()
}

fn reset(seconds: u64) -> Duration {
    if seconds < INSTANT {
        return Duration::from_secs(seconds);
    }
    let now = u64::try_from(time::now().seconds).unwrap_or_default();
    Duration::from_secs(seconds.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use crate::{
        http::{Budget, Request},
        testing::{Host, Reply},
    };

    /// What the host is told of an answer with these headers.
    fn told(headers: &[(&str, &str)]) -> Vec<String> {
        let reply = headers
            .iter()
            .fold(Reply::empty(200), |reply, (name, value)| reply.header(name, value));
        let host = Host::new().reply("GET", "example", reply).install();
        Request::get("https://example.org/").send().unwrap();
        let word = |budget: &Budget| {
            let Budget { bucket, limit, remaining, reset_after } = budget;
            format!("{bucket} {limit:?} {remaining} {}", reset_after.as_secs())
        };
        host.budgets().iter().map(word).collect()
    }

    #[test]
    fn every_way_to_say_what_is_left_is_told_to_the_host() {
        for (headers, expected) in [
            (
                vec![
                    ("X-RateLimit-Limit", "600"),
                    ("X-RateLimit-Remaining", "20"),
                    ("X-RateLimit-Reset", "30"),
                ],
                " Some(600) 20 30",
            ),
            (
                vec![
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1767225660"),
                    ("x-ratelimit-resource", "core"),
                ],
                "core None 0 60",
            ),
            (vec![("X-Rate-Limit-Remaining", "5"), ("X-Rate-Limit-Reset", "7")], " None 5 7"),
            (
                vec![
                    ("RateLimit-Limit", "600, 600;w=60"),
                    ("RateLimit-Remaining", "3"),
                    ("RateLimit-Reset", "9"),
                ],
                " Some(600) 3 9",
            ),
            (
                vec![
                    ("RateLimit", "\"default\";r=50;t=30"),
                    ("RateLimit-Policy", "\"default\";q=100;w=60"),
                ],
                "default Some(100) 50 30",
            ),
        ] {
            assert_eq!(told(&headers), [expected], "{headers:?}");
        }
    }

    #[test]
    fn half_a_word_is_none() {
        assert!(told(&[]).is_empty());
        assert!(told(&[("X-RateLimit-Remaining", "5")]).is_empty());
        assert!(told(&[("X-RateLimit-Remaining", "many"), ("X-RateLimit-Reset", "5")]).is_empty());
        assert!(told(&[("RateLimit", "\"default\"")]).is_empty());
    }
}
