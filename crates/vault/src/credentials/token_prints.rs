//! Keyed hashes of tokens, by which a stored token is recognised without opening it.
//!
//! The rule: a credential carries the fingerprint of its token under the data key that seals it, so what seals it again
//! under another key computes the fingerprint again. A token is compared under every key of its tenant: after a rotation
//! records are under old keys for a while.

use std::{collections::HashMap, sync::Arc};

use regrant_crypto::{DataKey, Fingerprint, KeyRef};
use regrant_domain::{AccessToken, Credential, CredentialId, GrantId};
use regrant_storage::{GrantToken, TenantScope};

use crate::{
    Error, Vault,
    credentials::probed_asset::{ProbeRound, ProbedAsset},
};

/// Opened tokens of grants.
pub(crate) type GrantTokens = HashMap<GrantId, AccessToken>;

/// The fingerprints of one token, one for each data key of its tenant.
pub(crate) struct TokenPrints(Vec<Fingerprint>);

impl TokenPrints {
    pub(crate) fn compute(keys: &[Arc<DataKey>], token: &AccessToken) -> Self {
        let token = token.expose().as_bytes();
        Self(
            keys.iter()
                .map(|it| it.compute_fingerprint(token))
                .collect(),
        )
    }

    /// Whether a stored fingerprint is the token's.
    pub(crate) fn matches(&self, stored: &[u8]) -> bool {
        self.0.iter().any(|it| it.matches_stored(stored))
    }
}

impl Vault {
    /// The fingerprints of a token of the tenant. Call it outside of a transaction.
    pub(crate) async fn compute_token_prints(
        &self,
        scope: &TenantScope,
        token: &AccessToken,
    ) -> Result<TokenPrints, Error> {
        let keys = self.data_keys.open_keys(scope).await?;
        Ok(TokenPrints::compute(&keys, token))
    }

    /// Computes the fingerprints under `key` of the round's tokens that another key sealed. Call it outside of a
    /// transaction.
    pub(crate) async fn renew_prints(
        &self,
        round: &mut ProbeRound<'_>,
        probed: &[ProbedAsset],
        key: &DataKey,
    ) -> Result<(), Error> {
        let credentials = probed.iter().flat_map(|it| &it.credentials);
        let outdated: Vec<_> = credentials
            .map(|it| &it.credential)
            .filter(|it| round.tokens.contains_key(&it.id) && !is_sealed_by(key, it))
            .collect();
        if outdated.is_empty() {
            return Ok(());
        }
        let grants: Vec<_> = outdated.iter().filter_map(|it| it.grant_id).collect();
        let tx = self.store.begin_read(round.scope).await?;
        let stored = tx.find_grant_tokens(&grants).await?;
        tx.commit().await?;
        let grants = self.open_grant_tokens(round.scope, stored).await;
        let mut prints = HashMap::<CredentialId, Vec<u8>>::new();
        for it in outdated {
            let old = self
                .data_keys
                .key_of_record(round.scope, &it.sealed)
                .await?;
            let own = round.tokens.get(&it.id);
            let print = renew_print((&old, key), it, own, &grants);
            prints.extend(print.map(|print| (it.id, print)));
        }
        round.prints = prints;
        Ok(())
    }

    /// Opens the tokens of grants. One that does not open is left out.
    pub(crate) async fn open_grant_tokens(
        &self,
        scope: &TenantScope,
        stored: Vec<GrantToken>,
    ) -> GrantTokens {
        let mut tokens = GrantTokens::new();
        for stored in stored {
            let (id, Some(sealed)) = (stored.grant.id, stored.sealed) else {
                continue;
            };
            if let Ok(token) = self.open_grant_token(scope, id, &sealed).await {
                tokens.insert(id, token);
            }
        }
        tokens
    }
}

/// The fingerprint of a credential under the new key, if the stored one is that of its own token or of its grant's under
/// the old key: a page's credential carries the fingerprint of the token that its own was minted from.
pub(crate) fn renew_print(
    (old, new): (&DataKey, &DataKey),
    stored: &Credential,
    own: Option<&AccessToken>,
    grants: &GrantTokens,
) -> Option<Vec<u8>> {
    let of_grant = stored.grant_id.and_then(|it| grants.get(&it));
    let tokens = own.into_iter().chain(of_grant);
    let mut tokens = tokens.map(|it| it.expose().as_bytes());
    let is_its = |it: &&[u8]| {
        old.compute_fingerprint(it)
            .matches_stored(&stored.fingerprint)
    };
    let token = tokens.find(is_its)?;
    Some(new.compute_fingerprint(token).as_bytes().to_vec())
}

fn is_sealed_by(key: &DataKey, credential: &Credential) -> bool {
    let sealed_by = KeyRef::from_record(&credential.sealed);
    sealed_by.is_ok_and(|it| (it.id, it.version) == (key.id(), key.version()))
}
