//! What a name of a statement is bound to, and the text that replaces the name.
//!
//! The rule: the text of a statement on PostgreSQL does not depend on how many values it carries. Lists and rows are
//! arrays there, one parameter a column. `id IN :ids` becomes `id = ANY (array)`: its values are looked up in an index, or
//! hashed and compared with each row. A subquery in its place becomes a join, and before the first `ANALYZE` the planner
//! joins every row of the tenant with every value. A list of one or two stays as it is, because a plan for any length may
//! read every row of the tenant. On SQLite each value has its placeholder. Lists and rows are padded to few lengths there:
//! a connection keeps its last hundred statements, and one of 500 rows takes half a megabyte. A value that is used twice is
//! sent twice.
//! Start at [`Param::render`].

use std::{fmt::Write, iter, mem};

use sea_orm::Value;

use crate::sql::{Dialect, array};

/// The lengths of lists on SQLite.
const LENGTHS: [usize; 5] = [1, 2, 8, 64, 500];
/// The numbers of rows on SQLite. Each is at most twice the one before, because rows that are padded cost time, too.
const ROWS: [usize; 10] = [1, 2, 4, 8, 16, 32, 64, 125, 250, 500];
/// The longest list that is not an array on PostgreSQL.
const SHORT: usize = 2;
/// How the rows of PostgreSQL begin.
const UNNEST: &str = "SELECT * FROM unnest(";
/// What a statement has before rows, and before lists.
const VALUES: &str = "VALUES ";
const IN: &str = " IN ";
const NOT_IN: &str = " NOT IN ";

/// What a name is bound to.
#[derive(Debug, Clone)]
pub(crate) enum Param {
    One(Value),
    List(Vec<Value>),
    Rows(Vec<Vec<Value>>),
    /// Each row is led by the tenant.
    TenantRows {
        tenant: Value,
        rows: Vec<Vec<Value>>,
    },
    /// The parts in square brackets that use the name are left out.
    Nothing,
}

impl Param {
    /// Adds the values and returns the text that uses them in place of the name. The text for rows begins with
    /// `VALUES` or `SELECT`; that for a list that is one array is the array alone. On PostgreSQL, where a text stands for
    /// every use, lists and rows are moved, because they may be long.
    pub(crate) fn render(
        &mut self,
        dialect: Dialect,
        values: &mut Vec<Value>,
    ) -> Result<String, String> {
        let mut text = String::new();
        match dialect {
            Dialect::Sqlite => self.render_for_sqlite(&mut text, values)?,
            Dialect::Postgres => self.render_for_postgres(&mut text, values)?,
        }
        Ok(text)
    }

    fn render_for_sqlite(&self, text: &mut String, values: &mut Vec<Value>) -> Result<(), String> {
        match self {
            Self::Nothing => {}
            Self::One(value) => add_unnumbered([value], text, values),
            Self::List(list) => {
                text.push('(');
                add_unnumbered(&pad_list(list)?, text, values);
                text.push(')');
            }
            Self::Rows(rows) => add_rows(None, rows, text, values),
            Self::TenantRows { tenant, rows } => add_rows(Some(tenant), rows, text, values),
        }
        Ok(())
    }

    fn render_for_postgres(
        &mut self,
        text: &mut String,
        values: &mut Vec<Value>,
    ) -> Result<(), String> {
        match self {
            Self::Nothing => {}
            Self::One(value) => add_numbered(value.clone(), text, values),
            Self::List(list) if list.is_empty() => {
                return Err("a list is empty".to_owned());
            }
            Self::List(list) if list.len() > SHORT => {
                let (array, cast) = array::to_array_value(mem::take(list))?;
                add_numbered(array, text, values);
                text.push_str(cast);
            }
            Self::List(list) => add_list(mem::take(list), text, values),
            Self::Rows(rows) => {
                text.push_str("SELECT * FROM ");
                add_columns(mem::take(rows), text, values)?;
            }
            Self::TenantRows { tenant, rows } => {
                text.push_str("SELECT ");
                add_numbered(tenant.clone(), text, values);
                text.push_str("::uuid, * FROM ");
                add_columns(mem::take(rows), text, values)?;
            }
        }
        Ok(())
    }

    /// The text that uses `rendered` after `before`, and how many bytes at the end of `before` it replaces.
    pub(crate) fn place_after(
        &self,
        before: &str,
        rendered: &str,
    ) -> Result<(usize, String), String> {
        let is_array = rendered.ends_with("[]");
        let ends_with = |word: &str| before.ends_with(word);
        match self {
            Self::Rows(_) if ends_with("(VALUES ") && !rendered.starts_with(UNNEST) => {
                Ok((VALUES.len(), to_driving_list(rendered)))
            }
            Self::Rows(_) | Self::TenantRows { .. } if ends_with(VALUES) => {
                Ok((VALUES.len(), rendered.to_owned()))
            }
            Self::Rows(_) | Self::TenantRows { .. } => {
                Err("there is no VALUES before rows".to_owned())
            }
            Self::List(_) if !ends_with(IN) => Err("there is no IN before a list".to_owned()),
            Self::List(_) if is_array && ends_with(NOT_IN) => {
                Ok((NOT_IN.len(), format!(" <> ALL ({rendered})")))
            }
            Self::List(_) if is_array => Ok((IN.len(), format!(" = ANY ({rendered})"))),
            _ => Ok((0, rendered.to_owned())),
        }
    }
}

/// Rows that a statement of SQLite joins. SQLite takes every tenant for ten rows: for a list of fifty it reads the tenant and
/// looks each of its rows up in the list, however many they are. Of a list that it believes to have one row it looks each up
/// in the tables.
fn to_driving_list(rendered: &str) -> String {
    format!("SELECT * FROM ({rendered}) WHERE likelihood(column1 IS column1, 0.0001)")
}

/// The list, with its last value repeated up to one of [`LENGTHS`].
fn pad_list(list: &[Value]) -> Result<Vec<Value>, String> {
    let filler = list.last().ok_or("a list is empty")?;
    let fits = LENGTHS.into_iter().find(|it| *it >= list.len());
    let mut padded = list.to_vec();
    padded.resize(fits.unwrap_or(list.len()), filler.clone());
    Ok(padded)
}

/// Adds rows, each led by `first` if there is one. They are padded with rows of nothing, which the limit cuts off.
fn add_rows(
    first: Option<&Value>,
    rows: &[Vec<Value>],
    text: &mut String,
    values: &mut Vec<Value>,
) {
    let length = ROWS.into_iter().find(|it| *it >= rows.len());
    let length = length.unwrap_or(rows.len());
    let nothing = vec![Value::Int(None); rows.first().map_or(0, Vec::len)];
    if length > 1 {
        text.push_str("SELECT * FROM (");
    }
    let padding = iter::repeat(&nothing);
    for (n, row) in rows.iter().chain(padding).take(length).enumerate() {
        text.push_str(if n == 0 { VALUES } else { ", " });
        text.push('(');
        add_unnumbered(first.into_iter().chain(row), text, values);
        text.push(')');
    }
    if length > 1 {
        text.push_str(") LIMIT ?");
        values.push(i64::try_from(rows.len()).unwrap_or(i64::MAX).into());
    }
}

/// Adds values whose placeholders have no numbers. SQLite keeps numbers in a list that it reads for each value, so that
/// the time grows with the square of the number of values.
fn add_unnumbered<'a>(
    added: impl IntoIterator<Item = &'a Value>,
    text: &mut String,
    values: &mut Vec<Value>,
) {
    for (n, value) in added.into_iter().enumerate() {
        text.push_str(if n == 0 { "?" } else { ", ?" });
        values.push(value.clone());
    }
}

fn add_list(list: Vec<Value>, text: &mut String, values: &mut Vec<Value>) {
    for (n, value) in list.into_iter().enumerate() {
        text.push_str(if n == 0 { "(" } else { ", " });
        add_numbered(value, text, values);
    }
    text.push(')');
}

fn add_numbered(value: Value, text: &mut String, values: &mut Vec<Value>) {
    values.push(value);
    // Writing to a String cannot fail.
    let _ = write!(text, "${}", values.len());
}

/// Adds each column of the rows as one array.
fn add_columns(
    rows: Vec<Vec<Value>>,
    text: &mut String,
    values: &mut Vec<Value>,
) -> Result<(), String> {
    let (width, length) = (rows.first().map_or(0, Vec::len), rows.len());
    if width == 0 || rows.iter().any(|row| row.len() != width) {
        return Err("the rows have no columns, or not the same".to_owned());
    }
    let mut columns: Vec<_> = (0..width).map(|_| Vec::with_capacity(length)).collect();
    for row in rows {
        columns
            .iter_mut()
            .zip(row)
            .for_each(|(column, value)| column.push(value));
    }
    add_arrays(columns, text, values)
}

/// Adds `unnest($1::text[], $2::bigint[])`.
fn add_arrays(
    columns: Vec<Vec<Value>>,
    text: &mut String,
    values: &mut Vec<Value>,
) -> Result<(), String> {
    text.push_str("unnest(");
    for (n, column) in columns.into_iter().enumerate() {
        text.push_str(if n == 0 { "" } else { ", " });
        add_array(column, text, values)?;
    }
    text.push(')');
    Ok(())
}

/// Adds `$1::text[]`.
fn add_array(column: Vec<Value>, text: &mut String, values: &mut Vec<Value>) -> Result<(), String> {
    let array = array::to_column(column)?;
    add_numbered(array.value, text, values);
    array.casts.iter().for_each(|it| text.push_str(it));
    Ok(())
}
