//! The payload of a sealed credential: the token and the authoritative copy of its facts.
//!
//! The rule: columns are only an index. If a column differs from the sealed copy, the database was edited, and the
//! payload is rejected.

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{
    AccessToken, AppId, Credential, GrantId, PersonId, SealedRecord, TenantId, Timestamp,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Error;

/// The facts that are sealed with a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SealedFacts {
    pub(super) app_id: AppId,
    pub(super) person_id: Option<PersonId>,
    pub(super) grant_id: Option<GrantId>,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) data_access_expires_at: Option<Timestamp>,
    /// Where the token comes from: a reconnect's id, `import`, or the credential that was promoted.
    pub(super) acquired_by: String,
}

#[derive(Serialize)]
struct PayloadToSeal<'a> {
    token: &'a str,
    facts: &'a SealedFacts,
}

#[derive(Deserialize)]
struct OpenedPayload {
    token: AccessToken,
    facts: SealedFacts,
}

/// Seals a token and its facts for the row of `credential`.
pub(super) fn seal_payload(
    key: &DataKey,
    tenant: TenantId,
    credential: &Credential,
    token: &AccessToken,
    facts: &SealedFacts,
) -> Result<SealedRecord, Error> {
    let written = PayloadToSeal {
        token: token.expose(),
        facts,
    };
    // Sized once: a buffer that grows leaves copies of the token in freed memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(token.expose().len() * 2 + 1024));
    serde_json::to_writer(&mut *plain, &written).map_err(Error::from_cause)?;
    Ok(key.seal_record(&credential_context(tenant, credential), &plain)?)
}

/// The token of an opened payload.
///
/// # Errors
/// The columns of `credential` differ from the sealed facts.
pub(crate) fn parse_payload(plain: &[u8], credential: &Credential) -> Result<AccessToken, Error> {
    let OpenedPayload { token, facts } = serde_json::from_slice(plain)
        .map_err(|_| Error::from_cause("a sealed payload does not parse"))?;
    let is_consistent = facts.person_id == credential.person_id
        && facts.grant_id == credential.grant_id
        && facts.expires_at == credential.expires_at
        && facts.data_access_expires_at == credential.data_access_expires_at;
    if is_consistent {
        Ok(token)
    } else {
        Err(Error::from_cause(
            "a credential's columns differ from its sealed copy",
        ))
    }
}

/// What the ciphertext of a credential is bound to.
pub(crate) fn credential_context(tenant: TenantId, credential: &Credential) -> Context<'_> {
    Context {
        tenant,
        row: credential.id.uuid(),
        purpose: Purpose::Credential,
        asset_kind: credential.asset_kind.as_str(),
        asset_id: credential.asset_id.as_str(),
        credential_kind: credential.kind.as_str(),
        generation: credential.generation.unsigned_abs(),
    }
}
