//! Operators log in with a password and get a token for the admin API, valid for at most one hour.
//!
//! The rule: an unknown name behaves like a known one: same error, same time, same lock. Every
//! request loads the log-in and the operator, so that a log-out, a disabled operator or a new
//! password applies at once.
//! Start at `Vault::log_in`; `lockout.rs` counts failures.

mod lockout;

use std::{net::IpAddr, time::Duration};

use regrant_domain::{
    OperatorId, OperatorName, OperatorSessionId, Password, TenantId, Timestamp, network_of,
};
use regrant_storage::{
    AuditEvent, LoginOrigin, Operator, OperatorSession, OperatorWithPassword, TenantTx,
};
use serde_json::{Value, json};

use crate::{
    Actor, Error, PasswordLoad, Vault,
    access::claims::{Audience, NewToken, OPERATORS},
    operators::passwords::HashUse,
};

/// The maximum lifetime of a log-in: the verifier refuses tokens with a longer lifetime.
const MAX_SESSION: Duration = Duration::from_hours(1);

/// An operator with a valid log-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedOperator {
    /// The operator.
    pub operator: Operator,
    /// The id of the log-in.
    pub session: OperatorSessionId,
}

/// A new log-in with its token.
pub struct OperatorToken {
    /// The JWT for the admin API.
    pub access_token: String,
    /// The token's lifetime in seconds.
    pub expires_in: u64,
    /// The operator and the log-in.
    pub caller: AuthenticatedOperator,
}

/// One attempt to log in.
#[derive(Clone, Copy)]
struct LoginAttempt<'a> {
    name: &'a OperatorName,
    address: IpAddr,
    origin: &'a LoginOrigin,
}

impl AuthenticatedOperator {
    /// The operator as the actor of changes.
    #[must_use]
    pub const fn as_actor(&self) -> Actor {
        Actor::Operator {
            id: self.operator.id,
            session: self.session,
        }
    }
}

impl Vault {
    /// Logs an operator in with name and password.
    ///
    /// # Errors
    /// `WrongCredentials` for an unknown name, a disabled operator and a wrong password alike;
    /// `LockedOut`; `Busy`.
    pub async fn log_in(
        &self,
        name: &OperatorName,
        password: Password,
        address: IpAddr,
    ) -> Result<OperatorToken, Error> {
        let origin = self.person_directory.hash_login_origin(name, address);
        let attempt = LoginAttempt {
            name,
            address,
            origin: &origin,
        };
        let found = self.check_credentials(attempt, password).await?;
        let now = self.clock.now();
        let lifetime = self.settings.operators.session.min(MAX_SESSION);
        let logged_in = self.start_session(found, &origin, now, lifetime).await?;
        let token = NewToken {
            audience: Audience::Admin,
            sub: logged_in.operator.id.to_string(),
            client_id: OPERATORS.to_owned(),
            tenant: TenantId::SYSTEM,
            ver: 0,
            scope: String::new(),
            jti: logged_in.session.to_string(),
            key: None,
            lifetime,
        };
        let access_token = self.issuer.sign_token(token, now).await?;
        Ok(OperatorToken {
            access_token,
            expires_in: lifetime.as_secs(),
            caller: logged_in,
        })
    }

    /// Inserts the log-in, if the operator did not change since `found` was read.
    async fn start_session(
        &self,
        found: OperatorWithPassword,
        origin: &LoginOrigin,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<AuthenticatedOperator, Error> {
        let (id, operator) = (OperatorSessionId::mint(), found.operator.id);
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let current = lock_for_log_in(&tx, operator).await?;
        // The operator may have been disabled or given a new password during the slow comparison.
        if current.operator.disabled_at.is_some() || current.password_hash != found.password_hash {
            return Err(Error::WrongCredentials);
        }
        tx.insert_operator_session(&OperatorSession {
            id,
            operator,
            created_at: now,
            expires_at: now + lifetime,
        })
        .await?;
        tx.clear_login_failures(origin).await?;
        lockout::audit_all_refusals(&tx, now).await?;
        let logged_in = AuthenticatedOperator {
            operator: current.operator,
            session: id,
        };
        let event = login_event(&logged_in, "operator.logged_in", json!({ "session": id }));
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(logged_in)
    }

    /// Finds the operator that a token of the admin API belongs to.
    ///
    /// # Errors
    /// `Unauthenticated` for any fault of the token, the log-in or the operator.
    pub async fn authenticate_operator(&self, token: &str) -> Result<AuthenticatedOperator, Error> {
        let now = self.clock.now();
        let claims = self
            .issuer
            .verify_token(Audience::Admin, token, now)
            .await?;
        let id: OperatorId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let session: OperatorSessionId = claims.jti.parse().map_err(|_| Error::Unauthenticated)?;
        let operator = self.store.find_operator_of_session(session, now).await;
        let operator = operator.map_err(Error::of_caller)?;
        let operator = operator.filter(|it| it.id == id && claims.tenant == TenantId::SYSTEM);
        Ok(AuthenticatedOperator {
            operator: operator.ok_or(Error::Unauthenticated)?,
            session,
        })
    }

    /// Ends a log-in at once.
    pub async fn log_out(&self, caller: &AuthenticatedOperator) -> Result<(), Error> {
        let tx = self.store.begin(&self.store.system_scope()).await?;
        if tx.delete_operator_session(caller.session).await? {
            let detail = json!({ "session": caller.session });
            let event = login_event(caller, "operator.logged_out", detail);
            tx.write_audit_events(&[event], self.clock.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Changes the caller's password and ends the caller's other log-ins.
    ///
    /// # Errors
    /// `WrongCredentials` if `current` is not the caller's password; `LockedOut`; `Busy`.
    pub async fn change_password(
        &self,
        caller: &AuthenticatedOperator,
        current: Password,
        new: Password,
        address: IpAddr,
    ) -> Result<(), Error> {
        let name = &caller.operator.name;
        let origin = self.person_directory.hash_login_origin(name, address);
        let attempt = LoginAttempt {
            name,
            address,
            origin: &origin,
        };
        let found = self.check_credentials(attempt, current).await?;
        let hash = self.hash_operator_password(new).await?;
        let (id, now) = (caller.operator.id, self.clock.now());
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let current = lock_for_log_in(&tx, id).await?;
        if current.operator.disabled_at.is_some() || current.password_hash != found.password_hash {
            return Err(Error::WrongCredentials);
        }
        tx.set_operator_password(id, &hash).await?;
        tx.end_operator_sessions(id, Some(caller.session)).await?;
        tx.clear_login_failures(&origin).await?;
        tx.write_audit_events(
            &[login_event(caller, "operator.password_changed", json!({}))],
            now,
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// The load of password computations in this process.
    #[must_use]
    pub fn password_load(&self) -> PasswordLoad {
        self.passwords.current_load()
    }

    /// Finds the operator with this name and password. A locked name is refused before the slow
    /// computation.
    async fn check_credentials(
        &self,
        attempt: LoginAttempt<'_>,
        password: Password,
    ) -> Result<OperatorWithPassword, Error> {
        let LoginAttempt {
            name,
            address,
            origin,
        } = attempt;
        self.refuse_locked_name(origin).await?;
        let of_address = HashUse::OfAddress(network_of(address));
        let permit = self.passwords.acquire_permit(of_address).await?;
        // Other attempts may have locked the name while this one waited.
        self.refuse_locked_name(origin).await?;
        let found = match self
            .store
            .find_operator_by_name(name)
            .await
            .map_err(Error::of_caller)
        {
            // A changed row counts as an unknown name, so that the response and its time do not differ.
            Err(Error::Unauthenticated) => None,
            found => found?,
        };
        let hash = found.as_ref().map(|it| it.password_hash.clone());
        let is_correct = permit.verify_password(hash, password).await?;
        let known = found.as_ref().map(|it| it.operator.id);
        match found.filter(|it| is_correct && it.operator.disabled_at.is_none()) {
            Some(operator) => Ok(operator),
            None => Err(self.record_failure(known, origin).await?),
        }
    }

    /// Deletes expired log-ins and old failures. Returns the number of rows.
    pub(crate) async fn purge_log_ins(&self, now: Timestamp) -> Result<u64, Error> {
        let ended = self.store.purge_operator_sessions(now).await?;
        Ok(ended.saturating_add(self.purge_failures(now).await?))
    }
}

/// Locks an operator whose password was right a moment ago. One that was deleted or changed around the application since
/// looks like an unknown name.
async fn lock_for_log_in(tx: &TenantTx, id: OperatorId) -> Result<OperatorWithPassword, Error> {
    tx.lock_operator(id).await.map_err(|error| match error {
        regrant_storage::Error::NotFound => Error::WrongCredentials,
        other => match Error::of_caller(other) {
            Error::Unauthenticated => Error::WrongCredentials,
            other => other,
        },
    })
}

fn login_event(caller: &AuthenticatedOperator, action: &'static str, detail: Value) -> AuditEvent {
    AuditEvent::new(
        caller.as_actor().audit_name(),
        action,
        caller.operator.id,
        detail,
    )
}
