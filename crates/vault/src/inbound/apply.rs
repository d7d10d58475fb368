//! Applies Meta's stored notices about persons and assets, one tenant at a time.
//!
//! The rule: a notice about a person first asks Graph whose the tokens are that no person is known of, and waits until
//! that is known. every transaction first holds the lease of the notice, then locks the assets. A run that fails is
//! repeated from its start, so each step must be safe to repeat. A notice never touches a credential that was issued
//! after it: that is a new login.
//! Start at [`Vault::apply_due_notices`]; `tally.rs` counts the effects.

use regrant_domain::{
    Asset, AssetId, Clock, CutOff, CutOffSource, MetaNotice, NoticeKind, Timestamp, error_chain,
    watch::is_newer_cut_off,
};
use regrant_storage::{Claim, CountedRefusal, CutOffNote, DueKind, RevokedConsent, TenantTx};
use tracing::{Instrument, error, info_span};

use super::tally::NoticeTally;
use crate::{Error, Vault};

#[cfg(test)]
mod tests;

/// How many assets one transaction changes.
const ASSETS_PER_TRANSACTION: u32 = 500;
/// How long a notice waits before Graph is asked again whose the tokens are.
const WAIT_FOR_OWNERS: chrono::Duration = chrono::Duration::minutes(1);

/// A notice in one transaction of one tenant.
struct NoticeStep<'a> {
    tx: &'a TenantTx,
    notice: &'a MetaNotice,
    now: Timestamp,
}

impl Vault {
    /// Applies due notices from Meta, at most `limit` of one tenant. Returns how many were claimed.
    ///
    /// A notice that fails is logged; it is due again when its lease expires.
    pub async fn apply_due_notices(&self, limit: u32) -> Result<usize, Error> {
        let lease_for =
            chrono::Duration::from_std(self.settings.lease).map_err(Error::from_cause)?;
        let owner = format!("{}/{}", self.runs.owner, uuid::Uuid::now_v7());
        let claims = self
            .store
            .claim_due(
                DueKind::Inbox,
                Clock::system_time(),
                &owner,
                lease_for,
                limit,
            )
            .await?;
        for claim in &claims {
            let span = info_span!("message", tenant.id = %claim.scope.tenant(), message.id = %claim.object);
            if let Err(error) = self.apply_notice(claim).instrument(span.clone()).await {
                span.in_scope(|| {
                    error!(
                        error = error_chain(&error),
                        "a notice failed; it is retried after its lease"
                    );
                });
            }
        }
        self.store.finish_notices(self.clock.now()).await?;
        Ok(claims.len())
    }

    /// Applies one notice to all its assets in chunks of [`ASSETS_PER_TRANSACTION`], then finishes it.
    async fn apply_notice(&self, claim: &Claim) -> Result<(), Error> {
        let now = self.clock.now();
        let notice = self.store.start_notice(claim.object, now).await?.notice;
        if !self.attribute_before_notice(claim, &notice).await? {
            return Ok(());
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
                notice: &notice,
                now,
            };
            let ids = list_affected_assets(&tx, &notice, after.as_ref()).await?;
            let Some(last) = ids.last().cloned() else {
                self.finish_notice(&step, claim, &tally).await?;
                tx.commit().await?;
                return Ok(());
            };
            self.apply_to_assets(&step, &ids, &mut tally).await?;
            tx.commit().await?;
            after = Some(last);
        }
    }

    /// Asks whose the tokens are that no person is known of; `false` where Graph gave no answer and the notice waits.
    async fn attribute_before_notice(
        &self,
        claim: &Claim,
        notice: &MetaNotice,
    ) -> Result<bool, Error> {
        if notice.person_id().is_none() {
            return Ok(true);
        }
        let attribution = self.attribute_all_tokens(&claim.scope).await?;
        let tx = self.store.begin(&claim.scope).await?;
        tx.hold_lease(&claim.lease).await?;
        if attribution.waiting > 0 {
            let until = Clock::system_time() + WAIT_FOR_OWNERS;
            tx.reschedule_due(&claim.lease, until).await?;
        } else if notice.kind == NoticeKind::DataDeletion {
            // No text of these can be used at Meta any more, and one may be of the person.
            tx.delete_credentials(&attribution.ownerless).await?;
        }
        tx.commit().await?;
        Ok(attribution.waiting == 0)
    }

    async fn apply_to_assets(
        &self,
        step: &NoticeStep<'_>,
        ids: &[AssetId],
        tally: &mut NoticeTally,
    ) -> Result<(), Error> {
        let assets = step.tx.lock_assets(ids).await?;
        tally.assets += assets.len();
        match step.notice.kind {
            NoticeKind::Migration => self.apply_announcement(step, &assets, tally).await?,
            NoticeKind::Permissions | NoticeKind::PartnerRemoved => {}
            NoticeKind::Deauthorize => self.apply_revocation(step, &assets, tally).await?,
            NoticeKind::DataDeletion => self.apply_deletion(step, &assets, tally).await?,
        }
        // Probe the affected assets now, whatever their schedule.
        Ok(step.tx.hurry_probes(ids, step.now).await?)
    }

    /// Sets the announced cut-off on every asset that has no newer one. Probes replace it later.
    async fn apply_announcement(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut NoticeTally,
    ) -> Result<(), Error> {
        let Some(at) = step.notice.cut_off else {
            return Ok(());
        };
        let learned_at = step.notice.sent_at;
        let cut_off = CutOff {
            at,
            source: CutOffSource::Webhook,
            learned_at,
        };
        let moved: Vec<_> = assets
            .iter()
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
        self.follow_up(step.tx, &ids, step.now).await
    }

    /// Marks the assets that the person's tokens served as revoked, and deletes the person's other credentials.
    async fn apply_revocation(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut NoticeTally,
    ) -> Result<(), Error> {
        let (tx, notice) = (step.tx, step.notice);
        let is_deletion = notice.kind == NoticeKind::DataDeletion;
        let ids = asset_ids(assets);
        let Some(revoked) = revoked_consent(notice) else {
            return Ok(());
        };
        let ended = tx.find_revoked_active_assets(revoked, &ids).await?;
        let ended_assets = || assets.iter().filter(|it| ended.contains(&it.id));
        let counted: Vec<_> = ended_assets()
            .filter_map(|it| self.count_revocation(it, notice, step.now))
            .collect();
        let is_new = |it: &&Asset| !it.facts.is_revoked();
        tally.changed += ended_assets().filter(is_new).count();
        tx.write_refusals(&counted, step.now).await?;
        tx.delete_revoked_credentials(revoked, &ids, is_deletion)
            .await?;
        if is_deletion {
            tx.erase_serving_person(&ended.into_iter().collect::<Vec<_>>())
                .await?;
        }
        self.follow_up(tx, &ids, step.now).await
    }

    /// The refusals of an asset whose person has taken the app's access back: one is enough.
    fn count_revocation(
        &self,
        asset: &Asset,
        notice: &MetaNotice,
        now: Timestamp,
    ) -> Option<CountedRefusal> {
        let pause = self.settings.watch.pace.doubt;
        let refusals = asset.facts.after_revocation(notice.kind, now, pause)?;
        let asset_id = asset.id.clone();
        Some(CountedRefusal { asset_id, refusals })
    }

    /// Revokes as [`Self::apply_revocation`] does, and schedules a probe of the remaining standbys at once.
    async fn apply_deletion(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut NoticeTally,
    ) -> Result<(), Error> {
        self.apply_revocation(step, assets, tally).await?;
        let with_standbys = step
            .tx
            .find_assets_with_standbys(&asset_ids(assets))
            .await?;
        let probe = regrant_domain::schedule::ScheduledProbe {
            at: step.now,
            queue: regrant_domain::schedule::ProbeQueue::Normal,
            harm_at: step.now,
        };
        let plans: Vec<_> = with_standbys
            .into_iter()
            .map(|id| (id, Some(probe)))
            .collect();
        Ok(step.tx.plan_probes(&plans).await?)
    }

    /// The last transaction of a notice: wipes what belongs to the person as a whole, writes events and audit.
    async fn finish_notice(
        &self,
        step: &NoticeStep<'_>,
        claim: &Claim,
        tally: &NoticeTally,
    ) -> Result<(), Error> {
        let (tx, notice) = (step.tx, step.notice);
        if let Some(revoked) = revoked_consent(notice) {
            tx.wipe_revoked_grant_tokens(revoked).await?;
            if notice.kind == NoticeKind::DataDeletion {
                tx.erase_personal_data(revoked).await?;
            }
        }
        tx.emit_events(&tally.to_events(notice), step.now).await?;
        tx.write_audit_events(&[tally.to_audit_event(notice)], step.now)
            .await?;
        Ok(tx.finish_notice_of_tenant(&claim.lease).await?)
    }
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

/// Meta sends whole seconds: a token that was issued in the second of the notice is revoked, too.
fn revoked_consent(notice: &MetaNotice) -> Option<RevokedConsent<'_>> {
    let is_revocation = matches!(
        notice.kind,
        NoticeKind::Deauthorize | NoticeKind::DataDeletion
    );
    let person = notice.person_id().filter(|_| is_revocation)?;
    Some(RevokedConsent {
        person,
        before: notice.sent_at + chrono::Duration::seconds(1),
    })
}

fn asset_ids(assets: &[Asset]) -> Vec<AssetId> {
    assets.iter().map(|it| it.id.clone()).collect()
}
