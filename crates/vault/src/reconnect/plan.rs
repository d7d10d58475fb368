//! Plans: a reconnect may require that the assets and the token are as a preview found them.
//!
//! The rule: a plan is not stored. Its id holds a digest, keyed with the tenant's data key, of everything that the
//! preview judged by. The reconnect that names the plan computes the digest again, from the assets that its accepting
//! transaction has locked.

use std::{collections::HashMap, sync::Arc};

use chrono::{Duration, DurationRound};
use regrant_crypto::{DataKey, Fingerprint};
use regrant_domain::{
    AccessToken, Asset, AssetId, CredentialKind, PlanId, Timestamp, settle::Standing,
};
use regrant_storage::TenantScope;
use zeroize::Zeroizing;

use crate::{Conflict, Error, Vault};

/// How long a plan is valid.
const LIFETIME: Duration = Duration::minutes(15);
/// Separates digests of plans from hashes of tokens and bodies under the same key: neither of those begins like this.
const DIGEST_PREFIX: &[u8] = b"\0regrant/plan/v1\0";

/// A plan that a request names, with the key of its digest.
pub(super) struct Plan {
    id: PlanId,
    /// `None` where the tenant has no key of this version.
    key: Option<Arc<DataKey>>,
}

/// What a preview judges by.
pub(super) struct PlanInput<'a> {
    pub(super) token: &'a AccessToken,
    /// The ids of the request, in any order.
    pub(super) items: &'a [AssetId],
    /// The assets that exist.
    pub(super) assets: &'a [Asset],
    /// The standings of these assets.
    pub(super) standings: &'a HashMap<AssetId, Standing>,
}

impl Plan {
    /// The id of the plan for this input.
    pub(super) fn id_for(
        key: &DataKey,
        input: &PlanInput<'_>,
        now: Timestamp,
    ) -> Result<PlanId, Error> {
        let until = (now + LIFETIME).duration_trunc(Duration::seconds(1));
        let expires_at = until.map_err(Error::from_cause)?;
        let digest = *input.compute_digest(key, expires_at).as_bytes();
        Ok(PlanId {
            key_version: key.version(),
            expires_at,
            digest,
        })
    }

    /// Checks that the plan has not expired, and that it was made for this input.
    ///
    /// # Errors
    /// `Conflict(PlanOutdated)`.
    pub(super) fn check_unchanged(
        &self,
        input: &PlanInput<'_>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let matches = |key: &Arc<DataKey>| {
            input
                .compute_digest(key, self.id.expires_at)
                .matches_stored(&self.id.digest)
        };
        let is_valid = now < self.id.expires_at && self.key.as_ref().is_some_and(matches);
        if is_valid {
            Ok(())
        } else {
            Err(Error::Conflict(Conflict::PlanOutdated))
        }
    }
}

impl Vault {
    /// Reads the key of a plan; call it outside of a transaction. The plan is checked later, because a replayed request
    /// must not fail for an outdated plan.
    pub(super) async fn load_plan(&self, scope: &TenantScope, id: PlanId) -> Result<Plan, Error> {
        Ok(Plan {
            id,
            key: self.data_keys.find_version(scope, id.key_version).await?,
        })
    }
}

impl PlanInput<'_> {
    fn compute_digest(&self, key: &DataKey, expires_at: Timestamp) -> Fingerprint {
        let known: HashMap<_, _> = self.assets.iter().map(|it| (&it.id, it)).collect();
        let mut items: Vec<_> = self.items.iter().collect();
        items.sort_unstable();
        let mut buffer = Zeroizing::new(DIGEST_PREFIX.to_vec());
        buffer.extend_from_slice(&expires_at.timestamp().to_be_bytes());
        for id in items {
            append_text(&mut buffer, id.as_str());
            let known = known.get(id).zip(self.standings.get(id));
            buffer.push(u8::from(known.is_some()));
            if let Some((asset, standing)) = known {
                self::append_asset(&mut buffer, asset, standing);
            }
        }
        // Last, into reserved room: a buffer that grows leaves copies of the token in freed memory.
        buffer.reserve_exact(self.token.expose().len() + 1);
        append_text(&mut buffer, self.token.expose());
        key.compute_fingerprint(&buffer)
    }
}

fn append_asset(buffer: &mut Vec<u8>, asset: &Asset, standing: &Standing) {
    append_text(buffer, asset.kind.as_str());
    buffer.extend_from_slice(&asset.generation.to_be_bytes());
    buffer.extend_from_slice(&asset.created_at.timestamp_micros().to_be_bytes());
    let Standing {
        working_kind: proved,
        serves,
        same_token,
        tasks,
        cut_off_passed,
        // A preview counts no refusal.
        next_refusal_ends: _,
        refusals_held: _,
    } = standing;
    buffer.extend([*serves, *same_token, *cut_off_passed].map(u8::from));
    append_text(buffer, proved.map_or("", CredentialKind::as_str));
    buffer.extend_from_slice(&u64::try_from(tasks.len()).unwrap_or(u64::MAX).to_be_bytes());
    for task in tasks {
        append_text(buffer, task);
    }
}

/// Appends a text, ended by NUL; no text contains NUL.
fn append_text(buffer: &mut Vec<u8>, text: &str) {
    buffer.extend_from_slice(text.as_bytes());
    buffer.push(0);
}
