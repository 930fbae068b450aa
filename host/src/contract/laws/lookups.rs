//! Looking things up: names that break queries, types and cursors that do
//! not exist, and content that agrees with itself.

use std::collections::BTreeSet;

use lanyard_core::{
    account::Account,
    fault::{Fault, FaultKind},
    value::ObjectRef,
};

use super::failing::told;
use crate::{
    connector::{Connector, Lookup, PageRequest},
    contract::{
        Law,
        bench::Bench,
        calls::{Call, Called, Claim},
        situation::{self, Situation},
        system::Sent,
    },
    wasm::WasmConnector,
};

/// Pages read before a listing is called endless.
const MAX_PAGES: usize = 10_000;

/// A good day for questions: they arrive, and nothing is there.
fn missing() -> Option<Situation> {
    situation::HTTP.into_iter().find(|it| it.name == "missing")
}

async fn ask(bench: &Bench, calls: Vec<Call>) -> Vec<Called> {
    match (missing(), bench.filled()) {
        (Some(situation), None) => bench.on(&situation, calls).await,
        (_, filled) => {
            let connector = filled.unwrap_or_else(|| bench.connector());
            let mut called = Vec::new();
            for call in calls {
                called.push(call.make(connector, &bench.script).await);
            }
            called
        }
    }
}

/// A crash, an endless call or nonsense.
fn crashed(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Trapped
            | FaultKind::TimedOut
            | FaultKind::OutOfMemory
            | FaultKind::BadAnswer(_)
            | FaultKind::Denied(_)
    )
}

fn unsupported(called: &Called) -> bool {
    matches!(&called.answer, Err(fault) if matches!(fault.kind, FaultKind::Unsupported(_)))
}

pub(super) async fn hostile_names(bench: &Bench) -> Law {
    const NAME: &str = "names";
    let sentence = "any name can be looked for, and different names are different questions";
    if !bench.abilities().directory {
        return Law::not_applicable(NAME, sentence, "it does not read");
    }
    let long = "x".repeat(256);
    let names = [
        "o'brien",
        "\"",
        "\\",
        "a\" or name pr or \"",
        "a)(uid=*",
        "*",
        "\n",
        "\0",
        "",
        " ada ",
        "100%",
        "Zoe\u{301}",
        "Zo\u{e9}",
        long.as_str(),
    ];
    let calls = names.iter().map(|name| bench.types.find(Lookup::Name((*name).to_owned())));
    let called = ask(bench, calls.collect()).await;
    let mut judged = called.iter().filter(|it| !unsupported(it)).count();
    let mut problems: Vec<String> = names
        .iter()
        .zip(&called)
        .filter_map(|(name, called)| {
            let fault = called.answer.as_ref().err().filter(|fault| crashed(fault))?;
            let shown: String = name.chars().take(20).collect();
            Some(format!("find by name `{}`: {}", shown.escape_debug(), told(fault)))
        })
        .collect();
    // Decoded once, each pair is the same unless it was encoded.
    for (one, other) in [("%41", "A"), ("a+b", "a b"), ("a&b", "a"), ("a#b", "a")] {
        let calls = [one, other].map(|name| bench.types.find(Lookup::Name(name.to_owned())));
        let called = ask(bench, calls.into()).await;
        let asked: Vec<Vec<String>> = called.iter().map(|it| questions(&it.sent)).collect();
        let [first, second] = asked.as_slice() else { continue };
        judged += usize::from(!first.is_empty());
        if !first.is_empty() && first == second {
            problems.push(format!(
                "expected two questions for `{one}` and `{other}`, but they are the same: the \
                 name is not encoded"
            ));
        }
    }
    Law::judged(NAME, sentence, judged, problems)
}

/// Every request as a server reads it.
fn questions(sent: &Sent) -> Vec<String> {
    let read = |request: &crate::wasm::ScriptedRequest| {
        let query = request.uri.query().unwrap_or_default().replace('+', " ");
        let body = String::from_utf8_lossy(&request.body);
        format!("{}?{}\n{body}", decoded(request.uri.path()), decoded(&query))
    };
    sent.requests.iter().map(read).collect()
}

/// Percent-decoded once; what is no escape stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
        match (first, after) {
            (b'%', [high, low, later @ ..]) => {
                if let (Some(high), Some(low)) = (hex(high), hex(low)) {
                    bytes.push(high * 16 + low);
                    rest = later;
                    continue;
                }
                bytes.push(b'%');
            }
            (byte, _) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) async fn hostile_ids(bench: &Bench) -> Law {
    const NAME: &str = "ids";
    let sentence = "an id is one segment of a path, whatever it holds";
    if !bench.abilities().directory {
        return Law::not_applicable(NAME, sentence, "it does not read");
    }
    let get = |uid: &str| {
        Call::Get(ObjectRef { object_type: bench.types.account.clone(), uid: uid.to_owned() })
    };
    let ids = ["plain", "a/b", "a?b=c", "a#b", "a%2Fb", "a;b", "a\nb", "", "a b", "ü"];
    let called = ask(bench, ids.iter().map(|uid| get(uid)).collect()).await;
    let segments = |called: &Called| -> Vec<(usize, Option<String>)> {
        let shape = |request: &crate::wasm::ScriptedRequest| {
            let query = request.uri.query().map(|query| query.split('=').next().unwrap_or(query));
            (request.uri.path().matches('/').count(), query.map(str::to_owned))
        };
        called.sent.requests.iter().map(shape).collect()
    };
    let plain = called.first().map(segments).unwrap_or_default();
    let mut problems = Vec::new();
    for (uid, called) in ids.iter().zip(&called) {
        let shown = uid.escape_debug();
        if let Err(fault) = &called.answer
            && crashed(fault)
        {
            problems.push(format!("get `{shown}`: {}", told(fault)));
        }
        let shape = segments(called);
        if !uid.is_empty() && !plain.is_empty() && !shape.is_empty() && shape != plain {
            problems.push(format!(
                "get `{shown}`: expected a request like that for any id, but the id changed its \
                 path: it is not encoded"
            ));
        }
    }
    Law::judged(NAME, sentence, called.iter().filter(|it| !unsupported(it)).count(), problems)
}

pub(super) async fn unknown_type(bench: &Bench) -> Law {
    const NAME: &str = "types";
    let sentence = "a type that does not exist is an error, and not an empty list";
    if !bench.abilities().directory {
        return Law::not_applicable(NAME, sentence, "it does not read");
    }
    let object_type = "no-such-type".to_owned();
    let list = Call::List { object_type: object_type.clone(), cursor: None };
    let get = Call::Get(ObjectRef { object_type, uid: "1".to_owned() });
    let called = ask(bench, vec![list, get]).await;
    let problems = called
        .iter()
        .filter_map(|called| match &called.answer {
            Err(fault) if crashed(fault) => Some((called, told(fault))),
            Err(_) => None,
            Ok(_) => Some((called, "it answered as if there were".to_owned())),
        })
        .map(|(called, problem)| format!("{}: {problem}", called.call.word()));
    Law::judged(NAME, sentence, called.len(), problems.collect())
}

pub(super) async fn unknown_cursor(bench: &Bench) -> Law {
    const NAME: &str = "cursor";
    let sentence = "a cursor it did not make is an error or `stale-cursor`, and ends no listing";
    if !bench.abilities().directory {
        return Law::not_applicable(NAME, sentence, "it does not read");
    }
    let cursors = ["no cursor of yours", "", "-1", "99999999999999999999", "\0\"%'", "0@0"];
    let calls = cursors.iter().map(|cursor| Call::List {
        object_type: bench.types.account.clone(),
        cursor: Some((*cursor).to_owned()),
    });
    let called = ask(bench, calls.collect()).await;
    let problems = cursors.iter().zip(&called).filter_map(|(cursor, called)| {
        let what = match &called.answer {
            Err(fault) if crashed(fault) => told(fault),
            Ok(Claim::Absent) => "the listing ended, as if that were all".to_owned(),
            _ => return None,
        };
        Some(format!("list from `{}`: {what}", cursor.escape_debug()))
    });
    Law::judged(NAME, sentence, called.len(), problems.collect())
}

/// With content that was given: pages join up, and what is listed is found.
pub(super) async fn content(bench: &Bench) -> Law {
    const NAME: &str = "content";
    let sentence = "pages of any size hold the same accounts once, and each is found again";
    let Some(connector) = bench.filled() else {
        return Law::not_applicable(NAME, sentence, "no content was given with `--directory`");
    };
    let problems = match agree(connector, &bench.types.account).await {
        Ok(problems) => problems,
        Err(fault) => vec![format!("expected an answer, but {}", told(&fault))],
    };
    Law::judged(NAME, sentence, 1, problems)
}

async fn agree(connector: &WasmConnector, object_type: &str) -> Result<Vec<String>, Fault> {
    let whole = all(connector, object_type, 500).await?;
    let mut problems = Vec::new();
    let uids = |accounts: &[Account]| -> Vec<String> {
        accounts.iter().map(|account| account.reference.uid.clone()).collect()
    };
    if uids(&whole).iter().collect::<BTreeSet<_>>().len() != whole.len() {
        problems.push("expected each account once, but some come twice".to_owned());
    }
    for limit in [1, 7] {
        if uids(&all(connector, object_type, limit).await?) != uids(&whole) {
            problems.push(format!("expected the same accounts in pages of {limit}"));
        }
    }
    for account in whole.iter().take(3) {
        let uid = &account.reference.uid;
        if connector.get(&account.reference).await? != *account {
            problems.push(format!("expected `get` to answer `{uid}` as it was listed"));
        }
        let by = Lookup::Name(account.name.clone());
        match connector.find(object_type, &by).await {
            Err(fault) if matches!(fault.kind, FaultKind::Unsupported(_)) => {}
            found => {
                if !found?.contains(account) {
                    problems.push(format!("expected to find `{uid}` by its name"));
                }
            }
        }
    }
    Ok(problems)
}

async fn all(
    connector: &WasmConnector,
    object_type: &str,
    limit: u32,
) -> Result<Vec<Account>, Fault> {
    let mut accounts = Vec::new();
    let mut cursor = None;
    for _page in 0..MAX_PAGES {
        let page = connector.list(object_type, PageRequest { cursor, limit }).await?;
        accounts.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(accounts);
        }
    }
    let problem = format!("a listing has more than {MAX_PAGES} pages");
    Err(Fault::new(FaultKind::BadAnswer(problem.clone()), problem))
}
