//! Probes assets that are due, with the credentials that serve them or wait for them (design D6).
//!
//! The rule: `[tx] network [tx]`. No transaction is open while Graph is probed. The second transaction writes only
//! where the lease still holds and the credentials are unchanged, so that a pass that lost its lease writes nothing.
//! Start at [`Vault::probe_due_assets`]: it claims assets; `chunk.rs` probes and settles them; `findings.rs` decides.

pub(crate) mod check;
mod chunk;
mod dates;
mod due;
mod findings;
pub(crate) mod mass_refusals;
mod promote;
mod refresh;
mod rows;
mod sibling_cut_offs;
pub(crate) mod stats;

use std::convert::Infallible;

use futures_util::{StreamExt, stream};
use regrant_domain::{Clock, error_chain, schedule::ProbeQueue};
use regrant_storage::{Claimer, ProbeClaim};
use tracing::{Instrument, error, info, info_span, warn};

use crate::{Error, ProbePassStats, Vault};

/// How many tenants are probed at the same time.
const TENANTS_AT_ONCE: usize = 8;
/// How many assets are probed together and settled in one transaction.
const CHUNK: usize = 100;
/// How many chunks of a tenant are probed at the same time.
const CHUNKS_AT_ONCE: usize = 6;

impl Vault {
    /// Probes due assets of a queue, at most `limit`. Tenants take turns; each tenant's most urgent assets come first.
    pub async fn probe_due_assets(
        &self,
        queue: ProbeQueue,
        limit: u32,
    ) -> Result<ProbePassStats, Error> {
        let owner = self.new_probe_owner();
        let claimer = self.probe_claimer(&owner);
        let claims = self.store.claim_probes(queue, claimer, limit).await?;
        if claims.is_empty() {
            return Ok(ProbePassStats::default());
        }
        // Collected before the stream: the compiler cannot show that a closure within the stream is Send.
        let tenants: Vec<_> = claims
            .iter()
            .map(|claim| self.probe_tenant(&owner, claim))
            .collect();
        let all = stream::iter(tenants)
            .buffer_unordered(TENANTS_AT_ONCE)
            .fold(ProbePassStats::default(), async |sum, it| sum.add_stats(it));
        let stats = self.keep_probe_leases(&owner, &claims, all).await;
        self.store.release_probes(&owner, &claims).await?;
        Ok(stats)
    }

    /// A name for the leases of one pass.
    fn new_probe_owner(&self) -> String {
        format!("{}/{}", self.runs.owner, uuid::Uuid::now_v7())
    }

    fn probe_claimer<'a>(&self, owner: &'a str) -> Claimer<'a> {
        let wall = Clock::system_time();
        Claimer {
            owner,
            now: self.clock.now(),
            wall,
            until: wall + self.settings.lease,
        }
    }

    /// Does the work while the leases of its owner are renewed.
    async fn keep_probe_leases<T>(
        &self,
        owner: &str,
        claims: &[ProbeClaim],
        work: impl Future<Output = T>,
    ) -> T {
        tokio::select! {
            biased;
            done = work => done,
            never = self.renew_probe_leases(owner, claims) => match never {},
        }
    }

    /// Renews the leases of a pass; never returns.
    async fn renew_probe_leases(&self, owner: &str, claims: &[ProbeClaim]) -> Infallible {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            let until = Clock::system_time() + self.settings.lease;
            if let Err(error) = self.store.renew_probes(owner, claims, until).await {
                warn!(
                    error = error_chain(&error),
                    "cannot renew the leases of probes"
                );
            }
        }
    }

    /// Probes one tenant's assets. An error is logged and stays with the tenant; its assets become due again.
    async fn probe_tenant(&self, owner: &str, claim: &ProbeClaim) -> ProbePassStats {
        let claimed = claim.leases.len();
        let span = info_span!("watch", tenant.id = %claim.scope.tenant(), assets = claimed);
        let vault = self.for_tenant(claim.scope.tenant());
        let probed = vault
            .probe_claim(owner, claim)
            .instrument(span.clone())
            .await;
        span.in_scope(|| match probed {
            Ok(stats) => {
                if stats.lost > 0 {
                    info!(
                        lost = stats.lost,
                        "assets changed, or another process claimed them, during the probes"
                    );
                }
                ProbePassStats { claimed, ..stats }
            }
            Err(error) => {
                error!(
                    error = error_chain(&error),
                    "the probes of a tenant failed; its assets are due again"
                );
                ProbePassStats {
                    claimed,
                    lost: claimed,
                    ..ProbePassStats::default()
                }
            }
        })
    }

    /// Probes a claim in chunks, several at once, so that a process that stops leaves little to repeat.
    async fn probe_claim(&self, owner: &str, claim: &ProbeClaim) -> Result<ProbePassStats, Error> {
        let app = self.open_app_credentials(claim.scope.app_id()).await?;
        self.read_due_dates(&claim.scope, &app, &claim.leases)
            .await?;
        let chunks: Vec<_> = claim
            .leases
            .chunks(CHUNK)
            .map(|leases| self.probe_chunk_or_postpone(owner, &claim.scope, &app, leases))
            .collect();
        let sum = stream::iter(chunks)
            .buffer_unordered(CHUNKS_AT_ONCE)
            .fold(ProbePassStats::default(), async |sum, it| sum.add_stats(it));
        Ok(sum.await)
    }
}
