//! One row of a result, read column by column into domain types.

use std::str::FromStr;

use chrono::DateTime;
use regrant_domain::{SealedRecord, Timestamp};
use sea_orm::{QueryResult, TryGetable};
use serde::de::DeserializeOwned;

use crate::Error;

/// No number of ours grows beyond this.
const MAX_COUNTER: i64 = 1 << 53;

/// A row; a value that does not parse is [`Error::Corrupt`] with the column's name.
pub(crate) struct Row {
    result: QueryResult,
    /// What the statement wrote before the names of the columns.
    prefix: &'static str,
}

impl From<QueryResult> for Row {
    fn from(result: QueryResult) -> Self {
        Self { result, prefix: "" }
    }
}

impl Row {
    pub(crate) fn get<T: TryGetable>(&self, column: &'static str) -> Result<T, Error> {
        Ok(self.result.try_get(self.prefix, column)?)
    }

    /// The same row, of which the columns are read that the statement named with this prefix.
    pub(crate) fn with_prefix(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// The value of the column that a statement named with this prefix.
    pub(crate) fn get_prefixed<T: TryGetable>(
        &self,
        prefix: &str,
        column: &'static str,
    ) -> Result<T, Error> {
        Ok(self.result.try_get(prefix, column)?)
    }

    /// Text that a domain type parses.
    pub(crate) fn parse<T: FromStr>(&self, column: &'static str) -> Result<T, Error> {
        parse_text(&self.get::<String>(column)?, column)
    }

    pub(crate) fn maybe_parse<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, Error> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| parse_text(&text, column)).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        self.maybe_json(column)?.ok_or(Error::Corrupt(column))
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, Error> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| Error::Corrupt(column)))
            .transpose()
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, Error> {
        self.maybe_time(column)?.ok_or(Error::Corrupt(column))
    }

    pub(crate) fn maybe_time(&self, column: &'static str) -> Result<Option<Timestamp>, Error> {
        let micros: Option<i64> = self.get(column)?;
        micros
            .map(|micros| DateTime::from_timestamp_micros(micros).ok_or(Error::Corrupt(column)))
            .transpose()
    }

    pub(crate) fn sealed(&self, column: &'static str) -> Result<SealedRecord, Error> {
        Ok(SealedRecord::from_bytes(self.get(column)?))
    }

    pub(crate) fn maybe_sealed(&self, column: &'static str) -> Result<Option<SealedRecord>, Error> {
        Ok(self
            .get::<Option<Vec<u8>>>(column)?
            .map(SealedRecord::from_bytes))
    }

    /// A number that only grows by one: neither negative nor near its limit.
    pub(crate) fn counter(&self, column: &'static str) -> Result<i64, Error> {
        let number: i64 = self.get(column)?;
        (0..=MAX_COUNTER)
            .contains(&number)
            .then_some(number)
            .ok_or(Error::Corrupt(column))
    }

    pub(crate) fn unsigned(&self, column: &'static str) -> Result<u32, Error> {
        u32::try_from(self.get::<i64>(column)?).map_err(|_| Error::Corrupt(column))
    }
}

fn parse_text<T: FromStr>(text: &str, column: &'static str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Corrupt(column))
}
