//! Carries out what Meta told about persons, tenant by tenant.
//!
//! The rule: every transaction holds the lease of the message, then locks its assets; one that breaks off is
//! done again from its start and finds what was done. What was issued after the message is a new login
//! and stays.

use regrant_domain::{
    Asset, AssetId, Clock, CutOff, CutOffSource, EventKind, InboxKind, Reason, ReasonCode,
    Timestamp, Who, Word, error_chain,
};
use regrant_storage::{
    AuditEvent, Claim, CutOffNote, DueKind, FailedProof, NewEvent, Revoked, TenantTx,
};
use serde_json::{Value, json};
use tracing::{Instrument, error, info_span};

use crate::{Error, Vault};

/// How many assets one transaction changes.
const CHUNK: u32 = 500;

/// What a message did to one tenant.
#[derive(Debug, Default)]
struct Tally {
    /// Assets that were looked at.
    assets: usize,
    /// Assets that it changed.
    changed: usize,
    earliest: Option<Timestamp>,
    latest: Option<Timestamp>,
}

impl Vault {
    /// Works off messages from Meta, at most `limit` of a tenant's; tells how many.
    ///
    /// # Errors
    /// The database does not answer.
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
                // It is taken up again when its lease has ended.
                span.in_scope(|| error!(error = error_chain(&error), "a message broke off"));
            }
        }
        self.store.close_words(self.clock.now()).await?;
        Ok(claims.len())
    }

    async fn receive(&self, claim: &Claim) -> Result<(), Error> {
        let now = self.clock.now();
        let word = self.store.begin_word(claim.object, now).await?.word;
        let (mut tally, mut after) = (Tally::default(), None);
        loop {
            self.store
                .renew(
                    &claim.scope,
                    &claim.lease,
                    Clock::wall() + self.settings.lease,
                )
                .await?;
            let tx = self.store.begin(&claim.scope).await?;
            tx.hold(&claim.lease).await?;
            let ids = concerned(&tx, &word, after.as_ref()).await?;
            let Some(last) = ids.last().cloned() else {
                self.finish(&tx, claim, &word, &tally, now).await?;
                tx.commit().await?;
                return Ok(());
            };
            self.carry_out(&tx, &word, &ids, &mut tally, now).await?;
            tx.commit().await?;
            after = Some(last);
        }
    }

    async fn carry_out(
        &self,
        tx: &TenantTx,
        word: &Word,
        ids: &[AssetId],
        tally: &mut Tally,
        now: Timestamp,
    ) -> Result<(), Error> {
        let assets = tx.lock_assets(ids).await?;
        tally.assets += assets.len();
        match word.kind {
            InboxKind::Migration => self.announce(tx, word, &assets, tally, now).await?,
            InboxKind::Permissions => {}
            InboxKind::Deauthorize => self.revoke(tx, word, &assets, tally, now).await?,
            InboxKind::DataDeletion => self.delete(tx, word, &assets, tally, now).await?,
        }
        // Whatever was planned, what was told is read on each asset now.
        Ok(tx.hurry_probes(ids, now).await?)
    }

    /// The announced cut-off holds for every asset until it is read there, unless a newer word is known.
    async fn announce(
        &self,
        tx: &TenantTx,
        word: &Word,
        assets: &[Asset],
        tally: &mut Tally,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(at) = word.cut_off else {
            return Ok(());
        };
        let cut_off = CutOff {
            at,
            source: CutOffSource::Webhook,
            learned_at: word.told_at,
        };
        let moved: Vec<_> = assets
            .iter()
            .filter(|it| is_news(it.facts.cut_off, cut_off))
            .collect();
        let ids: Vec<_> = moved.iter().map(|it| it.id.clone()).collect();
        tx.set_cut_offs(&ids, cut_off).await?;
        let note = |it: &&Asset| CutOffNote {
            asset_id: it.id.clone(),
            person_id: it.person_id.clone(),
            at: Some(at),
            source: cut_off.source,
            learned_at: cut_off.learned_at,
        };
        tx.note_cut_offs(&moved.iter().map(note).collect::<Vec<_>>())
            .await?;
        tally.moved(ids.len(), at);
        self.follow_up(tx, &ids, now).await
    }

    /// What served by the person's token serves no more, and what waited by it is gone.
    async fn revoke(
        &self,
        tx: &TenantTx,
        word: &Word,
        assets: &[Asset],
        tally: &mut Tally,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (ids, revoked) = (ids_of(assets), revoked(word));
        let ended = tx.revoked_actives(revoked, &ids).await?;
        let is_told = |it: &Asset| matches!(&it.facts.failing, Some((_, reason)) if reason.code == ReasonCode::Revoked);
        let fresh = assets
            .iter()
            .filter(|it| ended.contains(&it.id) && !is_told(it));
        let failed: Vec<_> = fresh
            .map(|it| FailedProof {
                asset_id: it.id.clone(),
                reason: taken_back(word),
                definitive: true,
            })
            .collect();
        tally.changed += failed.len();
        tx.note_failed(&failed, now).await?;
        tx.delete_revoked(revoked, &ids, word.kind == InboxKind::DataDeletion)
            .await?;
        if word.kind == InboxKind::DataDeletion {
            tx.forget_server(&ended.into_iter().collect::<Vec<_>>())
                .await?;
        }
        self.follow_up(tx, &ids, now).await
    }

    /// The same, and nothing of the person's is left; what stands by for them is asked at once.
    async fn delete(
        &self,
        tx: &TenantTx,
        word: &Word,
        assets: &[Asset],
        tally: &mut Tally,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.revoke(tx, word, assets, tally, now).await?;
        let ids = ids_of(assets);
        let waiting = tx.with_spares(&ids).await?;
        let check = regrant_domain::schedule::Check {
            at: now,
            lane: regrant_domain::schedule::Lane::Normal,
            harm_at: now,
        };
        let plans: Vec<_> = waiting.into_iter().map(|id| (id, Some(check))).collect();
        Ok(tx.plan_probes(&plans).await?)
    }

    /// The last transaction of a message: what holds for the person as a whole, the news, the audit record.
    async fn finish(
        &self,
        tx: &TenantTx,
        claim: &Claim,
        word: &Word,
        tally: &Tally,
        now: Timestamp,
    ) -> Result<(), Error> {
        if matches!(word.kind, InboxKind::Deauthorize | InboxKind::DataDeletion) {
            tx.wipe_grant_tokens(revoked(word)).await?;
        }
        if word.kind == InboxKind::DataDeletion {
            tx.erase_person(revoked(word)).await?;
        }
        tx.emit(&tally.news(word), now).await?;
        tx.audit(&[tally.record(word)], now).await?;
        Ok(tx.finish_word(&claim.lease).await?)
    }
}

async fn concerned(
    tx: &TenantTx,
    word: &Word,
    after: Option<&AssetId>,
) -> Result<Vec<AssetId>, Error> {
    Ok(match word.kind {
        InboxKind::Migration => tx.served_by(&word.person_id, after, CHUNK).await?,
        _ => tx.assets_of_person(&word.person_id, after, CHUNK).await?,
    })
}

/// Times come from Meta in whole seconds: what was issued in the second of the message is meant too.
fn revoked(word: &Word) -> Revoked<'_> {
    Revoked {
        person: &word.person_id,
        before: word.told_at + chrono::Duration::seconds(1),
    }
}

/// The later message wins, and so does a reading that was made after it was sent.
fn is_news(known: Option<CutOff>, told: CutOff) -> bool {
    known.is_none_or(|known| known.learned_at <= told.learned_at && known.at != told.at)
}

fn taken_back(word: &Word) -> Reason {
    let detail = match word.kind {
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

impl Tally {
    fn moved(&mut self, n: usize, at: Timestamp) {
        if n > 0 {
            self.changed += n;
            self.earliest = self.earliest.into_iter().chain([at]).min();
            self.latest = self.latest.into_iter().chain([at]).max();
        }
    }

    /// What the tenant is told; each asset's own change of state is told beside.
    fn news(&self, word: &Word) -> Vec<NewEvent> {
        let event = |kind, subject: &str, data: Value| NewEvent {
            kind,
            subject: subject.to_owned(),
            data,
        };
        let person = &word.person_id;
        match word.kind {
            InboxKind::Migration if self.changed > 0 => vec![event(
                EventKind::ForecastChanged,
                "forecast",
                json!({ "person_id": person, "assets": self.changed, "earliest": self.earliest, "latest": self.latest }),
            )],
            InboxKind::Deauthorize | InboxKind::DataDeletion => vec![event(
                EventKind::PersonRevoked,
                person.as_str(),
                json!({ "person_id": person, "cause": word.kind.as_str(), "assets": self.changed }),
            )],
            InboxKind::Migration | InboxKind::Permissions => Vec::new(),
        }
    }

    fn record(&self, word: &Word) -> AuditEvent {
        let action = match word.kind {
            InboxKind::Migration => "person.migration_announced",
            InboxKind::Permissions => "person.permissions_changed",
            InboxKind::Deauthorize => "person.deauthorized",
            InboxKind::DataDeletion => "person.data_deleted",
        };
        let detail = json!({
            "told_at": word.told_at, "cut_off": word.cut_off, "assets": self.assets, "changed": self.changed,
        });
        AuditEvent::new("meta", action, &word.person_id, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_off(at: i64, source: CutOffSource, learned_at: i64) -> CutOff {
        let day = |n| chrono::DateTime::UNIX_EPOCH + chrono::Duration::days(n);
        CutOff {
            at: day(at),
            source,
            learned_at: day(learned_at),
        }
    }

    #[test]
    fn the_later_word_wins_whatever_its_date() {
        let told = |at, learned_at| cut_off(at, CutOffSource::Webhook, learned_at);
        assert!(is_news(None, told(30, 1)));
        assert!(
            is_news(Some(told(30, 1)), told(60, 2)),
            "an extension moves it later"
        );
        assert!(
            is_news(Some(told(60, 1)), told(30, 2)),
            "and a later word may move it back"
        );
        assert!(
            !is_news(Some(told(60, 2)), told(30, 1)),
            "an older message came late"
        );
        assert!(
            !is_news(Some(cut_off(60, CutOffSource::Probe, 2)), told(30, 1)),
            "a newer reading stays"
        );
        assert!(is_news(
            Some(cut_off(60, CutOffSource::Probe, 1)),
            told(30, 2)
        ));
        assert!(
            !is_news(Some(cut_off(30, CutOffSource::Probe, 1)), told(30, 2)),
            "what was read stays certain"
        );
    }
}
