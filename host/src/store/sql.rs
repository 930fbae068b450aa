//! What every store that is a SQL database has in common: the SQL of each
//! aggregate, once, over one open transaction.
//!
//! The statements are those that SQLite and PostgreSQL understand alike:
//! `$1` and on, `ON CONFLICT` with its columns, `IS DISTINCT FROM`, no
//! operators on JSON.  Times are text of fixed width, truth is 0 or 1.

mod accounts;
mod adoptions;
mod approvals;
pub(super) mod audit;
mod cases;
mod clock;
pub(super) mod columns;
mod credentials;
mod erase;
mod forgotten;
mod gone;
mod halts;
mod history;
mod identities;
pub(super) mod journal;
mod lives;
mod marks;
mod names;
mod obligations;
mod observations;
mod plans;
mod problem;
mod rehires;
mod requests;
mod reviews;
mod runs;
mod steps;
mod still;
mod store;
mod union;
mod workflows;

use std::{borrow::Cow, fmt::Write as _};

pub(in crate::store) use self::erase::unswept;
pub use self::{
    columns::{FromColumn, IntoValue},
    problem::{Kind, Problem},
    store::SqlStore,
};
use super::StoreError;

/// One open transaction.
pub trait Sql {
    /// Has a statement done; says how many rows it changed.
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, Problem>;

    /// The same statement once for each of these.
    fn execute_each(
        &mut self,
        sql: &str,
        rows: &mut dyn Iterator<Item = Result<Vec<Value<'_>>, Problem>>,
    ) -> Result<(), Problem>;

    /// Shows each row of an answer, until one of them is refused.
    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        show: &mut dyn FnMut(&dyn Row) -> Result<(), Problem>,
    ) -> Result<(), Problem>;
}

impl dyn Sql + '_ {
    /// Every row of an answer.
    pub(super) fn all<T, C: FromIterator<T>>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&dyn Row) -> Result<T, Problem>,
    ) -> Result<C, Problem> {
        let mut all = Vec::new();
        self.each(sql, values, &mut |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all.into_iter().collect())
    }

    /// The first row of an answer, if there is one.
    pub(super) fn optional<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&dyn Row) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        let mut first = None;
        self.each(sql, values, &mut |row| {
            if first.is_none() {
                first = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// The only row of an answer, which is there whatever the tables hold.
    pub(super) fn one<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&dyn Row) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let one = self.optional(sql, values, read)?;
        one.ok_or_else(|| Problem::Refused("the answer has no row".to_owned()))
    }
}

/// A row of an answer; columns count from 0.
pub trait Row {
    /// None: the column is null.
    fn integer(&self, column: usize) -> Result<Option<i64>, Problem>;
    /// None: the column is null.
    fn text(&self, column: usize) -> Result<Option<&str>, Problem>;
    fn is_null(&self, column: usize) -> Result<bool, Problem>;
}

impl dyn Row + '_ {
    pub(super) fn get<T: FromColumn>(&self, column: usize) -> Result<T, Problem> {
        T::from_column(self, column)
    }
}

/// What is given to a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'v> {
    Null,
    Integer(i64),
    Text(Cow<'v, str>),
}

/// Values of one statement, in the order of their numbers.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::sql::IntoValue::into_value($value)?),*]
    };
}

/// The same, of one of many rows.
macro_rules! row {
    ($($value:expr),* $(,)?) => {
        $crate::store::sql::row_of([$($crate::store::sql::IntoValue::into_value($value)),*])
    };
}

pub(in crate::store) fn row_of<const N: usize>(
    values: [Result<Value<'_>, Problem>; N],
) -> Result<Vec<Value<'_>>, Problem> {
    values.into_iter().collect()
}

pub(in crate::store) use {row, values};

/// So many random bytes in hexadecimal digits.
pub(in crate::store) fn salt<const BYTES: usize>() -> Result<String, Problem> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::Refused(format!("there is no randomness: {error}")))?;
    let mut text = String::with_capacity(BYTES.saturating_mul(2));
    for byte in bytes {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Whether a transaction changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Where transactions are carried out.
pub trait Database: Send + Sync + 'static {
    /// Has `work` done in a transaction, and waits until it is durable.  It
    /// may be done again where the database asks for that: what it did before
    /// is undone then.
    fn call<T, F>(
        &self,
        access: Access,
        action: &'static str,
        work: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: Fn(&mut dyn Sql) -> Result<T, Problem> + Send + 'static;

    /// Has the bytes of what was deleted leave the files.  False: others are
    /// reading them, and it has to be done again.
    fn sweep(&self) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Has the database check what it wrote; takes time in proportion to its
    /// size.
    fn verify_file(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
