//! The run of a discovery: its lease, its token, its end.
//!
//! The rule: a run holds a lease and a permit of its tenant as long as it lasts. At the end the token is shredded.
//! Start at [`Vault::spawn_discovery`]; `walk.rs` reads the lists.

use std::sync::Arc;

use chrono::TimeDelta;
use regrant_domain::{AccessToken, Clock, DiscoveryStatus, Refusal, RefusalKind, error_chain};
use regrant_graph::AppCredentials;
use regrant_permits::{Urgency, Wait};
use regrant_storage::{AuditEvent, Discovery, DiscoveryEnding, DueKind, Lease, TenantScope};
use serde_json::json;
use tracing::{Instrument, info_span, warn};

use super::{discovery_context, walk::reason_of};
use crate::{Error, Vault};

/// After this age a discovery ends, whatever it waits for.
const MAX_AGE: TimeDelta = TimeDelta::minutes(30);
/// How a run waits for its permit.
const WAIT: Wait = Wait {
    urgency: Urgency::Normal,
    patience: std::time::Duration::from_hours(1),
    max_waiting: usize::MAX,
};

/// What a run of a discovery shares.
pub(super) struct DiscoveryRun<'a> {
    pub(super) vault: &'a Vault,
    pub(super) scope: &'a TenantScope,
    pub(super) lease: &'a Lease,
    pub(super) discovery: Discovery,
    pub(super) app: Arc<AppCredentials>,
    pub(super) token: AccessToken,
}

impl Vault {
    /// Continues discoveries whose process is gone, or that waited for Graph.
    pub(crate) async fn resume_discoveries(&self) -> Result<(), Error> {
        let lease_for = TimeDelta::from_std(self.settings.lease).map_err(Error::from_cause)?;
        let free = u32::try_from(self.discovery_permits.count_free()).unwrap_or(u32::MAX);
        let now = Clock::system_time();
        let claims = self
            .store
            .claim_due(DueKind::Discovery, now, &self.runs.owner, lease_for, free)
            .await?;
        for claim in claims {
            self.spawn_discovery(claim.scope, claim.lease);
        }
        Ok(())
    }

    /// Runs a leased discovery in the background.
    pub(super) fn spawn_discovery(&self, scope: TenantScope, lease: Lease) {
        let vault = self.in_background().for_tenant(scope.tenant());
        let id = lease.discovery_id();
        let span = info_span!("discovery", tenant.id = %scope.tenant(), discovery.id = %id);
        let run = async move {
            let done = tokio::select! {
                biased;
                done = vault.run_discovery(&scope, &lease) => done,
                lost = vault.renew_until_lost(&scope, &lease) => Err(lost),
            };
            vault.discovery_progress.notify_waiters(id);
            match done {
                Ok(()) => {}
                Err(Error::Stale | Error::NotFound(_)) => {
                    warn!("the discovery was deleted, or another process continues it");
                }
                Err(error) => warn!(
                    error = error_chain(&error),
                    "a discovery stopped; it is resumed later"
                ),
            }
        };
        self.runs
            .tracker
            .spawn_on(run.instrument(span), &self.runs.runtime);
    }

    async fn run_discovery(&self, scope: &TenantScope, lease: &Lease) -> Result<(), Error> {
        let permit = self.discovery_permits.acquire(scope.tenant(), WAIT).await;
        let _permit = permit.map_err(Error::from_cause)?;
        let tx = self.store.begin_read(scope).await?;
        let found = tx.find_discovery(lease.discovery_id()).await;
        let discovery = found.map_err(Error::not_found_as(crate::Resource::Discovery))?;
        tx.commit().await?;
        if self.clock.now() - discovery.created_at > MAX_AGE {
            let refusal = Refusal {
                kind: RefusalKind::Unavailable,
                message: "Graph did not answer in time.".to_owned(),
                fbtrace_id: None,
            };
            let reason = Some(reason_of(&refusal));
            let ending = DiscoveryEnding {
                status: DiscoveryStatus::Failed,
                reason,
                not_registered: None,
            };
            return self.end_discovery(scope, lease, ending).await;
        }
        let token = self.open_discovery_token(scope, &discovery).await?;
        let run = DiscoveryRun {
            app: self.open_app_credentials(scope.app_id()).await?,
            vault: self,
            scope,
            lease,
            discovery,
            token,
        };
        run.walk_to_end().await
    }

    async fn open_discovery_token(
        &self,
        scope: &TenantScope,
        discovery: &Discovery,
    ) -> Result<AccessToken, Error> {
        let sealed = discovery.submitted.as_ref();
        let sealed = sealed.ok_or_else(|| Error::from_cause("the token of a discovery is gone"))?;
        let context = discovery_context(scope.tenant(), discovery.id);
        let plain = self.data_keys.open_record(scope, &context, sealed).await?;
        let text = std::str::from_utf8(&plain)
            .map_err(|_| Error::from_cause("the token of a discovery is not text"))?;
        AccessToken::parse(text.to_owned()).map_err(Error::from_cause)
    }

    /// Ends a discovery: its token is shredded.
    pub(super) async fn end_discovery(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        ending: DiscoveryEnding,
    ) -> Result<(), Error> {
        let (id, now) = (lease.discovery_id(), self.clock.now());
        let tx = self.store.begin(scope).await?;
        tx.hold_lease(lease).await?;
        tx.finish_discovery(id, &ending, now).await?;
        let counts = tx.count_discovered_assets(id).await?;
        let counts: serde_json::Map<_, _> = counts
            .into_iter()
            .map(|(it, n)| (it.as_str().to_owned(), n.into()))
            .collect();
        let detail = json!({ "status": ending.status, "assets": counts });
        let event = AuditEvent::new("vault", "discovery.ended", id, detail);
        tx.write_audit_events(&[event], now).await?;
        Ok(tx.commit().await?)
    }
}
