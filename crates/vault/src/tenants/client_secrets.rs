//! The secrets of clients: made, replaced, and what was issued under them ended.
//!
//! The rule: a secret leaves once, in the answer of the call that made it; kept are its hash and, sealed, the key its
//! calls are proved with. Whatever ends a client's right counts from the next call on.

use std::time::Duration;

use regrant_crypto::{Context, DataKey, ProofKey, Purpose, mint_client_secret};
use regrant_domain::{ClientId, ClientSecret, TenantId, Timestamp};
use regrant_storage::{AuditEvent, ClientSpec, NewClient, TenantTx};
use serde_json::json;

use crate::{
    Acting, ClientView, Error, MintedClient, Repeatable, Resource, Vault,
    idempotency::Once,
    tenants::{
        client_spec::{invalid, view},
        guard::living,
    },
};

/// For how long an older secret may go on counting, in hours.
const LONGEST_OVERLAP: u64 = 24 * 30;

impl Vault {
    /// Gives a client another secret. The older one counts beside it for `overlap`; without one it is dead at once,
    /// and so is every access token issued so far.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`; `Invalid` for an overlap of more than 30 days; `Conflict(OtherBody)`.
    pub async fn reset_client_secret(
        &self,
        by: Acting,
        tenant: TenantId,
        id: ClientId,
        overlap: Option<Duration>,
        repeat: Option<Repeatable>,
    ) -> Result<MintedClient, Error> {
        by.demand_owner()?;
        let (overlap, now) = (overlap.filter(|it| !it.is_zero()), self.clock.now());
        check_overlap(overlap)?;
        let scope = self.living_scope(tenant).await?;
        let key = self.keys.active(&scope).await?;
        let (secret, hash) = mint_client_secret()?;
        let proof_key = key.seal(&proof_context(tenant, id), ProofKey::of(&secret).as_bytes())?;
        let until = overlap.map(|it| now + it);
        let reset = async |once: Option<&Once>| {
            let tx = self.store.begin(&scope).await?;
            living(tx.lock_tenant().await?)?;
            tx.lock_client(id)
                .await
                .map_err(Error::missing(Resource::Client))?;
            tx.set_client_secret(id, hash.as_bytes(), &proof_key, until)
                .await?;
            let detail = json!({ "older_secret_until": until });
            tx.audit(
                &[AuditEvent::new(
                    by.actor(),
                    "client.secret_reset",
                    id,
                    detail,
                )],
                now,
            )
            .await?;
            self.concluded(tx, once, id, now).await
        };
        let done = self
            .once(&self.store.system_scope(), by.caller_id(), repeat, reset)
            .await?;
        Ok(MintedClient {
            tenant,
            client: done.value,
            secret: (!done.repeated).then_some(secret),
        })
    }

    /// The client as it is at the end of a transaction, which it then makes last.
    pub(super) async fn concluded(
        &self,
        tx: TenantTx,
        once: Option<&Once>,
        id: ClientId,
        now: Timestamp,
    ) -> Result<ClientView, Error> {
        let client = view(tx.client(id).await?, now);
        self.conclude(tx, once, &client, now).await?;
        Ok(client)
    }

    /// Revokes every access token that a client was issued so far.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound`; `Conflict(OtherBody)`.
    pub async fn revoke_client_tokens(
        &self,
        by: Acting,
        tenant: TenantId,
        id: ClientId,
        repeat: Option<Repeatable>,
    ) -> Result<(), Error> {
        by.demand_owner()?;
        let (scope, now) = (self.scope_for_operator(tenant).await?, self.clock.now());
        let revoke = async |once: Option<&Once>| {
            let tx = self.store.begin(&scope).await?;
            tx.revoke_client_tokens(id)
                .await
                .map_err(Error::missing(Resource::Client))?;
            tx.audit(
                &[AuditEvent::new(
                    by.actor(),
                    "client.tokens_revoked",
                    id,
                    json!({}),
                )],
                now,
            )
            .await?;
            self.conclude(tx, once, &(), now).await
        };
        self.once(&self.store.system_scope(), by.caller_id(), repeat, revoke)
            .await
            .map(|done| done.value)
    }
}

/// A client to keep, and the one sight of its secret. `key` is its tenant's.
pub(super) fn new_client(
    key: &DataKey,
    spec: ClientSpec,
    created_at: Timestamp,
) -> Result<(NewClient, ClientSecret), Error> {
    let (id, tenant) = (ClientId::mint(), key.tenant());
    let (secret, hash) = mint_client_secret()?;
    let proof_key = key.seal(&proof_context(tenant, id), ProofKey::of(&secret).as_bytes())?;
    let (secret_hash, proof_key) = (hash.as_bytes().to_vec(), Some(proof_key));
    Ok((
        NewClient {
            id,
            tenant,
            spec,
            secret_hash,
            proof_key,
            created_at,
        },
        secret,
    ))
}

/// Where a proof key lives: its client's row.
pub(crate) fn proof_context(tenant: TenantId, client: ClientId) -> Context<'static> {
    Context::of_row(tenant, client.uuid(), Purpose::ProofKey)
}

fn check_overlap(overlap: Option<Duration>) -> Result<(), Error> {
    if overlap.is_some_and(|it| it > Duration::from_hours(LONGEST_OVERLAP)) {
        return Err(invalid(
            "overlap_hours",
            format!("expected at most {LONGEST_OVERLAP}"),
        ));
    }
    Ok(())
}
