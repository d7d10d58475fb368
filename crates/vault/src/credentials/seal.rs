//! Seals a token for one asset.
//!
//! The rule: a credential is sealed for the generation in which it will serve. Its columns and the copy of its facts
//! inside the sealed payload are equal.
//! Start at [`CredentialDraft`]; `payload.rs` holds the sealed bytes.

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{
    AccessToken, AppId, Asset, Credential, CredentialId, CredentialKind, Grant, GrantId,
    ProbeFacts, SealedRecord, Slot, TenantId, Timestamp,
};
use regrant_storage::{StoredCredential, TenantScope};

use crate::{
    Error,
    credentials::payload::{SealedFacts, seal_payload},
};

/// A token that is to become a credential of an asset.
pub(crate) struct CredentialDraft<'a> {
    pub(crate) token: &'a AccessToken,
    pub(crate) kind: CredentialKind,
    /// The grant of the token; an imported token has none before it is inspected.
    pub(crate) grant: Option<&'a Grant>,
    pub(crate) app_id: &'a AppId,
    pub(crate) fingerprint: &'a [u8],
    pub(crate) intent_seq: i64,
    /// Where the token comes from: a reconnect's id, `import`, or the credential that was promoted.
    pub(crate) acquired_by: String,
}

impl CredentialDraft<'_> {
    /// Seals the token, or the page token that the probe returned, for the asset's next generation.
    pub(crate) fn seal_proven(
        &self,
        key: (&DataKey, TenantId),
        asset: &Asset,
        slot: Slot,
        proven: ProbeFacts,
        now: Timestamp,
    ) -> Result<StoredCredential, Error> {
        let proved_at = (slot != Slot::Candidate).then_some(now);
        self.seal_in_slot(key, asset, slot, (proven, proved_at), now)
    }

    /// The same for a token that was never probed on the asset.
    pub(crate) fn seal_unproven(
        &self,
        key: (&DataKey, TenantId),
        asset: &Asset,
        slot: Slot,
        now: Timestamp,
    ) -> Result<StoredCredential, Error> {
        self.seal_in_slot(key, asset, slot, (ProbeFacts::default(), None), now)
    }

    fn seal_in_slot(
        &self,
        (key, tenant): (&DataKey, TenantId),
        asset: &Asset,
        slot: Slot,
        (proven, proved_at): (ProbeFacts, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<StoredCredential, Error> {
        let minted = proven.page_token.as_ref();
        let kind = if minted.is_some() {
            CredentialKind::Page
        } else {
            self.kind
        };
        let unsealed = Credential {
            proved_at,
            ..self.unsealed_credential(asset, kind, slot, now)
        };
        let token = minted.unwrap_or(self.token);
        let sealed = seal_payload(key, tenant, &unsealed, token, &self.facts_of(&unsealed))?;
        Ok(StoredCredential {
            credential: Credential { sealed, ..unsealed },
            tasks: proven.tasks.unwrap_or_default(),
            is_unreadable: false,
        })
    }

    /// The columns of the credential.
    fn unsealed_credential(
        &self,
        asset: &Asset,
        kind: CredentialKind,
        slot: Slot,
        now: Timestamp,
    ) -> Credential {
        Credential {
            id: CredentialId::mint(),
            asset_id: asset.id.clone(),
            asset_kind: asset.kind,
            kind,
            generation: asset.generation.saturating_add(1),
            slot,
            grant_id: self.grant.map(|it| it.id),
            person_id: self.grant.map(|it| it.facts.person_id.clone()),
            intent_seq: self.intent_seq,
            sealed: SealedRecord::from_bytes(Vec::new()),
            fingerprint: self.fingerprint.to_vec(),
            expires_at: self.grant.and_then(|it| expiry_of_credential(kind, it)),
            data_access_expires_at: self.grant.and_then(|it| it.facts.data_access_expires_at),
            proved_at: None,
            created_at: now,
        }
    }

    fn facts_of(&self, credential: &Credential) -> SealedFacts {
        SealedFacts {
            app_id: self.app_id.clone(),
            person_id: credential.person_id.clone(),
            grant_id: credential.grant_id,
            issued_at: self.grant.and_then(|it| it.facts.issued_at),
            expires_at: credential.expires_at,
            data_access_expires_at: credential.data_access_expires_at,
            acquired_by: self.acquired_by.clone(),
        }
    }
}

/// The same credential with the grant of its own token, and of the kind that Graph says it is.
pub(crate) fn reseal_with_grant(
    (key, scope): (&DataKey, &TenantScope),
    credential: &Credential,
    kind: CredentialKind,
    token: &AccessToken,
    grant: &Grant,
) -> Result<Credential, Error> {
    let owned = Credential {
        kind,
        grant_id: Some(grant.id),
        person_id: Some(grant.facts.person_id.clone()),
        expires_at: expiry_of_credential(kind, grant),
        data_access_expires_at: grant.facts.data_access_expires_at,
        sealed: SealedRecord::from_bytes(Vec::new()),
        fingerprint: key
            .compute_fingerprint(token.expose().as_bytes())
            .as_bytes()
            .to_vec(),
        ..credential.clone()
    };
    let facts = SealedFacts {
        app_id: scope.app_id().clone(),
        person_id: owned.person_id.clone(),
        grant_id: owned.grant_id,
        issued_at: grant.facts.issued_at,
        expires_at: owned.expires_at,
        data_access_expires_at: owned.data_access_expires_at,
        acquired_by: "import".to_owned(),
    };
    let sealed = seal_payload(key, scope.tenant(), &owned, token, &facts)?;
    Ok(Credential { sealed, ..owned })
}

/// When a credential of this kind and grant expires, at the moment at which it is sealed.
fn expiry_of_credential(kind: CredentialKind, grant: &Grant) -> Option<Timestamp> {
    let is_endless = is_minted(kind, grant) && !grant.facts.limits_page_tokens();
    grant.facts.expires_at.filter(|_| !is_endless)
}

/// When a stored credential expires, by the dates of its grant as they were read last; `NEWEST_EXPIRY` of storage is this
/// in SQL. Whether a page token expires with a person's token was decided when it was sealed.
pub(crate) fn newest_expiry(credential: &Credential, grant: &Grant) -> Option<Timestamp> {
    let is_endless = is_minted(credential.kind, grant)
        && grant.facts.kind == CredentialKind::User
        && credential.expires_at.is_none();
    grant.facts.expires_at.filter(|_| !is_endless)
}

/// Whether a credential of this kind is a page token that was minted from the token of its grant.
fn is_minted(kind: CredentialKind, grant: &Grant) -> bool {
    kind == CredentialKind::Page && grant.facts.kind != CredentialKind::Page
}

/// What the ciphertext of a grant's token is bound to.
pub(crate) fn grant_context(tenant: TenantId, grant: GrantId) -> Context<'static> {
    Context::of_row(tenant, grant.uuid(), Purpose::GrantToken)
}
