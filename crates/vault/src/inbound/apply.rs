//! Applies Meta's stored notices about persons and assets, one tenant at a time.
//!
//! The rule: a notice about a person is applied at once to the tokens that are known to be theirs, and is not finished
//! before every token of the tenant has an owner (`apply/owners.rs`). Every transaction first holds the lease of the
//! notice, then locks the assets. A notice is repeated from its start, so each step must be safe to repeat: a token that
//! comes in meanwhile, or whose owner is found, takes the lease away. A notice never touches a credential that was issued
//! after it: that is a new login.
//! Start at [`Vault::apply_due_notices`]; `apply/revocation.rs` has what deauthorisations and deletions do, `tally.rs`
//! counts the effects.

mod owners;
mod revocation;
#[cfg(test)]
mod tests;

use futures_util::{StreamExt, stream};
use regrant_domain::{
    Asset, AssetId, Clock, CutOff, CutOffSource, MetaNotice, NoticeKind, Timestamp, error_chain,
    retry::notice_pause, watch::is_newer_cut_off,
};
use regrant_storage::{
    Claim, CutOffNote, DeletionCause, DueKind, NewDeletion, StoredNotice, TenantTx,
};
use tracing::{Instrument, error, info, info_span};

use self::{
    owners::{Owners, TimeToAsk},
    revocation::revoked_consent,
};
use super::tally::NoticeTally;
use crate::{Error, Vault};

/// How many assets one transaction changes.
const ASSETS_PER_TRANSACTION: u32 = 500;
/// How many tenants' notices are worked on at the same time.
const TENANTS_AT_ONCE: usize = 8;

/// A notice in one transaction of one tenant.
struct NoticeStep<'a> {
    tx: &'a TenantTx,
    notice: &'a MetaNotice,
    now: Timestamp,
    /// Whether the notice is applied again later, because some tokens have no owner yet.
    is_repeated: bool,
}

impl Vault {
    /// Applies due notices from Meta, at most `limit` of one tenant. Returns how many were claimed.
    ///
    /// A notice that fails is logged; it is due again when its lease expires.
    pub async fn apply_due_notices(&self, limit: u32) -> Result<usize, Error> {
        let claims = self.claim_notices(limit).await?;
        let claimed = claims.len();
        let time = TimeToAsk::default();
        // Collected before the stream: the compiler cannot show that a closure within the stream is Send.
        let work: Vec<_> = self
            .order_by_need_of_graph(claims)
            .await?
            .into_iter()
            .map(|(claims, owners)| self.apply_notices_of_tenant(claims, owners, &time))
            .collect();
        stream::iter(work)
            .buffer_unordered(TENANTS_AT_ONCE)
            .collect::<()>()
            .await;
        self.store.finish_notices(self.clock.now()).await?;
        Ok(claimed)
    }

    async fn claim_notices(&self, limit: u32) -> Result<Vec<Claim>, Error> {
        let lease = chrono::Duration::from_std(self.settings.lease).map_err(Error::from_cause)?;
        let owner = format!("{}/{}", self.runs.owner, uuid::Uuid::now_v7());
        let now = Clock::system_time();
        Ok(self
            .store
            .claim_due(DueKind::Inbox, now, &owner, lease, limit)
            .await?)
    }

    /// Applies notices of one tenant in turn. Where an owner is missing, Graph is asked once for all of them.
    async fn apply_notices_of_tenant(&self, claims: Vec<Claim>, owners: Owners, time: &TimeToAsk) {
        let owners = self.find_owners(&claims, owners, time).await;
        for claim in &claims {
            let span = info_span!("message", tenant.id = %claim.scope.tenant(), message.id = %claim.object);
            match self
                .apply_notice(claim, owners)
                .instrument(span.clone())
                .await
            {
                Ok(()) => {}
                Err(Error::Stale) => {
                    span.in_scope(|| info!("the notice was taken over, or opened again"));
                }
                Err(error) => span.in_scope(|| {
                    error!(
                        error = error_chain(&error),
                        "a notice failed; it is retried after its lease"
                    );
                }),
            }
        }
    }

    /// Applies one notice to all its assets in chunks of [`ASSETS_PER_TRANSACTION`], then finishes it, or puts it off. A
    /// reconnect that would use a revoked token ends first: what it settled before is among the assets.
    async fn apply_notice(&self, claim: &Claim, owners: Owners) -> Result<(), Error> {
        let now = self.clock.now();
        let stored = self.store.start_notice(claim.object, now).await?;
        let notice = &stored.notice;
        let is_repeated = owners == Owners::Missing && concerns_every_token(notice);
        if let Some(revoked) = revoked_consent(notice) {
            self.end_revoked_reconnects(&claim.scope, revoked).await?;
        }
        let (mut tally, mut after) = (NoticeTally::default(), None);
        loop {
            let leased_until = Clock::system_time() + self.settings.lease;
            self.store
                .renew_lease(&claim.scope, &claim.lease, leased_until)
                .await?;
            let tx = self.store.begin(&claim.scope).await?;
            tx.hold_lease(&claim.lease).await?;
            let step = NoticeStep {
                tx: &tx,
                notice,
                now,
                is_repeated,
            };
            let ids = list_affected_assets(&tx, notice, after.as_ref()).await?;
            let Some(last) = ids.last().cloned() else {
                self.end_notice_run(&step, claim, &stored, &tally).await?;
                tx.commit().await?;
                return Ok(());
            };
            self.apply_to_assets(&step, &ids, &mut tally).await?;
            tx.commit().await?;
            after = Some(last);
        }
    }

    async fn apply_to_assets(
        &self,
        step: &NoticeStep<'_>,
        ids: &[AssetId],
        tally: &mut NoticeTally,
    ) -> Result<(), Error> {
        let assets = step.tx.lock_assets(ids).await?;
        tally.assets += assets.len();
        let changed = match step.notice.kind {
            NoticeKind::Migration => self.apply_announcement(step, &assets, tally).await?,
            NoticeKind::Permissions | NoticeKind::PartnerRemoved => Vec::new(),
            NoticeKind::Deauthorize => self.apply_revocation(step, &assets, tally).await?,
            NoticeKind::DataDeletion => self.apply_deletion(step, &assets, tally).await?,
        };
        // Probe the affected assets now, whatever their schedule; but not each time that the notice is repeated.
        let hurried = if step.is_repeated { &changed } else { ids };
        Ok(step.tx.hurry_probes(hurried, step.now).await?)
    }

    /// Sets the announced cut-off on every asset that has no newer one. Probes replace it later.
    /// Returns the assets whose cut-off moved.
    async fn apply_announcement(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut NoticeTally,
    ) -> Result<Vec<AssetId>, Error> {
        let Some(at) = step.notice.cut_off else {
            return Ok(Vec::new());
        };
        let learned_at = step.notice.sent_at;
        let cut_off = CutOff {
            at,
            source: CutOffSource::Webhook,
            learned_at,
        };
        // Another person may have taken an asset over between the list and the lock.
        let person = step.notice.person_id();
        let moved: Vec<_> = assets
            .iter()
            .filter(|it| person.is_none() || it.person_id.as_ref() == person)
            .filter(|it| is_newer_cut_off(it.facts.cut_off, cut_off))
            .collect();
        let ids: Vec<_> = moved.iter().map(|it| it.id.clone()).collect();
        step.tx.set_cut_offs(&ids, cut_off).await?;
        let note = |it: &&Asset| CutOffNote {
            asset_id: it.id.clone(),
            person_id: it.person_id.clone(),
            at: Some(at),
            source: cut_off.source,
            learned_at: cut_off.learned_at,
        };
        step.tx
            .insert_cut_off_notes(&moved.iter().map(note).collect::<Vec<_>>())
            .await?;
        tally.count_moved(ids.len(), at);
        self.follow_up(step.tx, &ids, step.now).await?;
        Ok(ids)
    }

    /// The last transaction of a run: wipes what belongs to the person as a whole, writes events and audit, and finishes
    /// the notice or puts it off.
    async fn end_notice_run(
        &self,
        step: &NoticeStep<'_>,
        claim: &Claim,
        stored: &StoredNotice,
        tally: &NoticeTally,
    ) -> Result<(), Error> {
        let (tx, notice) = (step.tx, step.notice);
        if let Some(revoked) = revoked_consent(notice) {
            let grants = tx.wipe_revoked_grant_tokens(revoked).await?;
            let consents = tx.delete_revoked_consents(revoked).await?;
            if notice.kind == NoticeKind::DataDeletion {
                tx.erase_personal_data(revoked).await?;
                record_deletion(step, claim, tally, grants.saturating_add(consents)).await?;
            }
        }
        // A run that is repeated reports what it changed, if it did; the last run reports in any case.
        if !step.is_repeated || tally.changed > 0 {
            tx.emit_events(&tally.to_events(notice), step.now).await?;
            tx.write_audit_events(&[tally.to_audit_event(notice)], step.now)
                .await?;
        }
        if step.is_repeated {
            let due_at = Clock::system_time() + pause_of(step.now - stored.received_at);
            return Ok(tx.reschedule_due(&claim.lease, due_at).await?);
        }
        Ok(tx.finish_notice_of_tenant(&claim.lease).await?)
    }
}

/// Records what this run deleted, with when: copies of it may be opened until the tenant's keys are destroyed.
async fn record_deletion(
    step: &NoticeStep<'_>,
    claim: &Claim,
    tally: &NoticeTally,
    tokens: u64,
) -> Result<(), Error> {
    if tally.assets == 0 && tokens == 0 {
        return Ok(());
    }
    let deletion = NewDeletion {
        cause: DeletionCause::Person,
        subject: claim.object,
        at: step.now,
        items: u64::try_from(tally.assets).unwrap_or(u64::MAX),
        revocation: None,
    };
    Ok(step.tx.record_deletion(deletion).await?)
}

/// Whether the notice must reach tokens whose person is not known yet. Those are probed soon in any case, which is all
/// that the other kinds want.
const fn concerns_every_token(notice: &MetaNotice) -> bool {
    matches!(
        notice.kind,
        NoticeKind::Migration | NoticeKind::Deauthorize | NoticeKind::DataDeletion
    )
}

fn pause_of(age: chrono::Duration) -> chrono::Duration {
    let jitter = uuid::Uuid::now_v7().into_bytes().last().copied();
    notice_pause(age, jitter.unwrap_or(0))
}

/// The next chunk of assets that a notice affects, in the order of their ids.
async fn list_affected_assets(
    tx: &TenantTx,
    notice: &MetaNotice,
    after: Option<&AssetId>,
) -> Result<Vec<AssetId>, Error> {
    let Some(person) = notice.person_id() else {
        // A notice names few assets, so they are one chunk.
        let ids = notice.asset_ids().iter().filter(|_| after.is_none());
        let known = tx.find_assets(&ids.cloned().collect::<Vec<_>>()).await?;
        return Ok(asset_ids(&known));
    };
    Ok(if notice.kind == NoticeKind::Migration {
        tx.list_assets_served_by(person, after, ASSETS_PER_TRANSACTION)
            .await?
    } else {
        tx.list_assets_of_person(person, after, ASSETS_PER_TRANSACTION)
            .await?
    })
}

fn asset_ids(assets: &[Asset]) -> Vec<AssetId> {
    assets.iter().map(|it| it.id.clone()).collect()
}
