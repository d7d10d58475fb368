//! What a deauthorisation and a deletion do to the assets of a person.
//!
//! The rule: a deauthorisation keeps the active credential, disconnected; a deletion deletes every credential. Both leave
//! what was issued after the notice.

use regrant_domain::{
    Asset, AssetId, MetaNotice, NoticeKind, Timestamp,
    schedule::{ProbeQueue, ScheduledProbe},
};
use regrant_storage::{CountedRefusal, RevokedConsent};

use super::{NoticeStep, asset_ids};
use crate::{Error, Vault, credentials::grants::NOTICE_PRECISION, inbound::tally::NoticeTally};

impl Vault {
    /// Marks the assets that the person's tokens served as revoked, and deletes the person's other credentials. Returns
    /// the assets that were marked.
    pub(super) async fn apply_revocation(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut NoticeTally,
    ) -> Result<Vec<AssetId>, Error> {
        let (tx, notice) = (step.tx, step.notice);
        let is_deletion = notice.kind == NoticeKind::DataDeletion;
        let ids = asset_ids(assets);
        let Some(revoked) = revoked_consent(notice) else {
            return Ok(Vec::new());
        };
        let ended = tx.find_revoked_active_assets(revoked, &ids).await?;
        let ended_assets = || assets.iter().filter(|it| ended.contains(&it.id));
        let counted: Vec<_> = ended_assets()
            .filter_map(|it| self.count_revocation(it, notice, step.now))
            .collect();
        let marked: Vec<_> = ended_assets()
            .filter(|it| !it.facts.is_revoked())
            .map(|it| it.id.clone())
            .collect();
        tally.changed += marked.len();
        tx.write_refusals(&counted, step.now).await?;
        tx.delete_revoked_credentials(revoked, &ids, is_deletion)
            .await?;
        if is_deletion {
            tx.erase_serving_person(&ended.into_iter().collect::<Vec<_>>())
                .await?;
        }
        self.follow_up(tx, &ids, step.now).await?;
        Ok(marked)
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

    /// Revokes as [`Self::apply_revocation`] does, and schedules a probe of what may serve the assets then.
    pub(super) async fn apply_deletion(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut NoticeTally,
    ) -> Result<Vec<AssetId>, Error> {
        let marked = self.apply_revocation(step, assets, tally).await?;
        let with_successors = step
            .tx
            .find_assets_with_successors(&asset_ids(assets))
            .await?;
        let probe = ScheduledProbe {
            at: step.now,
            queue: ProbeQueue::Normal,
            harm_at: step.now,
        };
        let plans: Vec<_> = with_successors
            .into_iter()
            .map(|id| (id, Some(probe)))
            .collect();
        step.tx.plan_probes(&plans).await?;
        Ok(marked)
    }
}

/// Which consent the notice revokes; `None` where it revokes none.
pub(super) fn revoked_consent(notice: &MetaNotice) -> Option<RevokedConsent<'_>> {
    let is_revocation = matches!(
        notice.kind,
        NoticeKind::Deauthorize | NoticeKind::DataDeletion
    );
    let person = notice.person_id().filter(|_| is_revocation)?;
    Some(RevokedConsent {
        person,
        before: notice.sent_at + NOTICE_PRECISION,
    })
}
