//! Operators run the installation. An owner, or the command line, creates, changes and deletes
//! them.
//!
//! The rule: at least one enabled owner exists at all times. A transaction that disables an
//! operator or resets a password also ends the operator's log-ins. Continue at `log_in.rs` for
//! authentication.

pub(crate) mod log_in;
pub(crate) mod passwords;

use std::sync::Arc;

use regrant_domain::{OperatorId, OperatorName, OperatorRole, Password, Timestamp};
use regrant_storage::{AuditEvent, Operator, TenantTx};
use serde_json::{Value, json};

use crate::{
    Actor, Conflict, Error, RepeatableRequest, Replayed, Resource, Vault,
    call::{
        actor::lock_owners_for,
        idempotency::IdempotentCall,
        page::{Page, query_limit},
    },
    operators::passwords::HashUse,
};

/// An operator to create.
pub struct NewOperator {
    /// The name for log-ins.
    pub name: OperatorName,
    /// The role, which decides the rights.
    pub role: OperatorRole,
    /// The password for log-ins.
    pub password: Password,
}

/// Changes to an operator. `None` leaves a field as it is.
#[derive(Default)]
pub struct OperatorChange {
    /// The name for log-ins.
    pub name: Option<OperatorName>,
    /// The role, which decides the rights.
    pub role: Option<OperatorRole>,
    /// Whether the operator is refused.
    pub disabled: Option<bool>,
    /// The password for log-ins.
    pub password: Option<Password>,
}

/// One page of operators.
pub struct OperatorList {
    /// The operators.
    pub data: Vec<Operator>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<OperatorId>,
}

impl OperatorChange {
    /// The operator after the change. Disabling again keeps the first time.
    fn apply_to(self, was: &Operator, now: Timestamp) -> Operator {
        let disabled_at = match self.disabled {
            Some(true) => was.disabled_at.or(Some(now)),
            Some(false) => None,
            None => was.disabled_at,
        };
        Operator {
            name: self.name.unwrap_or_else(|| was.name.clone()),
            role: self.role.unwrap_or(was.role),
            disabled_at,
            ..was.clone()
        }
    }
}

impl Vault {
    /// Creates an operator.
    ///
    /// # Errors
    /// `ReadOnly`; `Busy`; `Conflict(Exists)` if the name is in use; `Conflict(OtherBody)`.
    pub async fn create_operator(
        &self,
        by: Actor,
        new: NewOperator,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Replayed<Operator>, Error> {
        self.require_owner(by).await?;
        let (id, password) = (OperatorId::mint(), Arc::new(new.password));
        let create = async |call: Option<&IdempotentCall>| {
            let password_hash = self.hash_operator_password(Arc::clone(&password)).await?;
            let operator = Operator {
                id,
                name: new.name,
                role: new.role,
                created_at: self.clock.now(),
                disabled_at: None,
                last_login_at: None,
            };
            self.insert_operator(by, &operator, &password_hash, call)
                .await
        };
        let system = self.store.system_scope();
        let done = self
            .run_idempotent(&system, by.caller_id(), repeatable, create)
            .await?;
        if done.is_replay {
            self.require_password(done.value, password).await?;
        }
        Ok(Replayed {
            value: self.find_operator(done.value).await?,
            is_replay: done.is_replay,
        })
    }

    async fn insert_operator(
        &self,
        by: Actor,
        operator: &Operator,
        password_hash: &str,
        call: Option<&IdempotentCall>,
    ) -> Result<OperatorId, Error> {
        let (id, now) = (operator.id, operator.created_at);
        let tx = self.store.begin(&self.store.system_scope()).await?;
        // Serializes changes of operator names, too, so that a concurrent create gives a conflict.
        lock_owners_for(&tx, by, now).await?;
        tx.insert_operator(operator, password_hash)
            .await
            .map_err(name_conflict)?;
        let detail = json!({ "name": operator.name.as_str(), "role": operator.role });
        let event = AuditEvent::new(by.audit_name(), "operator.created", id, detail);
        tx.write_audit_events(&[event], now).await?;
        self.commit_with_key(tx, call, &id, now).await?;
        Ok(id)
    }

    async fn hash_operator_password(
        &self,
        password: impl Into<Arc<Password>>,
    ) -> Result<String, Error> {
        let permit = self.passwords.acquire_permit(HashUse::OfOperator).await?;
        permit.hash_password(password).await
    }

    /// Requires that a repeated request has the operator's password: its fingerprint does not cover the password, because
    /// no fast hash of a password may be stored.
    ///
    /// # Errors
    /// `Conflict(OtherBody)`; `NotFound(Operator)`; `Busy`.
    async fn require_password(&self, id: OperatorId, password: Arc<Password>) -> Result<(), Error> {
        let stored = self.store.find_operator_by_id(id).await;
        let stored = stored.map_err(Error::not_found_as(Resource::Operator))?;
        let permit = self.passwords.acquire_permit(HashUse::OfOperator).await?;
        let hash = Some(stored.password_hash);
        if permit.verify_password(hash, password).await? {
            Ok(())
        } else {
            Err(Error::Conflict(Conflict::OtherBody))
        }
    }

    /// Lists operators, oldest first.
    pub async fn list_operators(
        &self,
        after: Option<OperatorId>,
        limit: u32,
    ) -> Result<OperatorList, Error> {
        let rows = self.store.list_operators(after, query_limit(limit)).await?;
        let Page { data, next } = Page::cut(rows, limit, |it| it.id)?;
        Ok(OperatorList { data, next })
    }

    /// Finds an operator by id.
    ///
    /// # Errors
    /// `NotFound(Operator)`.
    pub async fn find_operator(&self, id: OperatorId) -> Result<Operator, Error> {
        let found = self.store.find_operator_by_id(id).await;
        found
            .map(|it| it.operator)
            .map_err(Error::not_found_as(Resource::Operator))
    }

    /// Finds an operator by name.
    ///
    /// # Errors
    /// `NotFound(Operator)`.
    pub async fn find_operator_by_name(&self, name: &OperatorName) -> Result<Operator, Error> {
        let found = self.store.find_operator_by_name(name).await?;
        found
            .map(|it| it.operator)
            .ok_or(Error::NotFound(Resource::Operator))
    }

    /// Changes an operator. Disabling the operator or resetting the password ends all log-ins at
    /// once.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Operator)`; `Busy`; `Conflict(Exists)` if the name is in use;
    /// `Conflict(LastOwner)`.
    pub async fn change_operator(
        &self,
        by: Actor,
        id: OperatorId,
        mut change: OperatorChange,
    ) -> Result<Operator, Error> {
        self.require_owner(by).await?;
        let password_hash = match change.password.take() {
            Some(password) => Some(self.hash_operator_password(password).await?),
            None => None,
        };
        let now = self.clock.now();
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let owners = lock_owners_for(&tx, by, now).await?;
        let was = tx
            .lock_operator(id)
            .await
            .map_err(Error::not_found_as(Resource::Operator))?
            .operator;
        let is = change.apply_to(&was, now);
        if !(is.role == OperatorRole::Owner && is.disabled_at.is_none()) {
            require_other_owner(&owners, id)?;
        }
        tx.update_operator(&is).await.map_err(name_conflict)?;
        if let Some(hash) = &password_hash {
            tx.set_operator_password(id, hash).await?;
            // Unlock the name: earlier wrong passwords must not lock out the new password.
            tx.clear_login_name(&self.person_directory.hash_login_name(&is.name))
                .await?;
        }
        if password_hash.is_some() || is.disabled_at.is_some() {
            tx.end_operator_sessions(id, None).await?;
        }
        let detail = change_detail(&was, &is, password_hash.is_some());
        let event = AuditEvent::new(by.audit_name(), "operator.changed", id, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(is)
    }

    /// Deletes an operator and ends all log-ins of the operator.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Operator)`; `Conflict(LastOwner)`.
    pub async fn delete_operator(&self, by: Actor, id: OperatorId) -> Result<(), Error> {
        self.require_owner(by).await?;
        let now = self.clock.now();
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let owners = lock_owners_for(&tx, by, now).await?;
        let was = tx
            .lock_operator(id)
            .await
            .map_err(Error::not_found_as(Resource::Operator))?
            .operator;
        require_other_owner(&owners, id)?;
        delete_with_log_ins(&tx, &was).await?;
        let detail = json!({ "name": was.name.as_str(), "role": was.role });
        let event = AuditEvent::new(by.audit_name(), "operator.deleted", id, detail);
        tx.write_audit_events(&[event], now).await?;
        Ok(tx.commit().await?)
    }
}

async fn delete_with_log_ins(tx: &TenantTx, operator: &Operator) -> Result<(), Error> {
    tx.end_operator_sessions(operator.id, None).await?;
    Ok(tx.delete_operator(operator.id).await?)
}

/// Refuses to remove the last owner: without one, only the command line could change the
/// installation.
fn require_other_owner(owners: &[OperatorId], id: OperatorId) -> Result<(), Error> {
    if owners == [id] {
        Err(Error::Conflict(Conflict::LastOwner))
    } else {
        Ok(())
    }
}

/// The audit detail of a change: the fields that differ. Never contains the password.
fn change_detail(was: &Operator, is: &Operator, password: bool) -> Value {
    let mut detail = serde_json::Map::new();
    if was.name != is.name {
        detail.insert("name".to_owned(), json!(is.name.as_str()));
    }
    if was.role != is.role {
        detail.insert("role".to_owned(), json!(is.role));
    }
    if was.disabled_at.is_some() != is.disabled_at.is_some() {
        detail.insert("disabled".to_owned(), json!(is.disabled_at.is_some()));
    }
    if password {
        detail.insert("password".to_owned(), json!("reset"));
    }
    detail.into()
}

fn name_conflict(error: regrant_storage::Error) -> Error {
    match error {
        regrant_storage::Error::Taken(_) => Error::Conflict(Conflict::Exists(Resource::Operator)),
        other => other.into(),
    }
}
