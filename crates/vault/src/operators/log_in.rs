//! Operators log in with a password and get a token of an hour for the admin API.
//!
//! The rule: a name that nobody has is answered like a known one, as slowly, and is locked like one. Every call
//! looks the log-in and its operator up, so that logging out, disabling and another password count at once.

use std::time::Duration;

use regrant_domain::{OperatorId, OperatorName, OperatorSessionId, Password, TenantId, Timestamp};
use regrant_storage::{AuditEvent, Operator, OperatorSession, OperatorWithPassword};
use serde_json::{Value, json};

use crate::{
    Acting, Error, PasswordLoad, Vault,
    access::claims::{Audience, NewToken},
};

/// So many failures in a row lock a name.
const FAILURES: u32 = 5;
/// How long it is locked first; every failure after that doubles it.
const FIRST_LOCK: Duration = Duration::from_secs(30);
const LONGEST_LOCK: Duration = Duration::from_mins(15);
/// No token that lives longer is accepted.
const LONGEST_SESSION: Duration = Duration::from_hours(1);

/// An operator who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who it is.
    pub operator: Operator,
    /// Its log-in.
    pub session: OperatorSessionId,
}

/// A log-in that just began.
pub struct IssuedSession {
    /// The JWT for the admin API.
    pub access_token: String,
    /// Its life in seconds.
    pub expires_in: u64,
    /// Who is logged in.
    pub logged_in: LoggedIn,
}

impl LoggedIn {
    /// Who acts.
    #[must_use]
    pub const fn acting(&self) -> Acting {
        Acting::Operator {
            id: self.operator.id,
            role: self.operator.role,
        }
    }
}

impl Vault {
    /// Lets an operator in.
    ///
    /// # Errors
    /// `WrongCredentials` for an unknown name, a disabled operator and a wrong password alike; `LockedOut`; `Busy`.
    pub async fn log_in(
        &self,
        name: &OperatorName,
        password: Password,
    ) -> Result<IssuedSession, Error> {
        let tried = self.directory.login(name);
        let found = self.tried(name, &tried, password).await?;
        let now = self.clock.now();
        let lifetime = self.settings.operators.session.min(LONGEST_SESSION);
        let (id, operator) = (OperatorSessionId::mint(), found.operator.id);
        let expires_at = now + lifetime;
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let current = tx
            .lock_operator(operator)
            .await
            .map_err(|_| Error::WrongCredentials)?;
        // Whoever disabled it, or gave it another password, while this one was compared was first.
        if current.operator.disabled_at.is_some() || current.password_hash != found.password_hash {
            return Err(Error::WrongCredentials);
        }
        tx.insert_operator_session(&OperatorSession {
            id,
            operator,
            created_at: now,
            expires_at,
        })
        .await?;
        tx.clear_login_failures(&tried).await?;
        let logged_in = LoggedIn {
            operator: current.operator,
            session: id,
        };
        tx.audit(
            &[told(
                &logged_in,
                "operator.logged_in",
                json!({ "session": id }),
            )],
            now,
        )
        .await?;
        tx.commit().await?;
        let token = NewToken {
            audience: Audience::Admin,
            sub: operator.to_string(),
            tenant: TenantId::SYSTEM,
            ver: 0,
            scope: String::new(),
            jti: id.to_string(),
            lifetime,
        };
        let access_token = self.issuer.sign(token, now).await?;
        Ok(IssuedSession {
            access_token,
            expires_in: lifetime.as_secs(),
            logged_in,
        })
    }

    /// The operator behind a token of the admin API.
    ///
    /// # Errors
    /// `Unauthenticated` for whatever is wrong with it.
    pub async fn authenticate_operator(&self, token: &str) -> Result<LoggedIn, Error> {
        let now = self.clock.now();
        let claims = self.issuer.verify(Audience::Admin, token, now).await?;
        let id: OperatorId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let session: OperatorSessionId = claims.jti.parse().map_err(|_| Error::Unauthenticated)?;
        let operator = self.store.find_logged_in(session, now).await?;
        let operator = operator.filter(|it| it.id == id && claims.tenant == TenantId::SYSTEM);
        Ok(LoggedIn {
            operator: operator.ok_or(Error::Unauthenticated)?,
            session,
        })
    }

    /// Ends a log-in at once.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn log_out(&self, caller: &LoggedIn) -> Result<(), Error> {
        let tx = self.store.begin(&self.store.system_scope()).await?;
        if tx.delete_operator_session(caller.session).await? {
            let detail = json!({ "session": caller.session });
            tx.audit(
                &[told(caller, "operator.logged_out", detail)],
                self.clock.now(),
            )
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Gives the caller another password; every other log-in of its ends.
    ///
    /// # Errors
    /// `WrongCredentials` unless `current` is its password; `LockedOut`; `Busy`.
    pub async fn change_password(
        &self,
        caller: &LoggedIn,
        current: Password,
        new: Password,
    ) -> Result<(), Error> {
        let name = &caller.operator.name;
        let tried = self.directory.login(name);
        let found = self.tried(name, &tried, current).await?;
        let hash = self.passwords.place().await?.hash(new).await?;
        let (id, now) = (caller.operator.id, self.clock.now());
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let current = tx
            .lock_operator(id)
            .await
            .map_err(|_| Error::WrongCredentials)?;
        if current.operator.disabled_at.is_some() || current.password_hash != found.password_hash {
            return Err(Error::WrongCredentials);
        }
        tx.set_operator_password(id, &hash).await?;
        tx.end_operator_sessions(id, Some(caller.session)).await?;
        tx.clear_login_failures(&tried).await?;
        tx.audit(&[told(caller, "operator.password_changed", json!({}))], now)
            .await?;
        Ok(tx.commit().await?)
    }

    /// How busy the computations of log-ins are in this process.
    #[must_use]
    pub fn password_load(&self) -> PasswordLoad {
        self.passwords.load()
    }

    /// The operator of this name, if this is its password. A locked name costs no computation.
    async fn tried(
        &self,
        name: &OperatorName,
        tried: &[u8],
        password: Password,
    ) -> Result<OperatorWithPassword, Error> {
        self.refuse_locked(tried).await?;
        let place = self.passwords.place().await?;
        // Others may have failed while this one waited.
        self.refuse_locked(tried).await?;
        let found = self.store.find_operator(name).await?;
        let hash = found.as_ref().map(|it| it.password_hash.clone());
        let fits = place.verify(hash, password).await?;
        let known = found.as_ref().map(|it| it.operator.id);
        match found.filter(|it| fits && it.operator.disabled_at.is_none()) {
            Some(operator) => Ok(operator),
            None => Err(self.failed(known, tried).await?),
        }
    }

    async fn refuse_locked(&self, tried: &[u8]) -> Result<(), Error> {
        let now = self.clock.now();
        match self.store.login_locked_until(tried).await? {
            Some(until) if until > now => Err(Error::LockedOut {
                retry_after: (until - now).to_std().unwrap_or(FIRST_LOCK),
            }),
            _ => Ok(()),
        }
    }

    /// Counts a failure and tells it; the names that nobody has are not told in clear.
    async fn failed(&self, known: Option<OperatorId>, tried: &[u8]) -> Result<Error, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let failures = tx.count_login_failure(tried, now).await?;
        let locked_until = lock(failures).map(|it| now + it);
        if let Some(until) = locked_until {
            tx.lock_login(tried, until).await?;
        }
        let detail = json!({ "failures": failures, "locked_until": locked_until, "name_hash": hex::encode(tried) });
        tx.audit(&[refused(known, detail)], now).await?;
        tx.commit().await?;
        Ok(Error::WrongCredentials)
    }

    /// Forgets log-ins that have ended and failures that nobody added to for a day.
    pub(crate) async fn purge_log_ins(&self, now: Timestamp) -> Result<u64, Error> {
        let ended = self.store.purge_operator_sessions(now).await?;
        Ok(ended.saturating_add(
            self.store
                .purge_login_attempts(now - chrono::Duration::days(1))
                .await?,
        ))
    }
}

/// How long so many failures lock a name, if they do.
fn lock(failures: u32) -> Option<Duration> {
    let doublings = failures.checked_sub(FAILURES)?;
    Some(
        FIRST_LOCK
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(LONGEST_LOCK),
    )
}

fn told(who: &LoggedIn, action: &'static str, detail: Value) -> AuditEvent {
    AuditEvent::new(who.acting().actor(), action, who.operator.id, detail)
}

fn refused(known: Option<OperatorId>, detail: Value) -> AuditEvent {
    let subject = known.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
    AuditEvent::new("nobody", "operator.log_in_refused", subject, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_failure_locks_and_each_one_more_locks_twice_as_long_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<_> = (0..14).map(|n| lock(n).map(|it| it.as_secs())).collect();
        assert_eq!(seconds[..5], [None; 5]);
        let locked: Vec<_> = seconds[5..].iter().flatten().copied().collect();
        assert_eq!(locked, [30, 60, 120, 240, 480, 900, 900, 900, 900]);
        assert_eq!(lock(u32::MAX), Some(LONGEST_LOCK));
    }
}
