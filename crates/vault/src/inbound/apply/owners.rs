//! Whose the tokens are that a notice about a person may concern.
//!
//! The rule: a notice about a person is not finished while a token of the tenant may be theirs. An answer of Graph that
//! names no person of the app ends the question; no answer does not.

use std::{collections::BTreeMap, time::Duration};

use regrant_domain::{Clock, TenantId, error_chain};
use regrant_storage::Claim;
use tracing::{info, warn};

use crate::{Error, Vault, credentials::attribution::Attribution};

/// How long Graph is asked for the notices of one tenant in one pass.
const TIME_TO_ASK: Duration = Duration::from_secs(30);

/// Whether every token of a tenant has an owner, or none in this app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owners {
    /// Each has.
    Known,
    /// Some have not.
    Missing,
}

impl Vault {
    /// The claims by tenant. Tenants that wait for Graph come last, so that they delay no other.
    pub(super) async fn order_by_need_of_graph(
        &self,
        claims: Vec<Claim>,
    ) -> Result<Vec<(Vec<Claim>, Owners)>, Error> {
        let mut by_tenant = BTreeMap::<TenantId, Vec<Claim>>::new();
        for claim in claims {
            by_tenant
                .entry(claim.scope.tenant())
                .or_default()
                .push(claim);
        }
        let tenants: Vec<_> = by_tenant.keys().copied().collect();
        let missing = self
            .store
            .find_tenants_with_unattributed_tokens(&tenants)
            .await?;
        let mut ordered: Vec<_> = by_tenant
            .into_iter()
            .map(|(tenant, claims)| {
                let is_missing = missing.contains(&tenant);
                (
                    claims,
                    if is_missing {
                        Owners::Missing
                    } else {
                        Owners::Known
                    },
                )
            })
            .collect();
        ordered.sort_by_key(|(_, owners)| *owners);
        Ok(ordered)
    }

    /// Asks Graph for missing owners, while the leases of the notices are renewed.
    pub(super) async fn find_owners(&self, claims: &[Claim], owners: Owners) -> Owners {
        let Some(first) = claims.first().filter(|_| owners == Owners::Missing) else {
            return owners;
        };
        let asked = tokio::select! {
            biased;
            asked = self.attribute_all_tokens(&first.scope, TIME_TO_ASK) => asked,
            lost = self.renew_leases_until_lost(claims) => Err(lost),
        };
        let tenant = first.scope.tenant();
        match asked {
            Ok(Attribution {
                waiting: 0,
                attributed,
                ownerless,
            }) => {
                info!(tenant.id = %tenant, attributed, ownerless, "imported tokens are attributed");
                Owners::Known
            }
            Ok(Attribution { waiting, .. }) => {
                warn!(tenant.id = %tenant, waiting, "notices wait: Graph did not say whose some tokens are");
                Owners::Missing
            }
            Err(error) => {
                warn!(tenant.id = %tenant, error = error_chain(&error), "cannot attribute imported tokens");
                Owners::Missing
            }
        }
    }

    /// Renews the leases until other processes hold all of them.
    async fn renew_leases_until_lost(&self, claims: &[Claim]) -> Error {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            let until = Clock::system_time() + self.settings.lease;
            let mut lost = 0;
            for claim in claims {
                match self
                    .store
                    .renew_lease(&claim.scope, &claim.lease, until)
                    .await
                {
                    Ok(()) => {}
                    Err(regrant_storage::Error::Stale) => lost += 1,
                    Err(error) => warn!(error = error_chain(&error), "cannot renew a lease"),
                }
            }
            if lost == claims.len() {
                return Error::Stale;
            }
        }
    }
}
