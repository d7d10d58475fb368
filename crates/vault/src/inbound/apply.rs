//! Applies Meta's stored notices about persons, one tenant at a time.
//!
//! The rule: every transaction first holds the lease of the notice, then locks the assets. A run that fails is
//! repeated from its start, so each step must be safe to repeat. A notice never touches a credential that was issued
//! after it: that is a new login.
//! Start at [`Vault::apply_due_notices`]; `tally.rs` counts the effects.

use regrant_domain::{
    Asset, AssetId, Clock, CutOff, CutOffSource, InboxKind, Reason, ReasonCode, Timestamp, Who,
    Word, error_chain,
};
use regrant_storage::{Claim, CutOffNote, DueKind, FailedProof, Revoked, TenantTx};
use tracing::{Instrument, error, info_span};

use super::tally::Tally;
use crate::{Error, Vault};

#[cfg(test)]
mod tests;

/// How many assets one transaction changes.
const CHUNK: u32 = 500;

/// A notice in one transaction of one tenant.
struct NoticeStep<'a> {
    tx: &'a TenantTx,
    notice: &'a Word,
    now: Timestamp,
}

impl Vault {
    /// Applies due notices from Meta, at most `limit` of one tenant. Returns how many were claimed.
    ///
    /// A notice that fails is logged; it is due again when its lease expires.
    pub async fn receive_due(&self, limit: u32) -> Result<usize, Error> {
        let lease_for = chrono::Duration::from_std(self.settings.lease).map_err(Error::internal)?;
        let owner = format!("{}/{}", self.jobs.owner, uuid::Uuid::now_v7());
        let claims = self
            .store
            .claim_due(DueKind::Inbox, Clock::wall(), &owner, lease_for, limit)
            .await?;
        for claim in &claims {
            let span = info_span!("message", tenant.id = %claim.scope.tenant(), message.id = %claim.object);
            if let Err(error) = self.receive(claim).instrument(span.clone()).await {
                span.in_scope(|| {
                    error!(
                        error = error_chain(&error),
                        "a notice failed; it is retried after its lease"
                    )
                });
            }
        }
        self.store.close_words(self.clock.now()).await?;
        Ok(claims.len())
    }

    /// Applies one notice to all its assets in chunks of [`ASSETS_PER_TRANSACTION`], then finishes it.
    async fn receive(&self, claim: &Claim) -> Result<(), Error> {
        let now = self.clock.now();
        let notice = self.store.begin_word(claim.object, now).await?.word;
        let (mut tally, mut after) = (Tally::default(), None);
        loop {
            let leased_until = Clock::wall() + self.settings.lease;
            self.store
                .renew(&claim.scope, &claim.lease, leased_until)
                .await?;
            let tx = self.store.begin(&claim.scope).await?;
            tx.hold(&claim.lease).await?;
            let step = NoticeStep {
                tx: &tx,
                notice: &notice,
                now,
            };
            let ids = concerned(&tx, &notice, after.as_ref()).await?;
            let Some(last) = ids.last().cloned() else {
                self.finish(&step, claim, &tally).await?;
                tx.commit().await?;
                return Ok(());
            };
            self.carry_out(&step, &ids, &mut tally).await?;
            tx.commit().await?;
            after = Some(last);
        }
    }

    async fn carry_out(
        &self,
        step: &NoticeStep<'_>,
        ids: &[AssetId],
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let assets = step.tx.lock_assets(ids).await?;
        tally.assets += assets.len();
        match step.notice.kind {
            InboxKind::Migration => self.announce(step, &assets, tally).await?,
            InboxKind::Permissions => {}
            InboxKind::Deauthorize => self.revoke(step, &assets, tally).await?,
            InboxKind::DataDeletion => self.delete(step, &assets, tally).await?,
        }
        // Probe the affected assets now, whatever their schedule.
        Ok(step.tx.hurry_probes(ids, step.now).await?)
    }

    /// Sets the announced cut-off on every asset that has no newer one. Probes replace it later.
    async fn announce(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let Some(at) = step.notice.cut_off else {
            return Ok(());
        };
        let learned_at = step.notice.told_at;
        let cut_off = CutOff {
            at,
            source: CutOffSource::Webhook,
            learned_at,
        };
        let moved: Vec<_> = assets
            .iter()
            .filter(|it| is_news(it.facts.cut_off, cut_off))
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
            .note_cut_offs(&moved.iter().map(note).collect::<Vec<_>>())
            .await?;
        tally.count_moved(ids.len(), at);
        self.follow_up(step.tx, &ids, step.now).await
    }

    /// Marks the assets that the person's tokens served as revoked, and deletes the person's other credentials.
    async fn revoke(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let (tx, notice) = (step.tx, step.notice);
        let is_deletion = notice.kind == InboxKind::DataDeletion;
        let (ids, revoked) = (ids_of(assets), revoked(notice));
        let ended = tx.revoked_actives(revoked, &ids).await?;
        let is_known = |it: &Asset| matches!(&it.facts.failing, Some((_, reason)) if reason.code == ReasonCode::Revoked);
        let failed: Vec<_> = assets
            .iter()
            .filter(|it| ended.contains(&it.id) && !is_known(it))
            .map(|it| FailedProof {
                asset_id: it.id.clone(),
                reason: taken_back(notice),
                definitive: true,
            })
            .collect();
        tally.changed += failed.len();
        tx.note_failed(&failed, step.now).await?;
        tx.delete_revoked(revoked, &ids, is_deletion).await?;
        if is_deletion {
            tx.forget_server(&ended.into_iter().collect::<Vec<_>>())
                .await?;
        }
        self.follow_up(tx, &ids, step.now).await
    }

    /// Revokes as [`Self::apply_revocation`] does, and schedules a probe of the remaining standbys at once.
    async fn delete(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut Tally,
    ) -> Result<(), Error> {
        self.revoke(step, assets, tally).await?;
        let with_standbys = step.tx.with_spares(&ids_of(assets)).await?;
        let probe = regrant_domain::schedule::Check {
            at: step.now,
            lane: regrant_domain::schedule::Lane::Normal,
            harm_at: step.now,
        };
        let plans: Vec<_> = with_standbys
            .into_iter()
            .map(|id| (id, Some(probe)))
            .collect();
        Ok(step.tx.plan_probes(&plans).await?)
    }

    /// The last transaction of a notice: wipes what belongs to the person as a whole, writes events and audit.
    async fn finish(
        &self,
        step: &NoticeStep<'_>,
        claim: &Claim,
        tally: &Tally,
    ) -> Result<(), Error> {
        let (tx, notice) = (step.tx, step.notice);
        if matches!(
            notice.kind,
            InboxKind::Deauthorize | InboxKind::DataDeletion
        ) {
            tx.wipe_grant_tokens(revoked(notice)).await?;
        }
        if notice.kind == InboxKind::DataDeletion {
            tx.erase_person(revoked(notice)).await?;
        }
        tx.emit(&tally.to_events(notice), step.now).await?;
        tx.audit(&[tally.to_audit_event(notice)], step.now).await?;
        Ok(tx.finish_word(&claim.lease).await?)
    }
}

/// The next chunk of assets that a notice affects, in the order of their ids.
async fn concerned(
    tx: &TenantTx,
    notice: &Word,
    after: Option<&AssetId>,
) -> Result<Vec<AssetId>, Error> {
    Ok(match notice.kind {
        InboxKind::Migration => tx.served_by(&notice.person_id, after, CHUNK).await?,
        _ => tx.assets_of_person(&notice.person_id, after, CHUNK).await?,
    })
}

/// Meta sends whole seconds: a token that was issued in the second of the notice is revoked, too.
fn revoked(notice: &Word) -> Revoked<'_> {
    Revoked {
        person: &notice.person_id,
        before: notice.told_at + chrono::Duration::seconds(1),
    }
}

/// Whether an announced cut-off replaces the known one: it is not older, and has another date.
fn is_news(known: Option<CutOff>, announced: CutOff) -> bool {
    known.is_none_or(|known| known.learned_at <= announced.learned_at && known.at != announced.at)
}

fn taken_back(notice: &Word) -> Reason {
    let detail = match notice.kind {
        InboxKind::DataDeletion => "The person had their data deleted.",
        _ => "The person took the app's access back.",
    };
    Reason::new(
        ReasonCode::Revoked,
        Who::Person,
        detail,
        "Log in again and replace with the new token.",
    )
}

fn ids_of(assets: &[Asset]) -> Vec<AssetId> {
    assets.iter().map(|it| it.id.clone()).collect()
}
