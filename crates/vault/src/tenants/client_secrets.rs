//! The secrets of clients: creates and replaces them, and revokes the tokens issued for them.
//!
//! The rule: a secret is shown once, in the response of the request that created it. The vault
//! stores only a hash. A replaced secret or revoked token is
//! refused from the next request on.
//! Start at `Vault::reset_client_secret`.

use std::time::Duration;

use regrant_crypto::mint_client_secret;
use regrant_domain::{ClientId, ClientSecret, TenantId, Timestamp};
use regrant_storage::{AuditEvent, ClientSpec, NewClient, TenantTx};
use serde_json::json;

use crate::{
    Actor, ClientView, ClientWithSecret, Error, RepeatableRequest, Resource, Vault,
    call::{
        idempotency::IdempotentCall,
        secret_overlap::{end_of_overlap, require_no_overlap},
    },
    tenants::{
        client_spec::{invalid_field, view_client},
        guard::require_not_shredded,
    },
};

/// The maximum time for which the previous secret stays valid, in hours.
const MAX_OVERLAP_HOURS: u64 = 24 * 30;

impl Vault {
    /// Replaces the secret of a client. The previous secret stays valid for `overlap`. Without an
    /// overlap, the previous secret and every issued access token are refused at once.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`; `Invalid` for an overlap of more than 30 days;
    /// `Conflict(SecretOverlapOpen)` if an older secret is still valid and there is an overlap;
    /// `Conflict(TenantGone)`; `Conflict(OtherBody)`.
    pub async fn reset_client_secret(
        &self,
        by: Actor,
        tenant: TenantId,
        id: ClientId,
        overlap: Option<Duration>,
        repeat: Option<RepeatableRequest>,
    ) -> Result<ClientWithSecret, Error> {
        self.require_owner(by).await?;
        let (overlap, now) = (overlap.unwrap_or_default(), self.clock.now());
        check_overlap(overlap)?;
        let scope = self.find_unshredded_scope(tenant).await?;
        let (secret, hash) = mint_client_secret()?;
        let until = end_of_overlap(overlap, now);
        let reset = async |call: Option<&IdempotentCall>| {
            let tx = self.store.begin(&scope).await?;
            require_not_shredded(tx.lock_tenant().await?)?;
            let client = tx.lock_client(id).await;
            let client = client.map_err(Error::not_found_as(Resource::Client))?;
            require_no_overlap(client.older_secret_until, until, now)?;
            tx.set_client_secret(id, hash.as_bytes(), until).await?;
            let detail = json!({ "older_secret_until": until });
            let event = AuditEvent::new(by.audit_name(), "client.secret_reset", id, detail);
            tx.write_audit_events(&[event], now).await?;
            self.commit_with_client(tx, call, id, now).await
        };
        let done = self
            .run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, reset)
            .await?;
        Ok(ClientWithSecret {
            tenant,
            client: done.value,
            secret: (!done.is_replay).then_some(secret),
        })
    }

    /// Reads the client and commits the transaction, with the client as the stored result of the
    /// request.
    pub(super) async fn commit_with_client(
        &self,
        tx: TenantTx,
        call: Option<&IdempotentCall>,
        id: ClientId,
        now: Timestamp,
    ) -> Result<ClientView, Error> {
        let client = view_client(tx.find_client(id).await?, now);
        self.commit_with_key(tx, call, &client, now).await?;
        Ok(client)
    }

    /// Revokes every issued access token of a client.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`; `Conflict(OtherBody)`.
    pub async fn revoke_client_tokens(
        &self,
        by: Actor,
        tenant: TenantId,
        id: ClientId,
        repeat: Option<RepeatableRequest>,
    ) -> Result<(), Error> {
        self.require_owner(by).await?;
        let (scope, now) = (
            self.find_scope_for_operator(tenant).await?,
            self.clock.now(),
        );
        let revoke = async |call: Option<&IdempotentCall>| {
            let tx = self.store.begin(&scope).await?;
            tx.revoke_client_tokens(id)
                .await
                .map_err(Error::not_found_as(Resource::Client))?;
            let event = AuditEvent::new(by.audit_name(), "client.tokens_revoked", id, json!({}));
            tx.write_audit_events(&[event], now).await?;
            self.commit_with_key(tx, call, &(), now).await
        };
        self.run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, revoke)
            .await
            .map(|done| done.value)
    }
}

/// Builds a new client of a tenant, and its secret.
pub(super) fn build_client(
    tenant: TenantId,
    spec: ClientSpec,
    created_at: Timestamp,
) -> Result<(NewClient, ClientSecret), Error> {
    let id = ClientId::mint();
    let (secret, hash) = mint_client_secret()?;
    let secret_hash = hash.as_bytes().to_vec();
    Ok((
        NewClient {
            id,
            tenant,
            spec,
            secret_hash,
            created_at,
        },
        secret,
    ))
}

fn check_overlap(overlap: Duration) -> Result<(), Error> {
    if overlap > Duration::from_hours(MAX_OVERLAP_HOURS) {
        return Err(invalid_field(
            "overlap_hours",
            format!("expected at most {MAX_OVERLAP_HOURS}"),
        ));
    }
    Ok(())
}
