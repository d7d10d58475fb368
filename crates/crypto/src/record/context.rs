//! The place a record belongs to, bound into it when it is sealed.
//!
//! The rule: nothing that changes without a reseal is a field here, or the record would stop opening.

use regrant_domain::{TenantId, closed_list};
use uuid::Uuid;

use crate::primitives::aad;

const DOMAIN: &[u8] = b"regrant/record/v1\0";

closed_list! {
    /// What a record is for. A record sealed for one purpose does not open for another.
    pub enum Purpose: "purpose of a record" {
        /// The token that serves an asset.
        Credential = "credential",
        /// A token handed in with a reconnect, until the reconnect ends.
        SubmittedToken = "submitted_token",
        /// The secret of a Meta app.
        AppSecret = "app_secret",
        /// The word Meta repeats when it verifies a webhook address.
        VerifyToken = "verify_token",
        /// The private key that signs our access tokens.
        SigningKey = "signing_key",
        /// The token of a grant, while a credential stands on it.
        GrantToken = "grant_token",
        /// What signs the webhooks of one endpoint.
        WebhookSecret = "webhook_secret",
        /// The key of the audit chains.
        AuditKey = "audit_key",
        /// What a client proves its calls with.
        ProofKey = "proof_key",
    }
}

/// Where a record lives. It opens there and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The owner.
    pub tenant: TenantId,
    /// The row that holds the record.
    pub row: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// The kind of the asset served, or empty.
    pub asset_kind: &'a str,
    /// The asset served, or empty.
    pub asset_id: &'a str,
    /// The kind of the credential, or empty.
    pub credential_kind: &'a str,
    /// How often the row was replaced.
    pub generation: u64,
}

impl Context<'_> {
    /// The context of a record that serves no asset and is never replaced.
    #[must_use]
    pub const fn of_row(tenant: TenantId, row: Uuid, purpose: Purpose) -> Self {
        Self {
            tenant,
            row,
            purpose,
            asset_kind: "",
            asset_id: "",
            credential_kind: "",
            generation: 0,
        }
    }

    /// Everything the record is bound to: its own header and its place.
    pub(crate) fn aad(&self, header: &[u8]) -> Option<Vec<u8>> {
        let tenant = self.tenant.uuid();
        let fields: [&[u8]; 7] = [
            header,
            tenant.as_bytes(),
            self.row.as_bytes(),
            self.purpose.as_str().as_bytes(),
            self.asset_kind.as_bytes(),
            self.asset_id.as_bytes(),
            self.credential_kind.as_bytes(),
        ];
        let mut aad = aad(DOMAIN, &fields)?;
        aad.extend_from_slice(&self.generation.to_be_bytes());
        Some(aad)
    }
}
