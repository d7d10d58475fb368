//! Whose the tokens are that a notice about a person may concern.
//!
//! The rule: a notice about a person is not finished while a token of the tenant may be theirs. An answer of Graph that
//! names no person of the app ends the question; no answer does not. A pass asks for a limited time in all: the tenants
//! whose turn does not come then wait for a later pass, and which of them come first differs from pass to pass.

use std::{
    collections::BTreeMap,
    sync::OnceLock,
    time::{Duration, Instant},
};

use regrant_domain::{Clock, TenantId, error_chain};
use regrant_storage::Claim;
use tracing::{info, warn};

use crate::{Error, Vault, credentials::attribution::Attribution};

/// How long Graph is asked in one pass, for the notices of all tenants together. Notices that come meanwhile wait for it.
const TIME_TO_ASK: Duration = Duration::from_secs(30);

/// The time of a pass in which Graph is asked. It begins with the first question.
#[derive(Debug, Default)]
pub(super) struct TimeToAsk(OnceLock<Instant>);

impl TimeToAsk {
    fn remaining(&self) -> Duration {
        let end = self.0.get_or_init(|| Instant::now() + TIME_TO_ASK);
        end.saturating_duration_since(Instant::now())
    }
}

/// Whether every token of a tenant has an owner, or none in this app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let (mut waiting, mut ordered) = (Vec::new(), Vec::new());
        for (tenant, claims) in by_tenant {
            if missing.contains(&tenant) {
                waiting.push((claims, Owners::Missing));
            } else {
                ordered.push((claims, Owners::Known));
            }
        }
        begin_anywhere(&mut waiting);
        ordered.extend(waiting);
        Ok(ordered)
    }

    /// Asks Graph for missing owners, while the leases of the notices are renewed and the time lasts.
    pub(super) async fn find_owners(
        &self,
        claims: &[Claim],
        owners: Owners,
        time: &TimeToAsk,
    ) -> Owners {
        let Some(first) = claims.first().filter(|_| owners == Owners::Missing) else {
            return owners;
        };
        let asked = tokio::select! {
            biased;
            asked = self.attribute_all_tokens(&first.scope, time.remaining()) => asked,
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

/// Lets one of the tenants begin, another one each time: the time of a pass may not suffice for all.
fn begin_anywhere<T>(tenants: &mut [T]) {
    let random = uuid::Uuid::now_v7().into_bytes().last().copied();
    let start = usize::from(random.unwrap_or(0)).checked_rem(tenants.len());
    tenants.rotate_left(start.unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenants_of_a_pass_share_the_time_in_which_graph_is_asked() {
        let time = TimeToAsk::default();
        let of_first = time.remaining();
        assert!(of_first <= TIME_TO_ASK && of_first > TIME_TO_ASK / 2);
        std::thread::sleep(Duration::from_millis(2));
        assert!(time.remaining() < of_first);
        let over = TimeToAsk(OnceLock::from(Instant::now()));
        assert_eq!(over.remaining(), Duration::ZERO, "the others wait");
    }

    #[test]
    fn each_tenant_comes_first_in_some_pass() {
        let starts: std::collections::BTreeSet<u8> = (0..1_000)
            .map(|_| {
                let mut tenants = [1, 2, 3];
                begin_anywhere(&mut tenants);
                tenants[0]
            })
            .collect();
        assert_eq!(starts.len(), 3);
        begin_anywhere::<u8>(&mut []);
    }
}
