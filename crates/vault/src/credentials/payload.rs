//! What lies inside a sealed credential: the token and the authoritative copy of its facts.
//!
//! The rule: columns are an index; where one of them disagrees with the sealed copy the record is
//! not opened (somebody wrote to the database).

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{
    AccessToken, AppId, Credential, GrantId, PersonId, Sealed, TenantId, Timestamp,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Error;

/// The facts sealed beside a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SealedFacts {
    pub(super) app_id: AppId,
    pub(super) person_id: Option<PersonId>,
    pub(super) grant_id: Option<GrantId>,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) data_access_expires_at: Option<Timestamp>,
    /// What brought the token: a reconnect's id, or `import`.
    pub(super) acquired_by: String,
}

#[derive(Serialize)]
struct Written<'a> {
    token: &'a str,
    facts: &'a SealedFacts,
}

#[derive(Deserialize)]
struct Read {
    token: AccessToken,
    facts: SealedFacts,
}

/// Seals a token for the row that `credential` describes.
pub(super) fn seal_credential(
    key: &DataKey,
    tenant: TenantId,
    credential: &Credential,
    token: &AccessToken,
    facts: &SealedFacts,
) -> Result<Sealed, Error> {
    let written = Written {
        token: token.expose(),
        facts,
    };
    // Grown once, so that no smaller copy of the token stays behind in freed memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(token.expose().len() * 2 + 1024));
    serde_json::to_writer(&mut *plain, &written).map_err(Error::internal)?;
    Ok(key.seal(&context(tenant, credential), &plain)?)
}

/// The token of an opened record, if the columns say what the record says.
pub(crate) fn read_credential(plain: &[u8], credential: &Credential) -> Result<AccessToken, Error> {
    let Read { token, facts } = serde_json::from_slice(plain)
        .map_err(|_| Error::internal("a sealed payload does not parse"))?;
    let agrees = facts.person_id == credential.person_id
        && facts.grant_id == credential.grant_id
        && facts.expires_at == credential.expires_at
        && facts.data_access_expires_at == credential.data_access_expires_at;
    if agrees {
        Ok(token)
    } else {
        Err(Error::internal(
            "a credential's columns disagree with its sealed copy",
        ))
    }
}

/// What a credential's ciphertext is bound to.
pub(crate) fn context(tenant: TenantId, credential: &Credential) -> Context<'_> {
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
