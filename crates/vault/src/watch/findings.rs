//! Decides what the probe results of due assets change: confirmed, doubted, promoted, failed over, or probed again.
//!
//! The rule: decide only from what the settling transaction locked and read. If the asset or its credentials changed
//! since they were read for the probe, write nothing: the asset is due again.
//! Start at [`Findings::add_asset`]; `promote.rs` holds promotions.

use std::collections::{HashMap, HashSet};

use regrant_crypto::DataKey;
use regrant_domain::{
    Asset, AssetId, AssetKind, Certainty, Credential, CredentialId, CredentialKind, CutOff,
    ProbeFacts, Reason, ReasonCode, Refusals, Slot, Timestamp, Weight, hold_refusal,
    retry::probe_pause,
    watch::{Verdict, cut_off_after_probe},
};
use regrant_storage::{
    Activation, Confirmation, CountedRefusal, DateReading, ProbeLease, Promotion, StoredCredential,
    TenantTx,
};

use tracing::error;

use crate::{
    Error, ProbePassStats, Settings, Vault,
    assets::cut_offs::{cut_off_note, forecast_events},
    credentials::{
        probed_asset::{ProbeRound, ProbedAsset},
        seal::{CredentialDraft, newest_expiry},
    },
    watch::{rows::ChunkRows, sibling_cut_offs::Siblings},
};

/// What is decided about the assets of a chunk.
pub(super) struct Findings<'a> {
    round: &'a ProbeRound<'a>,
    key: &'a DataKey,
    pub(super) settings: &'a Settings,
    pub(super) now: Timestamp,
    pub(super) stats: ProbePassStats,
    pub(super) rows: ChunkRows,
    /// The kinds of assets whose refusals are held, because many persons are refused at once.
    held: HashSet<AssetKind>,
    /// How often the probe of each asset was postponed.
    tries: HashMap<AssetId, u32>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(
        round: &'a ProbeRound<'a>,
        leases: &[ProbeLease],
        (key, settings): (&'a DataKey, &'a Settings),
        now: Timestamp,
        held: HashSet<AssetKind>,
    ) -> Self {
        Self {
            round,
            key,
            settings,
            now,
            stats: ProbePassStats::default(),
            rows: ChunkRows::default(),
            held,
            tries: leases
                .iter()
                .map(|it| (it.asset_id.clone(), it.tries))
                .collect(),
        }
    }

    /// Decides about one asset; `asset` and `credentials` are what the transaction has read.
    pub(super) fn add_asset(
        &mut self,
        mut due: ProbedAsset,
        asset: &Asset,
        credentials: &[StoredCredential],
    ) -> Result<(), Error> {
        let is_unchanged = asset.generation == due.asset.generation
            && slots_by_id(credentials) == slots_by_id(&due.credentials);
        if !is_unchanged {
            self.stats.lost += 1;
            self.rows.settled.push(asset.id.clone());
            return Ok(());
        }
        let verdict = due.active_verdict(self.now);
        self.gather_refreshes(&due);
        self.gather_dates(&due, asset);
        if self.promote_parked(&mut due, asset, verdict.as_ref())?
            || self.fail_over(&mut due, asset)?
        {
            self.rows.settled.push(asset.id.clone());
            return Ok(());
        }
        self.add_verdict(&mut due, asset, verdict)
    }

    /// The assets that another credential takes over.
    pub(super) fn promoted_assets(&self) -> HashSet<AssetId> {
        let promoted = self.rows.promoted.iter();
        let asset = |it: &Promotion| it.activation.credential.credential.asset_id.clone();
        promoted.map(asset).collect()
    }

    /// Decides about an asset whose serving credential stays.
    fn add_verdict(
        &mut self,
        due: &mut ProbedAsset,
        asset: &Asset,
        verdict: Option<Verdict>,
    ) -> Result<(), Error> {
        match verdict {
            Some(Verdict::Alive) => self.confirm_serving(due, asset)?,
            Some(Verdict::Refused { reason, certainty }) => {
                self.count_refusal(asset, reason, certainty);
            }
            Some(Verdict::Unknown(not_before)) => {
                self.postpone_asset(asset, not_before);
            }
            None if due.has_unanswered_probe(self.now) => {
                self.postpone_asset(asset, None);
            }
            None => {
                self.rows.checked.push(asset.id.clone());
                self.rows.settled.push(asset.id.clone());
            }
        }
        Ok(())
    }

    /// Counts a refusal of the serving credential. Refusals of many persons at once are held at `suspect`.
    fn count_refusal(&mut self, asset: &Asset, reason: Reason, certainty: Certainty) {
        self.stats.doubted += 1;
        self.rows.settled.push(asset.id.clone());
        if let Some(refusals) = self.refusals_after(asset, reason, certainty) {
            raise_alarm_of_new_suspicion(asset, &refusals);
            self.rows.refused.push(CountedRefusal {
                asset_id: asset.id.clone(),
                refusals,
            });
        }
    }

    /// The refusals of the serving credential with this one, as it counts now.
    pub(super) fn refusals_after(
        &self,
        asset: &Asset,
        reason: Reason,
        certainty: Certainty,
    ) -> Option<Refusals> {
        let (reason, certainty) = if self.held.contains(&asset.kind) {
            hold_refusal(reason, certainty)
        } else {
            (reason, certainty)
        };
        let pause = self.settings.watch.pace.doubt;
        asset
            .facts
            .after_refusal(reason, certainty, self.now, pause)
    }

    /// Takes over the dates of the grant that serves the asset, where they were read again since.
    fn gather_dates(&mut self, due: &ProbedAsset, asset: &Asset) {
        let Some(active) = due.find_in_slot(Slot::Active) else {
            return;
        };
        let Some(grant) = self.round.grant_of(&active.credential) else {
            return;
        };
        let is_newer = asset
            .facts
            .dates_read_at
            .is_none_or(|it| it < grant.facts.read_at);
        if is_newer {
            self.rows.dates.push(DateReading {
                asset_id: asset.id.clone(),
                expires_at: newest_expiry(&active.credential, grant),
                data_access_expires_at: grant.facts.data_access_expires_at,
                read_at: grant.facts.read_at,
            });
        }
    }

    /// Writes the rows, releases the leases, and plans the next probes and refreshes.
    pub(super) async fn write_rows(
        mut self,
        tx: &TenantTx,
        vault: &Vault,
        siblings: &Siblings<'_>,
    ) -> Result<ProbePassStats, Error> {
        let now = self.now;
        self.write_credentials(tx).await?;
        let concluded = siblings.write_cut_offs(tx, now).await?;
        let rows = &mut self.rows;
        let probed: HashSet<_> = rows.settled.iter().cloned().collect();
        let written = concluded.iter().map(|it| it.asset_id.clone());
        let written: Vec<_> = written.filter(|it| !probed.contains(it)).collect();
        rows.cut_offs.extend(concluded);
        tx.insert_cut_off_notes(&rows.cut_offs).await?;
        let probed: Vec<_> = probed.into_iter().collect();
        vault.follow_up_probes(tx, &probed, now).await?;
        vault.follow_up(tx, &written, now).await?;
        tx.finish_probes(&rows.settled).await?;
        let postponed: Vec<_> = rows.postponed.iter().map(|(id, _)| id.clone()).collect();
        vault.emit_due_state_changes(tx, &postponed, now).await?;
        tx.postpone_probes(&rows.postponed).await?;
        vault.plan_refreshes(tx, &rows.refresh, now).await?;
        tx.emit_events(&rows.events, now).await?;
        tx.emit_events(&forecast_events(&rows.cut_offs), now)
            .await?;
        tx.write_audit_events(&rows.audit, now).await?;
        tx.write_audit_events(&rows.credential_events(), now)
            .await?;
        Ok(self.stats)
    }

    async fn write_credentials(&self, tx: &TenantTx) -> Result<(), Error> {
        let (rows, now) = (&self.rows, self.now);
        tx.write_date_readings(&rows.dates).await?;
        tx.confirm_credentials(&rows.confirmed, now).await?;
        tx.adopt_imported_credentials(&rows.resealed, now).await?;
        tx.write_refusals(&rows.refused, now).await?;
        tx.insert_standby_credentials(&rows.standbys).await?;
        tx.delete_credentials(&rows.dropped).await?;
        tx.promote_credentials(&rows.promoted, now).await?;
        Ok(tx.note_assets_checked(&rows.checked, now).await?)
    }

    /// The serving credential works: confirms it. Where it is a person's token for a page, the page's own token is
    /// sealed in its stead.
    fn confirm_serving(&mut self, due: &mut ProbedAsset, asset: &Asset) -> Result<(), Error> {
        self.stats.confirmed += 1;
        self.rows.settled.push(asset.id.clone());
        let Some((active, proven)) = due.take_working(Slot::Active) else {
            return Ok(());
        };
        let cut_off = cut_off_after_probe(asset.facts.cut_off, proven.cut_off, self.now);
        let person = active.credential.person_id.clone();
        self.rows
            .cut_offs
            .extend(cut_off_note(asset, person, cut_off, self.now));
        let is_minted =
            proven.page_token.is_some() && active.credential.kind != CredentialKind::Page;
        if is_minted {
            let activation = self.seal_activation(asset, &active, proven, cut_off)?;
            self.rows.resealed.push(activation);
        } else {
            self.rows.confirmed.push(Confirmation {
                asset_id: asset.id.clone(),
                cut_off,
                tasks: proven.tasks.unwrap_or(active.tasks),
                condition: proven.condition,
            });
        }
        Ok(())
    }

    /// Seals the token of a stored credential, or the page token that its probe minted, as the active one.
    pub(super) fn seal_activation(
        &self,
        asset: &Asset,
        stored: &StoredCredential,
        proven: ProbeFacts,
        cut_off: Option<CutOff>,
    ) -> Result<Activation, Error> {
        let condition = proven.condition;
        let grant = self.round.grant_of(&stored.credential);
        let dates_read_at = grant.map(|it| it.facts.read_at);
        Ok(Activation {
            credential: self.seal_for_slot(asset, stored, Slot::Active, proven)?,
            expected_generation: asset.generation,
            cut_off,
            dates_read_at,
            condition,
        })
    }

    fn postpone_asset(&mut self, asset: &Asset, not_before: Option<Timestamp>) {
        self.stats.postponed += 1;
        let tries = self.tries.get(&asset.id).copied().unwrap_or(0);
        let at = (self.now + probe_pause(tries)).max(not_before.unwrap_or(self.now));
        self.rows.postponed.push((asset.id.clone(), at));
    }

    /// Gathers the grants whose tokens end soon: of the token that serves, and of those that wait, which would be dead when
    /// they are needed. Any asset of a grant may be the first to see it.
    fn gather_refreshes(&mut self, due: &ProbedAsset) {
        let due_grants = due
            .credentials
            .iter()
            .filter(|it| it.credential.slot != Slot::Previous)
            .filter_map(|it| self.round.grant_of(&it.credential))
            .filter(|it| self.settings.watch.refresh.is_refresh_due(it, self.now))
            .map(|it| it.id);
        self.rows.refresh.extend(due_grants);
    }

    /// The kind that ranks a credential: a page token ranks as the grant that it was minted from.
    pub(super) fn ranking_kind(&self, credential: &Credential) -> CredentialKind {
        self.round
            .grant_of(credential)
            .map_or(credential.kind, |it| it.facts.kind)
    }

    /// Seals the token of a stored credential for the asset's next generation.
    pub(super) fn seal_for_slot(
        &self,
        asset: &Asset,
        stored: &StoredCredential,
        slot: Slot,
        proven: ProbeFacts,
    ) -> Result<StoredCredential, Error> {
        let credential = &stored.credential;
        let token = self.round.tokens.get(&credential.id);
        let token = token.ok_or_else(|| Error::from_cause("the token was not opened"))?;
        let draft = CredentialDraft {
            token,
            kind: credential.kind,
            grant: self.round.grant_of(credential),
            app_id: self.round.scope.app_id(),
            fingerprint: self.round.print_of(credential),
            intent_seq: credential.intent_seq,
            acquired_by: format!("promoted:{}", credential.id),
        };
        let key = (self.key, self.round.scope.tenant());
        draft.seal_proven(key, asset, slot, proven, self.now)
    }
}

/// Raises the alarm where refusals without a class have just made an asset suspect: no row of the table knows them.
fn raise_alarm_of_new_suspicion(asset: &Asset, refusals: &Refusals) {
    let is_unknown = matches!(
        refusals.reason.code,
        ReasonCode::Unclassified | ReasonCode::RequestFault | ReasonCode::Contradiction
    );
    let is_new = asset.facts.refusal_weight() < Some(Weight::Suspect)
        && refusals.weight() == Weight::Suspect;
    if is_unknown && is_new {
        error!(
            alarm = "unclassified", asset.id = %asset.id, reason = %refusals.reason.code,
            "Graph refuses a serving token again and again without a known class"
        );
    }
}

fn slots_by_id(credentials: &[StoredCredential]) -> HashMap<CredentialId, Slot> {
    credentials
        .iter()
        .map(|it| (it.credential.id, it.credential.slot))
        .collect()
}
