//! Plans: a reconnect may demand that everything still is as a preview found it.
//!
//! The rule: nothing is stored for a plan. Its identifier holds a digest, keyed with the tenant's data key, of all
//! that the preview judged by; the reconnect that names it makes the digest again from assets that the accepting
//! transaction has locked.

use std::{collections::HashMap, sync::Arc};

use chrono::{Duration, DurationRound};
use regrant_crypto::{DataKey, Fingerprint};
use regrant_domain::{AccessToken, Asset, AssetId, PlanId, Timestamp};
use regrant_storage::TenantScope;
use zeroize::Zeroizing;

use crate::{Conflict, Error, Vault};

const COUNTS_FOR: Duration = Duration::minutes(15);
/// Tokens and the bodies of calls are hashed under the same key; neither begins like this.
const DOMAIN: &[u8] = b"\0regrant/plan/v1\0";
/// Room for one asset in what is hashed: an id, a kind, two numbers and what parts them.
const ROOM: usize = 96;

/// A plan that a call names, with the key that its digest was made under.
pub(crate) struct Plan {
    id: PlanId,
    key: Arc<DataKey>,
}

/// What a plan is made of.
pub(crate) struct Seen<'a> {
    pub(crate) token: &'a AccessToken,
    /// What the call is for, in any order.
    pub(crate) items: &'a [AssetId],
    /// Those of them that there are.
    pub(crate) assets: &'a [Asset],
    pub(crate) now: Timestamp,
    pub(crate) notice: Duration,
}

impl Plan {
    /// The plan of what was seen.
    pub(crate) fn of(key: &DataKey, seen: &Seen<'_>) -> Result<PlanId, Error> {
        let until = (seen.now + COUNTS_FOR).duration_trunc(Duration::seconds(1));
        let expires_at = until.map_err(Error::internal)?;
        let digest = *seen.digest(key, expires_at).as_bytes();
        Ok(PlanId { key_version: key.version(), expires_at, digest })
    }

    /// Demands that what is seen now is what the plan was made of.
    ///
    /// # Errors
    /// `Conflict(PlanOutdated)`.
    pub(crate) fn check(&self, seen: &Seen<'_>) -> Result<(), Error> {
        let holds = seen.digest(&self.key, self.id.expires_at).matches(&self.id.digest);
        if holds { Ok(()) } else { Err(Error::Conflict(Conflict::PlanOutdated)) }
    }
}

impl Vault {
    /// A plan that still counts; before any transaction, because its key may have to be read.
    ///
    /// # Errors
    /// `Conflict(PlanOutdated)`.
    pub(crate) async fn plan(&self, scope: &TenantScope, id: PlanId) -> Result<Plan, Error> {
        let outdated = Error::Conflict(Conflict::PlanOutdated);
        if id.expires_at <= self.clock.now() {
            return Err(outdated);
        }
        let key = self.keys.of_version(scope, id.key_version).await?.ok_or(outdated)?;
        Ok(Plan { id, key })
    }
}

impl Seen<'_> {
    fn digest(&self, key: &DataKey, expires_at: Timestamp) -> Fingerprint {
        let known: HashMap<_, _> = self.assets.iter().map(|it| (&it.id, it)).collect();
        let mut items: Vec<_> = self.items.iter().collect();
        items.sort_unstable();
        let token = self.token.expose().as_bytes();
        // Sized for all of it, so that no smaller copy of the token stays behind in freed memory.
        let room = DOMAIN.len() + token.len() + ROOM * (items.len() + 1);
        let mut said = Zeroizing::new(Vec::with_capacity(room));
        said.extend_from_slice(DOMAIN);
        said.extend_from_slice(&expires_at.timestamp().to_be_bytes());
        said.extend_from_slice(token);
        for id in items {
            said.push(0);
            said.extend_from_slice(id.as_str().as_bytes());
            said.push(0);
            if let Some(asset) = known.get(id) {
                said.extend_from_slice(asset.kind.as_str().as_bytes());
                said.push(0);
                said.extend_from_slice(&asset.generation.to_be_bytes());
                said.extend_from_slice(&asset.created_at.timestamp_micros().to_be_bytes());
                said.push(u8::from(asset.state(self.now, self.notice).serves()));
            }
        }
        key.fingerprint(&said)
    }
}
