//! Which pages' origins a browser may call from.
//!
//! The rule: before a browser says who it is, an origin counts that any served tenant lists, as it was known up to half
//! a minute ago; once it said so, only an origin of its own tenant does, as it is known now.

use std::time::Duration;

use moka::future::Cache;

use crate::{Error, Principal, Vault};

/// How long what was known of an origin is believed.
const BELIEVED: Duration = Duration::from_secs(30);
/// How many origins are remembered: anybody may ask about any.
const REMEMBERED: u64 = 10_000;
/// The longest text that can be an origin that is listed.
const LONGEST: usize = 255;

/// What is known of origins. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Origins(Cache<String, bool>);

impl Origins {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(BELIEVED)
                .build(),
        )
    }
}

impl Vault {
    /// Whether any tenant that is served lists this origin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_origin_listed(&self, origin: &str) -> Result<bool, Error> {
        if origin.len() > LONGEST {
            return Ok(false);
        }
        if let Some(known) = self.origins.0.get(origin).await {
            return Ok(known);
        }
        let listed = self.store.is_origin_listed(origin).await?;
        self.origins.0.insert(origin.to_owned(), listed).await;
        Ok(listed)
    }

    /// Whether the caller's tenant lists this origin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn may_call_from(&self, caller: &Principal, origin: &str) -> Result<bool, Error> {
        Ok(self
            .store
            .tenant_lists_origin(caller.tenant(), origin)
            .await?)
    }
}
