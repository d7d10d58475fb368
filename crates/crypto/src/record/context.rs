//! The context that a record is bound to when it is sealed.
//!
//! The rule: no field here may change without a reseal; otherwise the record would not open any more.

use regrant_domain::{TenantId, closed_list};
use uuid::Uuid;

use crate::primitives::build_aad;

const DOMAIN: &[u8] = b"regrant/record/v1\0";

closed_list! {
    /// The kind of secret in a record. A record sealed for one purpose does not open for another.
    pub enum Purpose: "purpose of a record" {
        /// The token that serves an asset.
        Credential = "credential",
        /// A token submitted with a reconnect, until the reconnect ends.
        SubmittedToken = "submitted_token",
        /// The secret of a Meta app.
        AppSecret = "app_secret",
        /// The text that Meta must send back when it verifies a webhook address.
        VerifyToken = "verify_token",
        /// The private key that signs our access tokens.
        SigningKey = "signing_key",
        /// The token of a grant, while a credential depends on it.
        GrantToken = "grant_token",
        /// The secret that signs the webhooks of one endpoint.
        WebhookSecret = "webhook_secret",
        /// The key of the audit chains.
        AuditKey = "audit_key",
        /// The key of a client's request proofs.
        ProofKey = "proof_key",
        /// The token of a consent, until it is used or ends.
        Consent = "consent",
    }
}

/// The context of a record. It opens in this context only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The tenant that owns the record.
    pub tenant: TenantId,
    /// The row that holds the record.
    pub row: Uuid,
    /// The kind of secret.
    pub purpose: Purpose,
    /// The kind of the asset served, or empty.
    pub asset_kind: &'a str,
    /// The asset served, or empty.
    pub asset_id: &'a str,
    /// The kind of the credential, or empty.
    pub credential_kind: &'a str,
    /// How many times the row was replaced.
    pub generation: u64,
}

impl<'a> Context<'a> {
    /// The context of a secret of the installation itself, which `name` identifies among those of its purpose.
    #[must_use]
    pub const fn of_installation(purpose: Purpose, name: &'a str) -> Self {
        Self {
            asset_id: name,
            ..Context::of_row(TenantId::SYSTEM, Uuid::nil(), purpose)
        }
    }
}

impl Context<'_> {
    /// The context of a record that belongs to no asset and is never replaced.
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

    /// The associated data of a record: its header and this context.
    pub(crate) fn encode_aad(&self, header: &[u8]) -> Option<Vec<u8>> {
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
        let mut aad = build_aad(DOMAIN, &fields)?;
        aad.extend_from_slice(&self.generation.to_be_bytes());
        Some(aad)
    }
}
