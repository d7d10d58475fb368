//! Gives tokens a new life before their end (design D6): long-lived user tokens, and system users' 60 days.
//!
//! The rule: one exchange for the whole installation: lease, prove that the database can be written,
//! exchange, and hand the new token to a reconnect of the assets the old one stands for. That reconnect
//! proves it asset by asset and settles as any other; the old token lives on until its own end.

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AccessToken, AssetId, ClientId, Clock, CredentialKind, EventKind, Grant, GrantId, ReconnectId,
    RefusalKind, Timestamp, error_chain,
};
use regrant_storage::{
    AuditEvent, Claim, DueKind, NewEvent, NewItem, NewReconnect, Origin, TenantTx,
};
use serde_json::json;
use tracing::{info, warn};

use crate::{Error, Vault, credentials::seal::grant_context};

/// How long a refresh that failed rests.
const TRY_AGAIN: chrono::Duration = chrono::Duration::hours(6);
/// Long enough for an exchange with all its attempts.
const LEASE: chrono::Duration = chrono::Duration::minutes(5);
/// How long one waits for a reconnect that works on the same assets.
const GIVE_WAY: chrono::Duration = chrono::Duration::minutes(1);

impl Vault {
    /// Refreshes tokens whose end is near, at most `limit`; tells how many got a new life.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rotate_due(&self, limit: u32) -> Result<usize, Error> {
        let mut refreshed = 0;
        // One at a time: a lease that is claimed is worked on at once.
        for _ in 0..limit {
            let (kind, wall) = (DueKind::Refresh, Clock::wall());
            let claims = self
                .store
                .claim_due(kind, wall, &self.jobs.owner, LEASE, 1)
                .await?;
            let Some(claim) = claims.into_iter().next() else {
                break;
            };
            match self.rotate(&claim).await {
                Ok(done) => refreshed += usize::from(done),
                Err(error) => {
                    warn!(tenant.id = %claim.scope.tenant(), error = error_chain(&error), "a refresh broke off")
                }
            }
        }
        Ok(refreshed)
    }

    /// Puts grants on the work list whose token nears its end and was not tried lately.
    pub(super) async fn plan_refreshes(
        &self,
        tx: &TenantTx,
        grants: &[GrantId],
        now: Timestamp,
    ) -> Result<(), Error> {
        if grants.is_empty() {
            return Ok(());
        }
        let due = tx.refreshable(grants, now - TRY_AGAIN).await?;
        let due: Vec<_> = due.into_iter().map(GrantId::uuid).collect();
        Ok(tx.make_due(DueKind::Refresh, &due, Clock::wall()).await?)
    }

    async fn rotate(&self, claim: &Claim) -> Result<bool, Error> {
        let grant_id = GrantId::from_uuid(claim.object);
        let Some((grant, token)) = self.take_up(claim, grant_id).await? else {
            return Ok(false);
        };
        let app = self.app(claim.scope.app_id()).await?;
        let exchanged = if grant.facts.kind == CredentialKind::SystemUser {
            self.graph.refresh_system_user(&app, &token).await
        } else {
            self.graph.exchange(&app, &token).await
        };
        match exchanged {
            Ok(exchanged) => self.hand_over(claim, &grant, &exchanged.token).await,
            Err(error) => {
                let refusal = error.refusal();
                let transient =
                    refusal.kind.is_transient() || refusal.kind == RefusalKind::Unclassified;
                self.give_up(claim, &grant, &refusal.message, transient)
                    .await?;
                Ok(false)
            }
        }
    }

    /// Reads the grant's token, and proves that the database can be written before anything is exchanged.
    async fn take_up(
        &self,
        claim: &Claim,
        id: GrantId,
    ) -> Result<Option<(Grant, AccessToken)>, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&claim.scope).await?;
        tx.hold(&claim.lease).await?;
        if tx.is_being_replaced(id).await? {
            // What a tenant asked for goes first, and nothing is exchanged in vain.
            tx.reschedule(&claim.lease, Clock::wall() + GIVE_WAY)
                .await?;
            tx.commit().await?;
            return Ok(None);
        }
        let kept = tx.grant_token(id).await?;
        let sealed = kept
            .sealed
            .filter(|_| self.settings.watch.refresh.is_refresh_due(&kept.grant, now));
        if sealed.is_some() {
            tx.note_refresh_tried(id, now).await?;
        } else {
            tx.finish_due(&claim.lease).await?;
        }
        tx.commit().await?;
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let context = grant_context(claim.scope.tenant(), id);
        let plain = self.keys.open(&claim.scope, &context, &sealed).await?;
        let text =
            std::str::from_utf8(&plain).map_err(|_| Error::internal("a kept token is not text"))?;
        let token = AccessToken::parse(text.to_owned()).map_err(Error::internal)?;
        Ok(Some((kept.grant, token)))
    }

    /// Starts the reconnect that brings the new token to the old one's assets.
    async fn hand_over(
        &self,
        claim: &Claim,
        grant: &Grant,
        token: &AccessToken,
    ) -> Result<bool, Error> {
        let (id, now, scope) = (ReconnectId::mint(), self.clock.now(), &claim.scope);
        let key = self.keys.active(scope).await?;
        let context = Context::of_row(scope.tenant(), id.uuid(), Purpose::SubmittedToken);
        let submitted = key.seal(&context, token.expose().as_bytes())?;
        let reconnect = NewReconnect {
            id,
            expect_person: Some(grant.facts.person_id.clone()),
            submitted,
            created_by: ClientId::from_uuid(uuid::Uuid::nil()),
            session: None,
            origin: Origin::Rotation,
            created_at: now,
        };
        let limit = u32::try_from(self.settings.reconnect.max_assets).unwrap_or(u32::MAX);
        let tx = self.store.begin(scope).await?;
        tx.hold(&claim.lease).await?;
        let assets = tx.assets_of_grant(grant.id, limit).await?;
        if assets.is_empty() {
            tx.finish_due(&claim.lease).await?;
            tx.commit().await?;
            return Ok(false);
        }
        let items: Vec<_> = assets.into_iter().map(item).collect();
        let accepted = tx
            .accept_reconnect(&reconnect, &items, Some(self.lease_from_now()))
            .await?;
        // What a tenant asked for goes first: a refreshed old token must not overtake it.
        if tx.overlaps_older(id, accepted.intent_seq).await? {
            drop(tx);
            self.put_off(claim, Clock::wall() + GIVE_WAY).await?;
            return Ok(false);
        }
        tx.finish_due(&claim.lease).await?;
        let detail = json!({ "grant_id": grant.id, "person_id": grant.facts.person_id, "reconnect_id": id, "assets": items.len() });
        tell(&tx, EventKind::GrantRefreshed, grant, detail, now).await?;
        tx.commit().await?;
        info!(tenant.id = %scope.tenant(), grant.id = %grant.id, reconnect.id = %id, "a token was refreshed");
        if let Some(lease) = accepted.lease {
            self.spawn_run(scope.clone(), lease, None);
        }
        Ok(true)
    }

    /// A transient failure is tried again; another one is told, and a person must act.
    async fn give_up(
        &self,
        claim: &Claim,
        grant: &Grant,
        why: &str,
        transient: bool,
    ) -> Result<(), Error> {
        if transient {
            return self.put_off(claim, Clock::wall() + TRY_AGAIN).await;
        }
        let now = self.clock.now();
        let tx = self.store.begin(&claim.scope).await?;
        tx.hold(&claim.lease).await?;
        tx.finish_due(&claim.lease).await?;
        let detail = json!({
            "grant_id": grant.id, "person_id": grant.facts.person_id, "ends_at": grant.facts.expires_at, "detail": why,
            "who": "person", "next_step": "Log in again and replace before the end.",
        });
        tell(&tx, EventKind::GrantRefreshFailed, grant, detail, now).await?;
        Ok(tx.commit().await?)
    }

    async fn put_off(&self, claim: &Claim, until: Timestamp) -> Result<(), Error> {
        let tx = self.store.begin(&claim.scope).await?;
        tx.reschedule(&claim.lease, until).await?;
        Ok(tx.commit().await?)
    }
}

async fn tell(
    tx: &TenantTx,
    kind: EventKind,
    grant: &Grant,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    let (actor, subject) = ("worker".to_owned(), grant.id.to_string());
    let event = AuditEvent::new(actor, kind.as_str(), subject.clone(), detail.clone());
    tx.audit(&[event], now).await?;
    Ok(tx
        .emit(
            &[NewEvent {
                kind,
                subject,
                data: detail,
            }],
            now,
        )
        .await?)
}

fn item(asset_id: AssetId) -> NewItem {
    NewItem {
        asked: asset_id.to_string(),
        asset_id,
        settled: None,
    }
}
