//! Rows that do not parse, or whose seal does not fit: the fault stays with its own row, and the rows beside it are read.
//!
//! The rule: each such row raises `alarm="unreadable"`, or `alarm="row_tampered"` where it was changed around the
//! application, once a minute. A statement over many rows never fails because of one: use [`decode_rows`], and
//! [`LenientRow`] where the row has a result of its own.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use regrant_domain::error_chain;
use tracing::error;
use uuid::Uuid;

use crate::Error;

/// How often the same row raises the alarm.
const ALARM_EVERY: Duration = Duration::from_mins(1);
/// How many rows are remembered for that.
const MAX_ROWS: usize = 1_000;

/// When each row raised the alarm last.
static ALARMS: Mutex<Option<HashMap<String, Instant>>> = Mutex::new(None);

/// Decodes rows, and leaves out those that do not decode.
pub(crate) fn decode_rows<'a, R: 'a, T>(
    table: &'static str,
    rows: impl IntoIterator<Item = &'a R>,
    decode: impl Fn(&R) -> Result<T, Error>,
) -> Vec<T> {
    let rows = rows.into_iter();
    rows.filter_map(|row| decode_row(table, row, &decode))
        .collect()
}

/// Decodes a row, unless it does not decode.
pub(crate) fn decode_row<R, T>(
    table: &'static str,
    row: &R,
    decode: impl Fn(&R) -> Result<T, Error>,
) -> Option<T> {
    decode(row)
        .inspect_err(|fault| raise_alarm(table, "", fault))
        .ok()
}

/// A row whose columns are replaced by placeholders where they do not parse.
pub(crate) struct LenientRow {
    fault: RefCell<Option<Error>>,
}

impl LenientRow {
    pub(crate) const fn new() -> Self {
        Self {
            fault: RefCell::new(None),
        }
    }

    /// The value, or the placeholder.
    pub(crate) fn or<T>(&self, value: Result<T, Error>, placeholder: T) -> T {
        value.unwrap_or_else(|fault| {
            self.fault.replace(Some(fault));
            placeholder
        })
    }

    /// The value, or the default of its type.
    pub(crate) fn or_default<T: Default>(&self, value: Result<T, Error>) -> T {
        self.or(value, T::default())
    }

    /// Raises the alarm if a column did not parse; whether one did not.
    pub(crate) fn report_fault(self, table: &'static str, id: &str) -> bool {
        let fault = self.fault.into_inner();
        fault.inspect(|it| raise_alarm(table, id, it)).is_some()
    }
}

fn raise_alarm(table: &'static str, id: &str, fault: &Error) {
    if let Error::Tampered { table, id } = fault {
        raise_tampered_alarm(table, *id);
    } else if is_alarm_due(format!("{table} {id}"), Instant::now()) {
        error!(
            alarm = "unreadable",
            table,
            row = id,
            error = error_chain(fault),
            "a stored row does not parse"
        );
    }
}

fn raise_tampered_alarm(table: &'static str, id: Uuid) {
    if is_alarm_due(format!("tampered {table} {id}"), Instant::now()) {
        error!(alarm = "row_tampered", row.table = table, row.id = %id,
            "a row was changed around the application and is left out; run `regrant audit verify`");
    }
}

fn is_alarm_due(row: String, now: Instant) -> bool {
    let mut alarms = ALARMS.lock().unwrap_or_else(PoisonError::into_inner);
    let alarms = alarms.get_or_insert_default();
    let is_recent = |it: &Instant| now.duration_since(*it) < ALARM_EVERY;
    if alarms.get(&row).is_some_and(is_recent) {
        return false;
    }
    if alarms.len() >= MAX_ROWS {
        alarms.clear();
    }
    alarms.insert(row, now);
    true
}
