//! Decides from which web origins a browser may call the API.
//!
//! The rule: a preflight request carries no credentials, so it accepts an origin of any active
//! tenant, from a cache of up to 30 seconds. An authenticated request accepts only an origin of its
//! own tenant, read from the database.

use std::time::Duration;

use moka::future::Cache;

use crate::{Error, Principal, Vault};

/// How long a cached answer is valid.
const CACHE_LIFETIME: Duration = Duration::from_secs(30);
/// The capacity of the cache. It needs a limit because any page may send any origin.
const MAX_CACHED: u64 = 10_000;
/// The maximum length of an origin in bytes; longer ones are refused without a query.
const MAX_ORIGIN_LENGTH: usize = 255;

/// Caches whether an active tenant lists an origin. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OriginCache(Cache<String, bool>);

impl OriginCache {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MAX_CACHED)
                .time_to_live(CACHE_LIFETIME)
                .build(),
        )
    }
}

impl Vault {
    /// Whether any active tenant lists this origin, up to 30 seconds ago.
    pub async fn is_origin_listed(&self, origin: &str) -> Result<bool, Error> {
        if origin.len() > MAX_ORIGIN_LENGTH {
            return Ok(false);
        }
        if let Some(known) = self.origins.0.get(origin).await {
            return Ok(known);
        }
        let listed = self.store.is_origin_listed(origin).await?;
        self.origins.0.insert(origin.to_owned(), listed).await;
        Ok(listed)
    }

    /// Whether the caller's tenant lists this origin now.
    pub async fn is_origin_of_caller(
        &self,
        caller: &Principal,
        origin: &str,
    ) -> Result<bool, Error> {
        Ok(self
            .store
            .tenant_lists_origin(caller.tenant(), origin)
            .await?)
    }
}
