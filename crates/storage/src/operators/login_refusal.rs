//! Sums of refused log-ins by minute and operator, until the audit has them.
//!
//! The rule: strangers cause refusals, so that a refusal never adds a row of its own to the audit, which is kept for
//! years. A minute has one row for each operator and one for all unknown names.

use regrant_domain::Timestamp;

use crate::{
    Error, TenantTx,
    sql::{Query, Row, to_micros},
};

/// The refused log-ins of one minute with one operator's name, or with names that no operator has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRefusals {
    /// The operator's id, or `unknown`.
    pub subject: String,
    /// How many there were.
    pub refusals: u32,
    /// How many of them locked the name at an address.
    pub locks: u32,
    /// The first.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
}

const MICROS_PER_MINUTE: i64 = 60_000_000;

impl TenantTx {
    /// Adds one refusal to the sum of its minute.
    pub async fn add_login_refusal(
        &self,
        subject: &str,
        locked: bool,
        at: Timestamp,
    ) -> Result<(), Error> {
        let at = to_micros(at);
        let query = Query::new(
            "INSERT INTO login_refusals (minute, subject, refusals, locks, first_at, last_at)
             VALUES (:minute, :subject, 1, :locks, :at, :at)
             ON CONFLICT (minute, subject) DO UPDATE SET
                 refusals = login_refusals.refusals + 1,
                 locks = login_refusals.locks + excluded.locks, last_at = excluded.last_at",
        )
        .bind("minute", at.div_euclid(MICROS_PER_MINUTE))
        .bind("subject", subject.to_owned())
        .bind("locks", i64::from(locked))
        .bind("at", at);
        self.run_on_installation(query).await.map(drop)
    }

    /// Takes the sums of the minutes that ended by `now`.
    pub async fn take_login_refusals(&self, now: Timestamp) -> Result<Vec<LoginRefusals>, Error> {
        self.require_installation()?;
        let query = Query::new(
            "DELETE FROM login_refusals WHERE minute < :minute
             RETURNING subject, refusals, locks, first_at, last_at",
        )
        .bind("minute", to_micros(now).div_euclid(MICROS_PER_MINUTE));
        let rows = query.fetch_all(&self.transaction).await?;
        let mut taken = rows
            .iter()
            .map(refusals_from_row)
            .collect::<Result<Vec<_>, _>>()?;
        taken.sort_by_key(|it| it.first_at);
        Ok(taken)
    }
}

fn refusals_from_row(row: &Row) -> Result<LoginRefusals, Error> {
    Ok(LoginRefusals {
        subject: row.get("subject")?,
        refusals: row.unsigned("refusals")?,
        locks: row.unsigned("locks")?,
        first_at: row.time("first_at")?,
        last_at: row.time("last_at")?,
    })
}
