//! The source: what HR has, shown as the day wants it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::civil::Date;
use lanyard::connector::{
    Abilities, AssignmentScope, Connector, Lookup, Outcome, Page, PageRequest, Write, WriteContext,
};
use lanyard_core::{
    account::{Account, AccountState, Assignment, Coverage, CoverageKind, Entitlement},
    fault::{Fault, FaultKind},
    schema::{CheckDepth, CheckReport, Schema},
    value::{Attribute, ObjectRef, Value},
};

use crate::{
    air::{Air, locked},
    schedule::Feed as How,
    schema,
    target::blank,
    truth::{Row, midnight},
};

pub(crate) struct Feed {
    air: Arc<Air>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    rows: Vec<Row>,
    how: Option<How>,
    /// What was shown since somebody last asked, row by row.
    shown: Vec<Row>,
}

impl Feed {
    pub(crate) fn new(air: &Arc<Air>) -> Arc<Self> {
        Arc::new(Self { air: Arc::clone(air), inner: Mutex::default() })
    }

    pub(crate) fn has(&self, rows: Vec<Row>, how: Option<How>) {
        let mut inner = locked(&self.inner);
        (inner.rows, inner.how) = (rows, how);
    }

    /// What was shown since this was last asked.
    pub(crate) fn shown(&self) -> Vec<Row> {
        std::mem::take(&mut locked(&self.inner).shown)
    }
}

fn date(day: i32) -> Date {
    midnight(day).to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn record(row: &Row) -> Account {
    let cell = |name: &str, text: String| {
        let values = if text.is_empty() { Vec::new() } else { vec![Value::Text(text)] };
        Attribute::new(name, values)
    };
    let attributes = vec![
        cell("given_name", row.name.to_owned()),
        cell("department", row.department.to_owned()),
        cell("status", if row.gone { "Gone" } else { "Active" }.to_owned()),
        cell("start", date(row.start).to_string()),
        cell("end", row.end.map(|end| date(end).to_string()).unwrap_or_default()),
    ];
    let reference = ObjectRef { object_type: "person".to_owned(), uid: row.key.clone() };
    Account { reference, attributes, state: AccountState::Unknown, ..blank(&row.key) }
}

#[async_trait]
impl Connector for Feed {
    fn abilities(&self) -> Abilities {
        Abilities { directory: true, ..Abilities::default() }
    }

    async fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Fault> {
        Ok(CheckReport { findings: Vec::new(), system_version: None })
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        self.air.goes_on().await;
        Ok(schema::of_rows())
    }

    async fn list(&self, _object_type: &str, page: PageRequest) -> Result<Page<Account>, Fault> {
        self.air.goes_on().await;
        tokio::task::yield_now().await;
        self.air.passes(50_000);
        let mut inner = locked(&self.inner);
        if page.cursor.is_none()
            && let Some(how) = inner.how
        {
            self.air.count(&format!("feed: {how:?}"));
            self.air.say(|| format!("hr: the feed is {how:?}"));
        }
        let mut coverage = Coverage::exhaustive();
        let half = inner.rows.len() / 2;
        let rows = match inner.how {
            None => inner.rows.clone(),
            Some(How::Down) => {
                return Err(Fault::new(FaultKind::Unavailable { retry_after_ms: None }, "down"));
            }
            Some(How::Empty) => Vec::new(),
            Some(How::Half) => inner.rows.iter().take(half).cloned().collect(),
            Some(How::CutShort) => {
                coverage.kind = CoverageKind::Truncated;
                inner.rows.iter().take(half).cloned().collect()
            }
        };
        let from: usize = page.cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let count = usize::try_from(page.limit).unwrap().min(2);
        let items: Vec<&Row> = rows.iter().skip(from).take(count).collect();
        inner.shown.extend(items.iter().map(|row| (*row).clone()));
        let next = (from + count < rows.len()).then(|| (from + count).to_string());
        let items = items.into_iter().map(record).collect();
        Ok(Page { items, next, coverage, total_hint: None })
    }

    async fn get(&self, _account: &ObjectRef) -> Result<Account, Fault> {
        Err(Fault::new(FaultKind::NotFound, "it has no such reading"))
    }

    async fn find(&self, _object_type: &str, _by: &Lookup) -> Result<Vec<Account>, Fault> {
        Ok(Vec::new())
    }

    async fn list_entitlements(
        &self,
        _object_type: &str,
        _page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        Err(Fault::new(FaultKind::Unsupported("entitlements".to_owned()), "it has none"))
    }

    async fn list_assignments(
        &self,
        _scope: &AssignmentScope,
        _page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        Err(Fault::new(FaultKind::Unsupported("entitlements".to_owned()), "it has none"))
    }

    async fn write(&self, _context: WriteContext, _write: &Write) -> Result<Outcome, Fault> {
        Err(Fault::new(FaultKind::Unsupported("writing".to_owned()), "a source is only read"))
    }
}
