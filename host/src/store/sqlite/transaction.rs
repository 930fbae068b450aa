//! An open transaction of SQLite.

use rusqlite::{
    Connection, Statement, ToSql,
    types::{ToSqlOutput, ValueRef},
};

use crate::store::sql::{Problem, Row, Sql, Value};

pub(super) struct Transaction<'c>(pub(super) &'c Connection);

impl Sql for Transaction<'_> {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, Problem> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()?)
    }

    fn execute_each(
        &mut self,
        sql: &str,
        rows: &mut dyn Iterator<Item = Result<Vec<Value<'_>>, Problem>>,
    ) -> Result<(), Problem> {
        let mut statement = self.0.prepare_cached(sql)?;
        for values in rows {
            bind(&mut statement, &values?)?;
            statement.raw_execute()?;
        }
        Ok(())
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        show: &mut dyn FnMut(&dyn Row) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            show(&Shown(row))?;
        }
        Ok(())
    }
}

/// SQLite numbers `$1` and its kin by where they stand first, and not by what
/// they are called.
fn bind(statement: &mut Statement<'_>, values: &[Value<'_>]) -> Result<(), Problem> {
    let count = statement.parameter_count();
    if count != values.len() {
        let wrong = format!("a statement of {count} values has {}", values.len());
        return Err(Problem::Refused(wrong));
    }
    for place in 1..=count {
        let name = statement.parameter_name(place).and_then(|name| name.strip_prefix('$'));
        let number = name.and_then(|name| name.parse::<usize>().ok()).unwrap_or(place);
        let value = values.get(number.saturating_sub(1));
        let none = || Problem::Refused(format!("a statement has no value {number}"));
        statement.raw_bind_parameter(place, Bound(value.ok_or_else(none)?))?;
    }
    Ok(())
}

struct Bound<'v>(&'v Value<'v>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

struct Shown<'r, 's>(&'r rusqlite::Row<'s>);

impl Shown<'_, '_> {
    fn value(&self, column: usize) -> Result<ValueRef<'_>, Problem> {
        self.0.get_ref(column).map_err(|_| Problem::Unreadable { column })
    }
}

impl Row for Shown<'_, '_> {
    fn integer(&self, column: usize) -> Result<Option<i64>, Problem> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
                Err(Problem::Unreadable { column })
            }
        }
    }

    fn text(&self, column: usize) -> Result<Option<&str>, Problem> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => {
                std::str::from_utf8(text).map(Some).map_err(|_| Problem::Unreadable { column })
            }
            ValueRef::Real(_) | ValueRef::Integer(_) | ValueRef::Blob(_) => {
                Err(Problem::Unreadable { column })
            }
        }
    }

    fn is_null(&self, column: usize) -> Result<bool, Problem> {
        Ok(matches!(self.value(column)?, ValueRef::Null))
    }
}
