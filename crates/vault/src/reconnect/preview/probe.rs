//! Probes the token on each asset of a preview, and shows the coverages as they come in.
//!
//! The rule: `network [tx]`, round by round: no transaction is open while Graph is asked. Assets without an answer by the
//! deadline, or when the vault closes, are unknown.

use std::{pin::pin, time::Duration};

use futures_util::StreamExt;
use regrant_domain::{AssetId, Grant, PreviewFinding, PreviewItem};
use regrant_graph::Target;
use tokio::time::{Instant, timeout_at};

use super::{
    run::{GraphAnswers, PreviewRun, ShownItems, refuse_all},
    timeout_refusal,
};
use crate::{Error, Resource, credentials::second_opinion::ReviewedToken};

/// Coverages are shown as soon as there are this many, or after this time.
const ROUND: (usize, Duration) = (500, Duration::from_millis(500));

impl PreviewRun {
    /// Asks Graph about the token on each asset.
    pub(super) async fn probe_assets(
        &self,
        grant: Grant,
        shown: &mut ShownItems,
    ) -> Result<GraphAnswers, Error> {
        let targets: Vec<_> = self.assets.iter().map(Target::from).collect();
        let mut answers = GraphAnswers {
            proofs: refuse_all(&self.assets, &timeout_refusal()),
            grant: Some(grant.clone()),
        };
        let (vault, app, token) = (&self.vault, &self.app, &self.token);
        let mut reviewed = ReviewedToken::new(app, token, &grant);
        let person = &grant.facts.person_id;
        let mut chunks = pin!(vault.graph.stream_probes(app, token, person, &targets));
        let (mut waiting, mut shown_at) = (Vec::new(), Instant::now());
        loop {
            let chunk = tokio::select! {
                chunk = timeout_at(self.deadline, chunks.next()) => chunk,
                () = vault.runs.stop.cancelled() => break,
            };
            let Ok(Some(chunk)) = chunk else { break };
            let of_chunk = chunk.indices.iter().filter_map(|it| targets.get(*it));
            let probed: Vec<_> = of_chunk.zip(chunk.results).collect();
            let ids: Vec<_> = probed.iter().map(|(it, _)| it.id.clone()).collect();
            let review = vault.review_results(&mut reviewed, probed);
            let Ok(results) = timeout_at(self.deadline, review).await else {
                break;
            };
            answers.proofs.extend(ids.iter().cloned().zip(results));
            waiting.extend(ids);
            if waiting.len() >= ROUND.0 || shown_at.elapsed() >= ROUND.1 {
                let ids = std::mem::take(&mut waiting);
                self.show_items(&answers, &ids, shown).await?;
                shown_at = Instant::now();
            }
        }
        Ok(answers)
    }

    /// Judges some of the assets by what serves them now, and shows them.
    async fn show_items(
        &self,
        answers: &GraphAnswers,
        ids: &[AssetId],
        shown: &mut ShownItems,
    ) -> Result<(), Error> {
        let items = self.judge_some(answers, ids).await?;
        let finding = |it: &PreviewItem| {
            let position = shown.positions.get(&it.asset_id).copied()?;
            Some((position, PreviewFinding::Item(it.clone())))
        };
        let findings: Vec<_> = items.iter().filter_map(finding).collect();
        let tx = self.vault.store.begin(&self.caller.scope).await?;
        let added = tx.add_preview_findings(self.id, &findings).await;
        added.map_err(Error::not_found_as(Resource::Preview))?;
        tx.commit().await?;
        let items = items.into_iter().map(|it| (it.asset_id.clone(), it));
        shown.items.extend(items);
        self.vault.preview_progress.notify_waiters(self.id);
        Ok(())
    }
}
