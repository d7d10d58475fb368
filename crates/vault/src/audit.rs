//! The audit: the key of its chains, lists, exports, signed checkpoints, and the search for tampering.
//!
//! The rule: code that seals a credential or makes it active writes [`credential_sealed_event`] in the same
//! transaction. `verify.rs` compares the newest such event with the stored credential, and so finds a credential
//! that was restored from an old copy.
//! Start at `verify.rs`; `tokens/read_audit.rs` writes the audit of served tokens.

#[cfg(test)]
mod audit_test;
pub(crate) mod chain_keys;
mod checkpoint;
mod checkpoint_file;
mod export;
mod list;
pub(crate) mod receipt;
mod row_seals;
mod verify;

use regrant_crypto::sha256_digest;
use regrant_domain::{AssetId, Credential, CredentialId, Slot, TenantId};
use regrant_storage::{AuditEvent, EventDetail, TenantScope};
use serde::Serialize;
use serde_json::json;

pub use self::{
    checkpoint::AuditCheckpoint,
    export::AuditFormat,
    list::{AuditList, AuditQuery},
    verify::{AuditVerdict, KeptCheckpoints, RowFault},
};
pub(crate) use checkpoint_file::CheckpointFile;
pub(crate) use row_seals::open_sealed_store;

use crate::{Error, Resource, Vault};

/// The action of [`credentials_resealed_event`].
const RESEALED: &str = "credentials.resealed";

/// The audit event of a sealed credential: its generation, its digest, and whether it is active.
pub(crate) fn credential_sealed_event(
    actor: String,
    action: &'static str,
    credential: &Credential,
) -> AuditEvent {
    AuditEvent::new(
        actor,
        action,
        &credential.asset_id,
        json!(SealingDetail::of(credential)),
    )
}

/// The audit event of credentials that were sealed again, which stay in their slots: one for many, because a rotation
/// seals every credential of a tenant again.
pub(crate) fn credentials_resealed_event<'a>(
    actor: &str,
    tenant: TenantId,
    credentials: impl Iterator<Item = &'a Credential>,
) -> Result<AuditEvent, Error> {
    let credentials = credentials.map(SealingDetail::of).collect();
    let detail = EventDetail::write_text(&ResealingDetail { credentials })?;
    Ok(AuditEvent::new(actor, RESEALED, tenant, detail))
}

#[derive(Serialize)]
struct ResealingDetail<'a> {
    credentials: Vec<SealingDetail<'a>>,
}

/// The fields are in the order of their names, like those of other details.
#[derive(Serialize)]
struct SealingDetail<'a> {
    asset: &'a AssetId,
    credential: CredentialId,
    generation: i64,
    /// The digest of the sealed record.
    sealed: String,
    serves: bool,
}

impl<'a> SealingDetail<'a> {
    fn of(credential: &'a Credential) -> Self {
        Self {
            asset: &credential.asset_id,
            credential: credential.id,
            generation: credential.generation,
            sealed: hex::encode(sha256_digest(credential.sealed.as_bytes())),
            serves: credential.slot == Slot::Active,
        }
    }
}

impl Vault {
    /// The scope of a tenant's chain, or of the installation's own chain, for an operator's request.
    async fn find_chain_scope(&self, tenant: TenantId) -> Result<TenantScope, Error> {
        if tenant == TenantId::SYSTEM {
            return Ok(self.store.system_scope());
        }
        let scope = self.store.find_scope_to_verify(tenant).await;
        scope.map_err(Error::not_found_as(Resource::Tenant))
    }
}
