//! What a deauthorisation and a deletion do to the assets of a person.
//!
//! The rule: a deauthorisation keeps the active credential, disconnected; a deletion deletes every credential. Both leave
//! what was issued after the notice.

use regrant_domain::{
    Asset, AssetId, Certainty, MetaNotice, NoticeKind, Reason, ReasonCode, Timestamp, Who,
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
        let is_known = |it: &Asset| matches!(&it.facts.refusals, Some(it) if it.reason.code == ReasonCode::Revoked);
        let revoked_now: Vec<_> = assets
            .iter()
            .filter(|it| ended.contains(&it.id) && !is_known(it))
            .filter_map(|it| self.count_revocation(it, notice, step.now))
            .collect();
        tally.changed += revoked_now.len();
        tx.write_refusals(&revoked_now, step.now).await?;
        tx.delete_revoked_credentials(revoked, &ids, is_deletion)
            .await?;
        if is_deletion {
            tx.erase_serving_person(&ended.into_iter().collect::<Vec<_>>())
                .await?;
        }
        self.follow_up(tx, &ids, step.now).await?;
        Ok(revoked_now.into_iter().map(|it| it.asset_id).collect())
    }

    /// The refusals of an asset whose person has taken the app's access back: one is enough.
    fn count_revocation(
        &self,
        asset: &Asset,
        notice: &MetaNotice,
        now: Timestamp,
    ) -> Option<CountedRefusal> {
        let pause = self.settings.watch.pace.doubt;
        let reason = revocation_reason(notice);
        let refusals = asset
            .facts
            .after_refusal(reason, Certainty::Definitive, now, pause)?;
        let asset_id = asset.id.clone();
        Some(CountedRefusal { asset_id, refusals })
    }

    /// Revokes as [`Self::apply_revocation`] does, and schedules a probe of the remaining standbys at once.
    pub(super) async fn apply_deletion(
        &self,
        step: &NoticeStep<'_>,
        assets: &[Asset],
        tally: &mut NoticeTally,
    ) -> Result<Vec<AssetId>, Error> {
        let marked = self.apply_revocation(step, assets, tally).await?;
        let with_standbys = step
            .tx
            .find_assets_with_standbys(&asset_ids(assets))
            .await?;
        let probe = ScheduledProbe {
            at: step.now,
            queue: ProbeQueue::Normal,
            harm_at: step.now,
        };
        let plans: Vec<_> = with_standbys
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

fn revocation_reason(notice: &MetaNotice) -> Reason {
    let detail = match notice.kind {
        NoticeKind::DataDeletion => "The person had their data deleted.",
        _ => "The person took the app's access back.",
    };
    Reason::new(
        ReasonCode::Revoked,
        Who::Person,
        detail,
        "Log in again and replace with the new token.",
    )
}
