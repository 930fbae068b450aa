//! How values of the domain look in columns.

use std::borrow::Cow;

use jiff::Timestamp;
use lanyard_core::value::ObjectRef;
use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error as WordError},
};

use super::{Problem, Row, Value};

/// What can be given to a statement.
pub trait IntoValue<'v> {
    fn into_value(self) -> Result<Value<'v>, Problem>;
}

/// What can be read from a column.
pub trait FromColumn: Sized {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem>;
}

impl<'v> IntoValue<'v> for &'v str {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Text(Cow::Borrowed(self)))
    }
}

impl<'v> IntoValue<'v> for &'v String {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Text(Cow::Borrowed(self)))
    }
}

impl<'v> IntoValue<'v> for String {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Text(Cow::Owned(self)))
    }
}

impl<'v> IntoValue<'v> for i64 {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Integer(self))
    }
}

impl<'v> IntoValue<'v> for u32 {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Integer(i64::from(self)))
    }
}

impl<'v> IntoValue<'v> for u64 {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        i64::try_from(self)
            .map(Value::Integer)
            .map_err(|_| Problem::Refused(format!("the number {self} is too large to keep")))
    }
}

impl<'v> IntoValue<'v> for bool {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Integer(i64::from(self)))
    }
}

impl<'v, T: IntoValue<'v>> IntoValue<'v> for Option<T> {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        self.map_or(Ok(Value::Null), IntoValue::into_value)
    }
}

impl FromColumn for String {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        text(row, column).map(str::to_owned)
    }
}

impl FromColumn for i64 {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        row.integer(column)?.ok_or(Problem::Unreadable { column })
    }
}

impl FromColumn for u64 {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        u64::try_from(i64::from_column(row, column)?).map_err(|_| Problem::Unreadable { column })
    }
}

impl FromColumn for u32 {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        u32::try_from(i64::from_column(row, column)?).map_err(|_| Problem::Unreadable { column })
    }
}

impl FromColumn for bool {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        Ok(i64::from_column(row, column)? != 0)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        if row.is_null(column)? { Ok(None) } else { T::from_column(row, column).map(Some) }
    }
}

fn text(row: &dyn Row, column: usize) -> Result<&str, Problem> {
    row.text(column)?.ok_or(Problem::Unreadable { column })
}

/// A column of JSON text.
pub(in crate::store) struct Json<T>(pub(in crate::store) T);

impl<T: DeserializeOwned> FromColumn for Json<T> {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        serde_json::from_str(text(row, column)?)
            .map(Self)
            .map_err(|_| Problem::Unreadable { column })
    }
}

impl<'v, T: Serialize> IntoValue<'v> for Json<T> {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Text(Cow::Owned(serde_json::to_string(&self.0)?)))
    }
}

/// A column of plain text for a type that is a string in JSON: names, ids,
/// digests, words of enums.
pub(in crate::store) struct Word<T>(pub(in crate::store) T);

impl<T: DeserializeOwned> FromColumn for Word<T> {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        let text: serde::de::value::StrDeserializer<'_, WordError> =
            text(row, column)?.into_deserializer();
        T::deserialize(text).map(Self).map_err(|_| Problem::Unreadable { column })
    }
}

impl<'v, T: Serialize> IntoValue<'v> for Word<T> {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        match serde_json::to_value(&self.0)? {
            serde_json::Value::String(text) => Ok(Value::Text(Cow::Owned(text))),
            _ => Err(Problem::Refused("it is not a word".to_owned())),
        }
    }
}

/// A column of time, of fixed width so that text sorts as time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct At(pub(in crate::store) Timestamp);

impl FromColumn for At {
    fn from_column(row: &dyn Row, column: usize) -> Result<Self, Problem> {
        text(row, column)?.parse().map(Self).map_err(|_| Problem::Unreadable { column })
    }
}

impl<'v> IntoValue<'v> for At {
    fn into_value(self) -> Result<Value<'v>, Problem> {
        Ok(Value::Text(Cow::Owned(format!("{:.9}", self.0))))
    }
}

/// Two columns, type and uid, beginning at `first`.
pub(in crate::store) fn object(row: &dyn Row, first: usize) -> Result<ObjectRef, Problem> {
    Ok(ObjectRef { object_type: row.get(first)?, uid: row.get(first.saturating_add(1))? })
}
