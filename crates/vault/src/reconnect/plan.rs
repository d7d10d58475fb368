//! Plans: a reconnect may demand that everything still is as a preview found it.
//!
//! The rule: nothing is stored for a plan. Its identifier holds a digest, keyed with the tenant's data key, of all
//! that the preview judged by; the reconnect that names it makes the digest again from assets that the accepting
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

const COUNTS_FOR: Duration = Duration::minutes(15);
/// Tokens and the bodies of calls are hashed under the same key; neither begins like this.
const DOMAIN: &[u8] = b"\0regrant/plan/v1\0";

/// A plan that a call names, with the key that its digest was made under.
pub(super) struct Plan {
    id: PlanId,
    /// `None` where the tenant has no such key.
    key: Option<Arc<DataKey>>,
}

/// What a plan is made of.
pub(super) struct Seen<'a> {
    pub(super) token: &'a AccessToken,
    /// What the call is for, in any order.
    pub(super) items: &'a [AssetId],
    /// Those of them that there are.
    pub(super) assets: &'a [Asset],
    /// What stands at these.
    pub(super) standings: &'a HashMap<AssetId, Standing>,
}

impl Plan {
    /// The plan of what was seen.
    pub(super) fn of(key: &DataKey, seen: &Seen<'_>, now: Timestamp) -> Result<PlanId, Error> {
        let until = (now + COUNTS_FOR).duration_trunc(Duration::seconds(1));
        let expires_at = until.map_err(Error::internal)?;
        let digest = *seen.digest(key, expires_at).as_bytes();
        Ok(PlanId {
            key_version: key.version(),
            expires_at,
            digest,
        })
    }

    /// Demands that the plan still counts, and that what is seen now is what it was made of.
    ///
    /// # Errors
    /// `Conflict(PlanOutdated)`.
    pub(super) fn check(&self, seen: &Seen<'_>, now: Timestamp) -> Result<(), Error> {
        let holds = |key: &Arc<DataKey>| {
            seen.digest(key, self.id.expires_at)
                .matches(&self.id.digest)
        };
        let counts = now < self.id.expires_at && self.key.as_ref().is_some_and(holds);
        if counts {
            Ok(())
        } else {
            Err(Error::Conflict(Conflict::PlanOutdated))
        }
    }
}

impl Vault {
    /// A plan with its key; before any transaction, because keys may have to be read. Whether it counts is asked
    /// later: a call that only repeats another must not meet that.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn plan(&self, scope: &TenantScope, id: PlanId) -> Result<Plan, Error> {
        Ok(Plan {
            id,
            key: self.keys.of_version(scope, id.key_version).await?,
        })
    }
}

impl Seen<'_> {
    fn digest(&self, key: &DataKey, expires_at: Timestamp) -> Fingerprint {
        let known: HashMap<_, _> = self.assets.iter().map(|it| (&it.id, it)).collect();
        let mut items: Vec<_> = self.items.iter().collect();
        items.sort_unstable();
        let mut said = Zeroizing::new(DOMAIN.to_vec());
        said.extend_from_slice(&expires_at.timestamp().to_be_bytes());
        for id in items {
            text(&mut said, id.as_str());
            let known = known.get(id).zip(self.standings.get(id));
            said.push(u8::from(known.is_some()));
            if let Some((asset, standing)) = known {
                self::asset(&mut said, asset, standing);
            }
        }
        // The last of all, in room made before it: no copy of the token stays behind where the text grew.
        said.reserve_exact(self.token.expose().len() + 1);
        text(&mut said, self.token.expose());
        key.fingerprint(&said)
    }
}

fn asset(said: &mut Vec<u8>, asset: &Asset, standing: &Standing) {
    text(said, asset.kind.as_str());
    said.extend_from_slice(&asset.generation.to_be_bytes());
    said.extend_from_slice(&asset.created_at.timestamp_micros().to_be_bytes());
    let Standing {
        proved,
        serves,
        same_token,
        tasks,
        cut_off_passed,
    } = standing;
    said.extend([*serves, *same_token, *cut_off_passed].map(u8::from));
    text(said, proved.map_or("", CredentialKind::as_str));
    said.extend_from_slice(&u64::try_from(tasks.len()).unwrap_or(u64::MAX).to_be_bytes());
    for task in tasks {
        text(said, task);
    }
}

/// What is told is free of NUL, which ends it.
fn text(said: &mut Vec<u8>, text: &str) {
    said.extend_from_slice(text.as_bytes());
    said.push(0);
}
