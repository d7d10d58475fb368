//! Signed receipts of deletions: what was deleted, when, and what a deletion still waits for.
//!
//! The rule: a receipt says what holds when it is signed; ask for another one once a deletion is effective. It names ids
//! and counts, never a person's id or a name. Every receipt has the form of `regrant_crypto::Receipt`.
//! Start at [`Vault::sign_tenant_receipt`].

use regrant_crypto::{ChainEnd, JwtRefusal, Receipt};
use regrant_domain::{AppId, TenantId, Timestamp};
use regrant_storage::{DeletionCause, DeletionRecord};
use serde_json::{Value, json};

use crate::{DeletionStatus, Error, Resource, Vault};

/// How many chains a receipt names; with more, its statement would be too long.
const MAX_CHAINS: usize = 20;
/// How many versions of the key a receipt names.
const MAX_WAITS: usize = 50;

/// A receipt and its signed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    /// The content.
    pub receipt: Receipt,
    /// The statement: a JWS that the keys of [`Vault::statement_key_set`] verify.
    pub statement: String,
}

/// What was done, before it is signed.
struct Act {
    name: &'static str,
    subject: String,
    at: Timestamp,
    detail: Value,
    chains: Vec<TenantId>,
}

impl Vault {
    /// Signs what was deleted of a shredded or deleted tenant, and what that waits for.
    ///
    /// # Errors
    /// `NotFound(Tenant)`; `NotFound(Deletion)`: it is neither shredded nor deleted.
    pub async fn sign_tenant_receipt(&self, tenant: TenantId) -> Result<SignedReceipt, Error> {
        let view = self.find_tenant(tenant).await?;
        let records = self.list_deletions(&[tenant.uuid()]).await?;
        let newest = records.last().ok_or(Error::NotFound(Resource::Deletion))?;
        let deletion = view.deletion.ok_or(Error::NotFound(Resource::Deletion))?;
        let count = |cause| {
            records
                .iter()
                .find(|it| it.cause == cause)
                .map(|it| it.items)
        };
        let detail = json!({
            "data_keys": count(DeletionCause::Shred),
            "rows": count(DeletionCause::Tenant),
            "effective_at": deletion.effective_at,
            "waits_for": name_keks(&deletion.waits_for),
            "access_at_meta": deletion.revocation,
        });
        self.sign_act(Act {
            name: name_act(newest.cause),
            subject: tenant.to_string(),
            at: newest.deleted_at,
            detail,
            chains: vec![tenant],
        })
        .await
    }

    /// Signs what was deleted of a person, and what that waits for. The subject is the confirmation code.
    ///
    /// # Errors
    /// `NotFound(Deletion)`: the code is unknown, or the deletion is not completed.
    pub async fn sign_person_receipt(
        &self,
        app: &AppId,
        code: &str,
    ) -> Result<SignedReceipt, Error> {
        let status = self.find_deletion_status(app, code).await?;
        let at = status
            .completed_at
            .ok_or(Error::NotFound(Resource::Deletion))?;
        let chains = status.records.iter().map(|it| it.tenant).take(MAX_CHAINS);
        self.sign_act(Act {
            name: name_act(DeletionCause::Person),
            subject: code.to_owned(),
            at,
            detail: describe_person(app, &status),
            chains: chains.collect(),
        })
        .await
    }

    /// Verifies a receipt of this installation; one that a retired key signed, too.
    ///
    /// # Errors
    /// The first check that fails.
    pub async fn verify_receipt(&self, statement: &str) -> Result<Receipt, JwtRefusal> {
        self.issuer.current_keys().await.verify_receipt(statement)
    }

    async fn sign_act(&self, act: Act) -> Result<SignedReceipt, Error> {
        let now = self.clock.now();
        let mut audit = Vec::with_capacity(act.chains.len());
        for tenant in act.chains {
            audit.extend(self.find_chain_end(tenant).await?);
        }
        let receipt = Receipt {
            iss: self.settings.audit.issuer.clone(),
            act: act.name.to_owned(),
            sub: act.subject,
            at: act.at.timestamp(),
            detail: act.detail.as_object().cloned().unwrap_or_default(),
            audit,
            iat: now.timestamp(),
        };
        let statement = self.issuer.sign_receipt(&receipt, now).await?;
        Ok(SignedReceipt { receipt, statement })
    }

    async fn find_chain_end(&self, tenant: TenantId) -> Result<Option<ChainEnd>, Error> {
        let tx = self
            .store
            .begin_read(&self.find_chain_scope(tenant).await?)
            .await?;
        let head = tx.find_audit_head().await?;
        tx.commit().await?;
        Ok(head.map(|it| ChainEnd {
            tenant,
            seq: it.seq,
            hash: hex::encode(it.hash),
        }))
    }
}

/// The act of a receipt has the name of its audit event.
const fn name_act(cause: DeletionCause) -> &'static str {
    match cause {
        DeletionCause::Shred => "tenant.shredded",
        DeletionCause::Tenant => "tenant.deleted",
        DeletionCause::Person => "person.data_deleted",
    }
}

fn describe_person(app: &AppId, status: &DeletionStatus) -> Value {
    let assets = |it: &DeletionRecord| it.items;
    json!({
        "app_id": app,
        "received_at": status.received_at,
        "tenants": status.records.len(),
        "assets": status.records.iter().map(assets).sum::<u64>(),
        "effective_at": status.effective_at,
        "waits_for": name_keks(&status.waits_for),
        "data_keys_to_rotate": status.data_keys_to_rotate.len(),
        "access_at_meta": status.revocation,
    })
}

fn name_keks(keks: &[regrant_domain::KekRef]) -> Vec<String> {
    keks.iter()
        .take(MAX_WAITS)
        .map(ToString::to_string)
        .collect()
}
