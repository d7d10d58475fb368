//! What failed log-ins lock, and how the audit names them.
//!
//! The rule: a lock counts a name at one address, so that a stranger cannot lock an operator out. A name that failed
//! often, wherever, gives each address one attempt instead of five: the right password still passes from an address
//! that did not fail. Refusals reach the audit as sums of minutes.

use std::time::Duration;

use regrant_domain::{OperatorId, Timestamp};
use regrant_storage::{AuditEvent, LoginFailures, LoginOrigin, LoginRefusals, TenantTx};
use serde_json::json;

use crate::{Error, Vault};

/// The number of consecutive failures that locks a name at an address.
const FAILURES_TO_LOCK: u32 = 5;
/// The number of failures of a name at all addresses after which each of them locks.
const FAILURES_TO_BRAKE: u32 = 50;
/// The first lock time. Each further failure doubles it.
const MIN_LOCK: Duration = Duration::from_secs(30);
/// The maximum lock time.
const MAX_LOCK: Duration = Duration::from_mins(15);
/// How long the audit sums refusals.
const SUMMED: chrono::Duration = chrono::Duration::minutes(1);

impl Vault {
    /// Refuses an attempt before the slow computation, if the name is locked at this address.
    pub(super) async fn refuse_locked_name(&self, origin: &LoginOrigin) -> Result<(), Error> {
        let now = self.clock.now();
        match self.store.find_login_lock(origin).await? {
            Some(until) if until > now => Err(Error::LockedOut {
                retry_after: (until - now).to_std().unwrap_or(MIN_LOCK),
            }),
            _ => Ok(()),
        }
    }

    /// Counts a failed attempt, and adds it to the sum of its minute. Returns the error for the caller.
    pub(super) async fn record_failure(
        &self,
        known: Option<OperatorId>,
        origin: &LoginOrigin,
    ) -> Result<Error, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let failures = tx.count_login_failure(origin, now).await?;
        let lock = lock_duration(failures);
        if let Some(lock) = lock {
            tx.lock_login(origin, now + lock).await?;
        }
        let subject = known.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        tx.add_login_refusal(&subject, lock.is_some(), now).await?;
        audit_refusals(&tx, now, now).await?;
        tx.commit().await?;
        Ok(Error::WrongCredentials)
    }

    /// Writes the sums of the minutes that have ended to the audit, and deletes failures without a new one for a day.
    /// Returns the number of rows.
    pub(super) async fn purge_failures(&self, now: Timestamp) -> Result<u64, Error> {
        let tx = self.store.begin(&self.store.system_scope()).await?;
        audit_refusals(&tx, now, now).await?;
        tx.commit().await?;
        let before = now - chrono::Duration::days(1);
        Ok(self.store.purge_login_attempts(before).await?)
    }
}

/// Writes all sums to the audit, with that of this minute.
pub(super) async fn audit_all_refusals(tx: &TenantTx, now: Timestamp) -> Result<(), Error> {
    audit_refusals(tx, now + SUMMED, now).await
}

/// Writes the sums of the minutes before `until` to the audit.
async fn audit_refusals(tx: &TenantTx, until: Timestamp, now: Timestamp) -> Result<(), Error> {
    let sums = tx.take_login_refusals(until).await?;
    let events: Vec<_> = sums.into_iter().map(refused_event).collect();
    Ok(tx.write_audit_events(&events, now).await?)
}

fn refused_event(sum: LoginRefusals) -> AuditEvent {
    let detail = json!({
        "refusals": sum.refusals, "locks": sum.locks, "first_at": sum.first_at, "last_at": sum.last_at,
    });
    // The stored actor of failed log-ins; readers of the audit rely on it.
    AuditEvent::new("nobody", "operator.log_in_refused", sum.subject, detail)
}

/// The lock time after these failures; `None` below the limit.
fn lock_duration(failures: LoginFailures) -> Option<Duration> {
    let is_braked = failures.of_name > FAILURES_TO_BRAKE;
    let limit = if is_braked { 1 } else { FAILURES_TO_LOCK };
    let doublings = failures.here.checked_sub(limit)?;
    Some(
        MIN_LOCK
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(MAX_LOCK),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock_seconds(here: u32, of_name: u32) -> Option<u64> {
        lock_duration(LoginFailures { here, of_name }).map(|it| it.as_secs())
    }

    #[test]
    fn the_fifth_failure_at_an_address_locks_and_each_further_one_doubles_the_lock_up_to_15_minutes()
     {
        let seconds: Vec<_> = (0..14).map(|n| lock_seconds(n, n)).collect();
        assert_eq!(seconds[..5], [None; 5]);
        let locked: Vec<_> = seconds[5..].iter().flatten().copied().collect();
        assert_eq!(locked, [30, 60, 120, 240, 480, 900, 900, 900, 900]);
        assert_eq!(lock_seconds(u32::MAX, u32::MAX), Some(900));
    }

    #[test]
    fn a_name_that_failed_often_gives_an_address_one_attempt() {
        assert_eq!(lock_seconds(1, 50), None);
        assert_eq!(lock_seconds(1, 51), Some(30));
        assert_eq!(lock_seconds(0, 1_000_000), None, "it did not fail here");
    }
}
