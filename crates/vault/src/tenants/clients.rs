//! Operators create, change and delete the clients of a tenant.
//!
//! The rule: a change that removes rights applies from the client's next request on.
//! Continue at `client_secrets.rs`, at `access/authenticate.rs` for the authentication of clients
//! and at `access/scope_usage.rs` for unused scopes.

use ipnet::IpNet;
use regrant_domain::{ClientId, Permissions, Reach, TenantId, Timestamp};
use regrant_storage::{AuditEvent, ClientSpec};
use serde_json::{Value, json};

use crate::{
    Actor, ClientView, ClientWithSecret, Conflict, Error, RepeatableRequest, Resource, Vault,
    call::idempotency::IdempotentCall,
    tenants::{
        client_secrets::build_client,
        client_spec::{check_expiry, check_spec, view_client},
        guard::require_not_shredded,
    },
};

/// Changes to a client. `None` leaves a field as it is; an inner `None` removes a limit.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    /// The display name.
    pub name: Option<String>,
    /// The permissions of the client.
    pub scopes: Option<Permissions>,
    /// When the client expires.
    pub expires_at: Option<Option<Timestamp>>,
    /// The networks from which the client may call.
    pub networks: Option<Option<Vec<IpNet>>>,
    /// The assets of the tenant that the client may reach.
    pub reach: Option<Reach>,
    /// Whether each request must carry a proof.
    pub proof_required: Option<bool>,
    /// Whether unused scopes are kept.
    pub keep_unused_scopes: Option<bool>,
    /// Whether the client is refused.
    pub disabled: Option<bool>,
}

impl Vault {
    /// Creates a client of a tenant.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `NotFound(Tenant)`; `Conflict(TenantGone)`; `Conflict(ClientLimit)`;
    /// `Conflict(OtherBody)`.
    pub async fn create_client(
        &self,
        by: Actor,
        tenant: TenantId,
        spec: ClientSpec,
        repeat: Option<RepeatableRequest>,
    ) -> Result<ClientWithSecret, Error> {
        self.require_owner(by).await?;
        let (spec, now) = (check_spec(spec)?, self.clock.now());
        check_expiry(spec.expires_at, now)?;
        let scope = self.find_unshredded_scope(tenant).await?;
        let (new, secret) = build_client(scope.tenant(), spec, now)?;
        let most = self.settings.tenants.max_clients;
        let create = async |call: Option<&IdempotentCall>| {
            let tx = self.store.begin(&scope).await?;
            require_not_shredded(tx.lock_tenant().await?)?;
            tx.insert_client(&new, most)
                .await
                .map_err(|error| match error {
                    regrant_storage::Error::Taken(_) => {
                        Error::Conflict(Conflict::ClientLimit(most))
                    }
                    other => other.into(),
                })?;
            let event = AuditEvent::new(
                by.audit_name(),
                "client.created",
                new.id,
                client_detail(&new.spec),
            );
            tx.write_audit_events(&[event], now).await?;
            self.commit_with_client(tx, call, new.id, now).await
        };
        let done = self
            .run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, create)
            .await?;
        Ok(ClientWithSecret {
            tenant,
            client: done.value,
            secret: (!done.is_replay).then_some(secret),
        })
    }

    /// Lists the clients of a tenant, oldest first, without pages.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn list_clients(&self, tenant: TenantId) -> Result<Vec<ClientView>, Error> {
        let tx = self
            .store
            .begin_read(&self.find_scope_for_operator(tenant).await?)
            .await?;
        let (rows, now) = (tx.list_clients().await?, self.clock.now());
        tx.commit().await?;
        Ok(rows.into_iter().map(|it| view_client(it, now)).collect())
    }

    /// Finds a client by id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find_client(&self, tenant: TenantId, id: ClientId) -> Result<ClientView, Error> {
        let tx = self
            .store
            .begin_read(&self.find_scope_for_operator(tenant).await?)
            .await?;
        let row = tx
            .find_client(id)
            .await
            .map_err(Error::not_found_as(Resource::Client))?;
        tx.commit().await?;
        Ok(view_client(row, self.clock.now()))
    }

    /// Changes a client. Disabling it revokes its access tokens permanently.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`; `Invalid`.
    pub async fn change_client(
        &self,
        by: Actor,
        tenant: TenantId,
        id: ClientId,
        change: ClientChange,
    ) -> Result<ClientView, Error> {
        self.require_owner(by).await?;
        let now = self.clock.now();
        check_expiry(change.expires_at.flatten(), now)?;
        let tx = self
            .store
            .begin(&self.find_scope_for_operator(tenant).await?)
            .await?;
        let row = tx
            .lock_client(id)
            .await
            .map_err(Error::not_found_as(Resource::Client))?;
        let disabled = change
            .disabled
            .filter(|it| *it != row.disabled_at.is_some());
        let spec = check_spec(change.apply_to(&row.spec))?;
        tx.change_client(id, &spec).await?;
        tx.grant_scopes(id, row.spec.scopes, spec.scopes, now)
            .await?;
        if let Some(disabled) = disabled {
            tx.disable_client(id, disabled.then_some(now)).await?;
        }
        if disabled == Some(false) {
            tx.renew_scope_grants(Some(id), now).await?;
        }
        let mut detail = changed_members(&client_detail(&row.spec), client_detail(&spec));
        detail.extend(disabled.map(|it| ("disabled".to_owned(), json!(it))));
        let event = AuditEvent::new(by.audit_name(), "client.changed", id, Value::Object(detail));
        tx.write_audit_events(&[event], now).await?;
        self.commit_with_client(tx, None, id, now).await
    }

    /// Deletes a client. Its access tokens and sessions are refused from the next request on.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`.
    pub async fn delete_client(
        &self,
        by: Actor,
        tenant: TenantId,
        id: ClientId,
    ) -> Result<(), Error> {
        self.require_owner(by).await?;
        let tx = self
            .store
            .begin(&self.find_scope_for_operator(tenant).await?)
            .await?;
        tx.delete_client(id)
            .await
            .map_err(Error::not_found_as(Resource::Client))?;
        let event = AuditEvent::new(by.audit_name(), "client.deleted", id, json!({}));
        tx.write_audit_events(&[event], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

impl ClientChange {
    /// The settings after the change.
    fn apply_to(self, spec: &ClientSpec) -> ClientSpec {
        let spec = spec.clone();
        ClientSpec {
            name: self.name.unwrap_or(spec.name),
            scopes: self.scopes.unwrap_or(spec.scopes),
            expires_at: self.expires_at.unwrap_or(spec.expires_at),
            networks: self.networks.unwrap_or(spec.networks),
            reach: self.reach.unwrap_or(spec.reach),
            proof_required: self.proof_required.unwrap_or(spec.proof_required),
            keep_unused_scopes: self.keep_unused_scopes.unwrap_or(spec.keep_unused_scopes),
        }
    }
}

/// The settings of a client as audit detail.
fn client_detail(spec: &ClientSpec) -> Value {
    let within = spec.reach.as_limit();
    json!({
        "name": spec.name, "scopes": spec.scopes, "expires_at": spec.expires_at, "networks": spec.networks,
        "asset_ids": within.map(|it| &it.assets), "business_ids": within.map(|it| &it.businesses),
        "proof_required": spec.proof_required, "keep_unused_scopes": spec.keep_unused_scopes,
    })
}

/// The members of `after` that differ from `before`.
fn changed_members(before: &Value, after: Value) -> serde_json::Map<String, Value> {
    let Value::Object(after) = after else {
        return serde_json::Map::new();
    };
    after
        .into_iter()
        .filter(|(field, value)| before.get(field) != Some(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_of_a_change_holds_only_what_changed() {
        let before = ClientSpec::with_scopes("one", Permissions::all());
        let change = ClientChange {
            proof_required: Some(true),
            ..ClientChange::default()
        };
        let after = change.apply_to(&before);
        assert_eq!(
            Value::from(changed_members(
                &client_detail(&before),
                client_detail(&after)
            )),
            json!({ "proof_required": true })
        );
    }
}
