//! One connection, its statements, and transactions on it.

use std::{collections::HashMap, fmt, pin::pin};

use bytes::BytesMut;
use futures_util::{TryStreamExt as _, future::try_join_all};
use tokio::runtime::Runtime;
use tokio_postgres::{
    Client, Statement,
    types::{FromSql, IsNull, ToSql, Type},
};

use crate::store::sql::{Problem, Row, Sql, Value};

/// "Lany": half of the lock's number; the other half is of the schema.
const LOCK: &str = "(1281453689, hashtext(current_schema()))";
/// Statements sent before the first one's answer is waited for.
const PIPELINE: usize = 256;

pub(super) struct Session {
    /// Carries the connection while an answer is waited for.
    runtime: Runtime,
    client: Client,
    statements: HashMap<String, Statement>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(runtime: Runtime, client: Client) -> Self {
        Self { runtime, client, statements: HashMap::new() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Statements without values, one after another.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Problem> {
        Ok(self.runtime.block_on(self.client.batch_execute(sql))?)
    }

    pub(super) fn one<T>(
        &mut self,
        sql: &str,
        read: impl FnMut(&dyn Row) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        (self as &mut dyn Sql).one(sql, &[], read)
    }

    /// The lock that one changing process holds; the server releases it when
    /// the connection ends, however it ends.  False: another one has it.
    pub(super) fn take_lock(&mut self) -> Result<bool, Problem> {
        self.one(&format!("SELECT pg_try_advisory_lock{LOCK}"), |row| row.get(0))
    }

    pub(super) fn leave_lock(&mut self) -> Result<(), Problem> {
        self.one(&format!("SELECT pg_advisory_unlock{LOCK}"), |row| row.get::<bool>(0))?;
        Ok(())
    }

    /// Whoever holds the lock begins an epoch: whoever held it before can tell
    /// that they are not alone any more.
    pub(super) fn begin_epoch(&mut self) -> Result<i64, Problem> {
        self.one("UPDATE holder SET epoch = epoch + 1 RETURNING epoch", |row| row.get(0))
    }

    pub(super) fn epoch(&mut self) -> Result<i64, Problem> {
        self.one("SELECT epoch FROM holder", |row| row.get(0))
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, Problem> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.runtime.block_on(self.client.prepare(sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A statement that is given too little or too much is a mistake of ours.
fn fits(statement: &Statement, values: &[Value<'_>]) -> Result<(), Problem> {
    let count = statement.params().len();
    if count == values.len() {
        return Ok(());
    }
    Err(Problem::Refused(format!("a statement of {count} values has {}", values.len())))
}

impl Sql for Session {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, Problem> {
        let statement = self.prepared(sql)?;
        fits(&statement, values)?;
        let done = self.client.execute_raw(&statement, values.iter().map(Bound));
        Ok(usize::try_from(self.runtime.block_on(done)?).unwrap_or(usize::MAX))
    }

    fn execute_each(
        &mut self,
        sql: &str,
        rows: &mut dyn Iterator<Item = Result<Vec<Value<'_>>, Problem>>,
    ) -> Result<(), Problem> {
        let statement = self.prepared(sql)?;
        loop {
            let group: Vec<Vec<Value<'_>>> =
                (&mut *rows).take(PIPELINE).collect::<Result<_, _>>()?;
            if group.is_empty() {
                return Ok(());
            }
            for values in &group {
                fits(&statement, values)?;
            }
            let client = &self.client;
            let sent =
                group.iter().map(|values| client.execute_raw(&statement, values.iter().map(Bound)));
            self.runtime.block_on(try_join_all(sent))?;
        }
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        show: &mut dyn FnMut(&dyn Row) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let statement = self.prepared(sql)?;
        fits(&statement, values)?;
        let asked = self.client.query_raw(&statement, values.iter().map(Bound));
        let mut rows = pin!(self.runtime.block_on(asked)?);
        while let Some(row) = self.runtime.block_on(rows.as_mut().try_next())? {
            show(&Shown(&row))?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Bound<'v>(&'v Value<'v>);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Text(text) => {
                let text: &str = text;
                text.to_sql(of, out)
            }
            Value::Integer(number) if *of == Type::INT4 => i32::try_from(*number)?.to_sql(of, out),
            Value::Integer(number) => number.to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        [Type::TEXT, Type::INT8, Type::INT4].contains(of)
    }

    tokio_postgres::types::to_sql_checked!();
}

struct Shown<'r>(&'r tokio_postgres::Row);

/// Whether a column is null, of whatever type it is.
struct Nullness(bool);

impl FromSql<'_> for Nullness {
    fn from_sql(_of: &Type, _raw: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(false))
    }

    fn from_sql_null(_of: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(true))
    }

    fn accepts(_of: &Type) -> bool {
        true
    }
}

impl Shown<'_> {
    fn get<'r, T: FromSql<'r>>(&'r self, column: usize) -> Result<T, Problem> {
        self.0.try_get(column).map_err(|_| Problem::Unreadable { column })
    }
}

impl Row for Shown<'_> {
    fn integer(&self, column: usize) -> Result<Option<i64>, Problem> {
        let of = self.0.columns().get(column).map(tokio_postgres::Column::type_);
        if of == Some(&Type::BOOL) {
            return Ok(self.get::<Option<bool>>(column)?.map(i64::from));
        }
        if of == Some(&Type::INT4) {
            return Ok(self.get::<Option<i32>>(column)?.map(i64::from));
        }
        self.get(column)
    }

    fn text(&self, column: usize) -> Result<Option<&str>, Problem> {
        self.get(column)
    }

    fn is_null(&self, column: usize) -> Result<bool, Problem> {
        Ok(self.get::<Nullness>(column)?.0)
    }
}
