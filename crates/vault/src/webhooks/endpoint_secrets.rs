//! The secrets of webhook endpoints: rotating them, and opening those that sign now.
//!
//! The rule: at most two secrets of an endpoint are valid at a time. A secret is returned once, in the response that
//! created it.
//! Start at [`Vault::rotate_webhook_secret`].

use std::time::Duration;

use regrant_crypto::{Context, Purpose};
use regrant_domain::{Clock, Timestamp, WebhookEndpointId};
use regrant_storage::{AuditEvent, TenantScope, WebhookEndpoint};
use regrant_webhook::WebhookSecret;
use serde_json::json;

use super::endpoints::MintedEndpoint;
use crate::{
    Error, Principal, RepeatableRequest, Resource, Vault,
    call::{
        idempotency::IdempotentCall,
        secret_overlap::{end_of_overlap, require_no_overlap},
    },
};

/// The longest time that an older secret signs beside its successor.
const MAX_OVERLAP: Duration = Duration::from_hours(24 * 30);

impl Vault {
    /// Replaces an endpoint's secret. The older secret signs beside the new one for `overlap`; with zero it ends now.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`; `Invalid` for an overlap of more than 30 days;
    /// `Conflict(SecretOverlapOpen)` if an older secret still signs and `overlap` is not zero.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        overlap: Duration,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<MintedEndpoint, Error> {
        caller.require_whole_tenant()?;
        if overlap > MAX_OVERLAP {
            let reason = format!("expected at most {}", MAX_OVERLAP.as_secs());
            return Err(Error::Invalid {
                field: "overlap_seconds".to_owned(),
                reason,
            });
        }
        let older_until = end_of_overlap(overlap, Clock::system_time());
        let secret = WebhookSecret::mint()?;
        let rotate = async |once: Option<&IdempotentCall>| {
            self.replace_secret(caller, id, &secret, older_until, once)
                .await
        };
        let rotated = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, rotate)
            .await?;
        let endpoint = self.find_webhook_endpoint(caller, id).await?;
        Ok(MintedEndpoint {
            endpoint,
            secret: (!rotated.is_replay).then_some(secret),
        })
    }

    async fn replace_secret(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        secret: &WebhookSecret,
        older_until: Option<Timestamp>,
        once: Option<&IdempotentCall>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let key = self.data_keys.active(&caller.scope).await?;
        let tx = self.store.begin(&caller.scope).await?;
        let row = tx
            .lock_webhook_endpoint(id)
            .await
            .map_err(Error::not_found_as(Resource::WebhookEndpoint))?;
        let in_use = row.older.as_ref().map(|(_, until)| *until);
        require_no_overlap(in_use, older_until, Clock::system_time())?;
        let sealed = key.seal_record(
            &secret_context(&caller.scope, id, row.generation + 1),
            secret.expose(),
        )?;
        tx.rotate_webhook_secret(id, row.generation, &sealed, older_until)
            .await?;
        let detail = json!({ "older_secret_until": older_until });
        let rotated = AuditEvent::new(
            caller.audit_name(),
            "webhook_endpoint.secret_rotated",
            id,
            detail,
        );
        tx.write_audit_events(&[rotated], now).await?;
        if let Some(once) = once {
            once.store_result(&tx, &(), None, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Opens the secrets that are valid at `system_time`, the newest first.
    pub(super) async fn open_valid_secrets(
        &self,
        scope: &TenantScope,
        endpoint: &WebhookEndpoint,
        system_time: Timestamp,
    ) -> Result<Vec<WebhookSecret>, Error> {
        let older = endpoint
            .older
            .iter()
            .filter(|(_, until)| *until > system_time);
        let older = older.map(|(sealed, _)| (sealed, endpoint.generation - 1));
        let mut secrets = Vec::with_capacity(2);
        for (sealed, generation) in
            std::iter::once((&endpoint.sealed, endpoint.generation)).chain(older)
        {
            let plain = self
                .data_keys
                .open_record(
                    scope,
                    &secret_context(scope, endpoint.id, generation),
                    sealed,
                )
                .await?;
            let secret = WebhookSecret::from_bytes(&plain);
            secrets
                .push(secret.ok_or_else(|| Error::from_cause("a webhook secret is not 32 bytes"))?);
        }
        Ok(secrets)
    }
}

/// The context that a secret is sealed in: its endpoint and its generation.
pub(super) fn secret_context(
    scope: &TenantScope,
    id: WebhookEndpointId,
    generation: i64,
) -> Context<'static> {
    let generation = u64::try_from(generation).unwrap_or_default();
    Context {
        generation,
        ..Context::of_row(scope.tenant(), id.uuid(), Purpose::WebhookSecret)
    }
}
