//! When the database cannot be used at all: what its errors mean, and whether it was so a moment ago.
//!
//! The rule: an outage is the installation's, not the request's. A caller tries again later, and the process says that it
//! is not ready until nothing failed for [`REST`] and a write succeeds.
//! Start at [`Outage`].

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::DbErr;

use crate::{Error, Store, error::find_driver_error, sql::Query};

/// How long after its last outage a database counts as unavailable.
const REST: Duration = Duration::from_secs(5);

/// Why the database cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// No space is left.
    Full,
    /// It accepts no writes.
    ReadOnly,
    /// Its file is damaged.
    Damaged,
    /// It does not answer, or its file cannot be read or written.
    Lost,
    /// A node of a distributed database does not answer. Tenants on other nodes are served.
    NodeLost,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no space is left",
            Self::ReadOnly => "it is read-only",
            Self::Damaged => "it is damaged",
            Self::Lost => "it does not answer, or its file cannot be used",
            Self::NodeLost => "one of its nodes does not answer",
        })
    }
}

/// The outage that an error of the driver reports, if it reports one.
pub(crate) fn find_outage(error: &DbErr) -> Option<Outage> {
    match find_driver_error(error)? {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => Some(Outage::Lost),
        sqlx::Error::Database(cause) => match cause.code()?.as_ref() {
            code if code.len() == 5 => outage_of_sqlstate(code),
            code => outage_of_sqlite(code.parse().ok()?),
        },
        _ => None,
    }
}

/// SQLite's extended codes carry the primary one in their last byte.
const fn outage_of_sqlite(code: u32) -> Option<Outage> {
    match code & 0xff {
        13 => Some(Outage::Full),
        8 => Some(Outage::ReadOnly),
        11 | 26 => Some(Outage::Damaged),
        10 | 14 => Some(Outage::Lost),
        _ => None,
    }
}

fn outage_of_sqlstate(code: &str) -> Option<Outage> {
    match code {
        "53100" => Some(Outage::Full),
        "25006" => Some(Outage::ReadOnly),
        "XX001" | "XX002" => Some(Outage::Damaged),
        "53200" | "57P01" | "57P02" | "57P03" | "58030" => Some(Outage::Lost),
        // A server that answers so has lost another one. PgBouncer says 08P01 when it has lost its only server.
        "08000" | "08001" | "08003" | "08004" | "08006" => Some(Outage::NodeLost),
        code if code.starts_with("08") => Some(Outage::Lost),
        _ => None,
    }
}

/// The last outage of a database, shared by everything that uses it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Option<(Outage, Instant)>>>);

impl Health {
    /// Notes an outage of all tenants; returns the result as it is.
    pub fn note<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Unavailable(outage, _)) = &result
            && *outage != Outage::NodeLost
        {
            self.set(Some((*outage, Instant::now())));
        }
        result
    }

    fn set(&self, last: Option<(Outage, Instant)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    fn last(&self) -> Option<(Outage, Instant)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Checks that the database can be used; after an outage also that it can be written. Returns the outage, if it
    /// lasts.
    ///
    /// # Errors
    /// The database failed otherwise.
    pub async fn check_usable(&self) -> Result<Option<Outage>, Error> {
        let answered = Query::new("SELECT 1").fetch_one(&self.connection).await;
        match self.health.note(answered) {
            Err(Error::Unavailable(outage, _)) => return Ok(Some(outage)),
            answered => drop(answered?),
        }
        let Some((outage, at)) = self.health.last() else {
            return Ok(None);
        };
        if at.elapsed() < REST {
            return Ok(Some(outage));
        }
        match self.health.note(self.write_nothing().await) {
            Ok(()) => {
                self.health.set(None);
                Ok(None)
            }
            Err(Error::Unavailable(outage, _)) => Ok(Some(outage)),
            Err(error) => Err(error),
        }
    }

    /// Writes what leaves nothing behind.
    async fn write_nothing(&self) -> Result<(), Error> {
        let _turn = self.wait_for_writer().await?;
        let transaction = self.dialect.begin_write(&self.writes).await?;
        transaction.run_commands(self.dialect.write_probe()).await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_a_read_only_a_damaged_and_a_lost_database_are_outages_and_a_constraint_is_none() {
        for (code, outage) in [
            (13, Some(Outage::Full)),
            (1032, Some(Outage::ReadOnly)),
            (11, Some(Outage::Damaged)),
            (778, Some(Outage::Lost)),
            (14, Some(Outage::Lost)),
            (2067, None),
            (5, None),
        ] {
            assert_eq!(outage_of_sqlite(code), outage, "{code}");
        }
        for (code, outage) in [
            ("53100", Some(Outage::Full)),
            ("25006", Some(Outage::ReadOnly)),
            ("08006", Some(Outage::NodeLost)),
            ("08P01", Some(Outage::Lost)),
            ("57P01", Some(Outage::Lost)),
            ("23505", None),
        ] {
            assert_eq!(outage_of_sqlstate(code), outage, "{code}");
        }
    }
}
