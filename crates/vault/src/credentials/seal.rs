//! A token that may serve assets, sealed for one of them.
//!
//! The rule: a credential is sealed for the generation it will serve in; its columns and the copy of its
//! facts inside the record say the same.

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{
    AccessToken, AppId, Asset, Credential, CredentialId, CredentialKind, Grant, GrantId, Proven,
    Sealed, Slot, TenantId, Timestamp,
};
use regrant_storage::StoredCredential;

use crate::{
    Error,
    credentials::payload::{SealedFacts, seal_credential},
};

/// A token that may serve assets, and where it comes from.
pub(crate) struct Offered<'a> {
    pub(crate) token: &'a AccessToken,
    pub(crate) kind: CredentialKind,
    /// What is known of it; an imported token has no grant before it is inspected.
    pub(crate) grant: Option<&'a Grant>,
    pub(crate) app_id: &'a AppId,
    pub(crate) fingerprint: &'a [u8],
    pub(crate) intent_seq: i64,
    /// What brought it: a reconnect, an import, a refresh.
    pub(crate) acquired_by: String,
}

impl Offered<'_> {
    /// Seals the token, or the page token that its proof brought, for the asset's next generation.
    pub(crate) fn seal(
        &self,
        (key, tenant): (&DataKey, TenantId),
        asset: &Asset,
        slot: Slot,
        proven: Proven,
        now: Timestamp,
    ) -> Result<StoredCredential, Error> {
        let minted = proven.page_token.as_ref();
        let kind = if minted.is_some() {
            CredentialKind::Page
        } else {
            self.kind
        };
        // A page token has no end of its own; it dies with its grant's access.
        let ends = self.grant.filter(|_| kind != CredentialKind::Page);
        let credential = Credential {
            id: CredentialId::mint(),
            asset_id: asset.id.clone(),
            asset_kind: asset.kind,
            kind,
            generation: asset.generation.saturating_add(1),
            slot,
            grant_id: self.grant.map(|it| it.id),
            person_id: self.grant.map(|it| it.person_id.clone()),
            intent_seq: self.intent_seq,
            sealed: Sealed::from_bytes(Vec::new()),
            fingerprint: self.fingerprint.to_vec(),
            expires_at: ends.and_then(|it| it.expires_at),
            data_access_expires_at: self.grant.and_then(|it| it.data_access_expires_at),
            proved_at: (slot != Slot::Candidate).then_some(now),
            created_at: now,
        };
        let facts = self.facts(&credential);
        let sealed = seal_credential(
            key,
            tenant,
            &credential,
            minted.unwrap_or(self.token),
            &facts,
        )?;
        let tasks = proven.tasks.unwrap_or_default();
        Ok(StoredCredential {
            credential: Credential {
                sealed,
                ..credential
            },
            tasks,
        })
    }

    fn facts(&self, credential: &Credential) -> SealedFacts {
        SealedFacts {
            app_id: self.app_id.clone(),
            person_id: credential.person_id.clone(),
            grant_id: credential.grant_id,
            issued_at: self.grant.and_then(|it| it.issued_at),
            expires_at: credential.expires_at,
            data_access_expires_at: credential.data_access_expires_at,
            acquired_by: self.acquired_by.clone(),
        }
    }
}

/// What the kept token of a grant is bound to.
pub(crate) fn grant_context(tenant: TenantId, grant: GrantId) -> Context<'static> {
    Context::of_row(tenant, grant.uuid(), Purpose::GrantToken)
}
