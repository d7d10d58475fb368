//! What a name of a statement is bound to, and the text that replaces the name.
//!
//! The rule: the text of a statement on PostgreSQL does not depend on how many values it carries. Lists and rows are
//! arrays there, one parameter a column, which the planner joins with by hash or by key. A list of hundreds of
//! placeholders may be compared with every row of the tenant, one by one. A list of one or two stays as it is, because
//! a plan for any length may read every row of the tenant. SQLite plans lists well; they are padded to few lengths, so
//! that few texts are prepared.
//! Start at [`Param::render`].

use std::fmt::Write;

use sea_orm::Value;

use crate::sql::{Dialect, array};

/// The lengths of lists on SQLite.
const LENGTHS: [usize; 5] = [1, 2, 8, 64, 500];
/// The longest list that is not an array on PostgreSQL.
const SHORT: usize = 2;

/// What a name is bound to.
#[derive(Debug, Clone)]
pub(crate) enum Param {
    One(Value),
    List(Vec<Value>),
    Rows(Vec<Vec<Value>>),
    /// Each row is led by the tenant, which is `$1`.
    TenantRows(Vec<Vec<Value>>),
    /// The parts in square brackets that use the name are left out.
    Nothing,
}

impl Param {
    /// Adds the values and returns the text that uses them in place of the name. The text for rows begins with
    /// `VALUES` or `SELECT`.
    pub(crate) fn render(
        &self,
        dialect: Dialect,
        values: &mut Vec<Value>,
    ) -> Result<String, String> {
        let mut text = String::new();
        match (self, dialect) {
            (Self::Nothing, _) => {}
            (Self::One(value), _) => add_value(value, &mut text, values),
            (Self::List(list), Dialect::Postgres) if list.len() > SHORT => {
                let list: Vec<&Value> = list.iter().collect();
                text.push_str("(SELECT ");
                add_arrays([list.as_slice()].into_iter(), &mut text, values)?;
                text.push(')');
            }
            (Self::List(list), _) => {
                add_tuple("(", &pad_list(list)?, &mut text, values);
            }
            (Self::Rows(rows), Dialect::Sqlite) => add_rows("(", rows, &mut text, values),
            (Self::TenantRows(rows), Dialect::Sqlite) => {
                add_rows("($1, ", rows, &mut text, values);
            }
            (Self::Rows(rows), Dialect::Postgres) => {
                text.push_str("SELECT * FROM ");
                add_columns(rows, &mut text, values)?;
            }
            (Self::TenantRows(rows), Dialect::Postgres) => {
                text.push_str("SELECT $1, * FROM ");
                add_columns(rows, &mut text, values)?;
            }
        }
        Ok(text)
    }

    /// Whether the text of a statement has the word `VALUES` before the name, which the text for rows replaces.
    pub(crate) const fn follows_values(&self) -> bool {
        matches!(self, Self::Rows(_) | Self::TenantRows(_))
    }
}

/// The list, with its last value repeated up to one of [`LENGTHS`].
fn pad_list(list: &[Value]) -> Result<Vec<Value>, String> {
    let filler = list.last().ok_or("a list is empty")?;
    let fits = LENGTHS.into_iter().find(|it| *it >= list.len());
    let mut padded = list.to_vec();
    padded.resize(fits.unwrap_or(list.len()), filler.clone());
    Ok(padded)
}

fn add_rows(open: &str, rows: &[Vec<Value>], text: &mut String, values: &mut Vec<Value>) {
    text.push_str("VALUES ");
    for (n, row) in rows.iter().enumerate() {
        text.push_str(if n == 0 { "" } else { ", " });
        add_tuple(open, row, text, values);
    }
}

fn add_tuple(open: &str, tuple: &[Value], text: &mut String, values: &mut Vec<Value>) {
    text.push_str(open);
    for (n, value) in tuple.iter().enumerate() {
        text.push_str(if n == 0 { "" } else { ", " });
        add_value(value, text, values);
    }
    text.push(')');
}

fn add_value(value: &Value, text: &mut String, values: &mut Vec<Value>) {
    values.push(value.clone());
    // Writing to a String cannot fail.
    let _ = write!(text, "${}", values.len());
}

/// Adds each column of the rows as one array.
fn add_columns(
    rows: &[Vec<Value>],
    text: &mut String,
    values: &mut Vec<Value>,
) -> Result<(), String> {
    let width = rows.first().map_or(0, Vec::len);
    let column = |n: usize| -> Vec<&Value> { rows.iter().filter_map(|row| row.get(n)).collect() };
    let columns: Vec<Vec<&Value>> = (0..width).map(column).collect();
    if columns.is_empty() || columns.iter().any(|it| it.len() != rows.len()) {
        return Err("the rows have no columns, or not the same".to_owned());
    }
    add_arrays(columns.iter().map(Vec::as_slice), text, values)
}

/// Adds `unnest($1::text[], $2::bigint[])`. The arrays travel as text, because only text carries the nulls in them.
fn add_arrays<'a>(
    columns: impl Iterator<Item = &'a [&'a Value]>,
    text: &mut String,
    values: &mut Vec<Value>,
) -> Result<(), String> {
    text.push_str("unnest(");
    for (n, column) in columns.enumerate() {
        text.push_str(if n == 0 { "" } else { ", " });
        let array = array::write_array(column)?;
        add_value(&array.text.into(), text, values);
        text.push_str(array.cast);
    }
    text.push(')');
    Ok(())
}
