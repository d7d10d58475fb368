//! Inspections: what a submitted token is, and which assets it reaches.
//!
//! The rule: an inspection stores nothing of the token; it writes one audit event, before the caller gets its result. It
//! asks Graph as a preview does, and takes a permit of the checks.
//! Start at [`Vault::inspect_submitted`].

use std::{collections::HashMap, pin::pin};

use futures_util::StreamExt;
use regrant_domain::{
    AccessToken, Asset, AssetId, AssetKind, Grant, GrantId, NextStep, ObjectCondition, ProbeResult,
    Reason, Refusal, RefusalKind, Timestamp, TokenFacts,
};
use regrant_graph::{AppCredentials, InspectError, Probe, Target};
use regrant_storage::AuditEvent;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::{
    Error, Principal, RepeatableRequest, Vault,
    assets::spellings::{NamedAsset, fold_spellings, list_spellings},
    consents::source::TokenSource,
    credentials::{second_opinion::ReviewedToken, submitted::ValidationFailure},
    reconnect::preview::timeout_refusal,
    watch::check,
};

/// How many assets one inspection may name.
pub(crate) const MAX_ASSETS: usize = 500;

/// A request to inspect a token.
pub struct InspectionRequest {
    /// The token.
    pub source: TokenSource,
    /// The assets that it is probed on; none for the token alone.
    pub asset_ids: Vec<AssetId>,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

/// What Graph says about a token.
#[derive(Debug)]
pub struct TokenReport {
    /// Whose token it is, and what was granted; `None` where Graph did not say.
    pub facts: Option<TokenFacts>,
    /// Whether it is a person's token that expires within a day.
    pub is_short_lived: bool,
    /// Why Graph does not accept the token now; `None` where it does.
    pub reason: Option<Reason>,
    /// The assets of the request: each once, in its order.
    pub assets: Vec<(AssetId, TokenReach)>,
}

/// Whether a token reaches an asset.
#[derive(Debug)]
pub enum TokenReach {
    /// It works on the asset.
    Works {
        /// The kind of the asset.
        kind: AssetKind,
        /// The tasks of the person on the asset; `None` for kinds without tasks.
        tasks: Option<Vec<String>>,
        /// When the access of the token's person ends, if Graph named a time.
        cut_off: Option<Timestamp>,
        /// What Graph says of the asset beside access.
        condition: Option<ObjectCondition>,
    },
    /// Graph refused it, or gave no answer.
    Refused {
        /// The kind of the asset.
        kind: AssetKind,
        /// Why, and who must act.
        reason: Reason,
        /// Graph's trace id.
        fbtrace_id: Option<String>,
    },
    /// The caller has no such asset.
    Unknown,
}

impl Vault {
    /// Asks Graph what a token is, and whether it works on the assets that the request names.
    ///
    /// # Errors
    /// `TokenRefused` for a token that can serve nothing; `Upstream` where Graph says nothing about it; `TooMany`;
    /// `TooManyChecks`; `Conflict(OtherBody)`; `NotFound(Consent)`.
    pub async fn inspect_submitted(
        &self,
        caller: &Principal,
        request: InspectionRequest,
    ) -> Result<TokenReport, Error> {
        if request.asset_ids.len() > MAX_ASSETS {
            return Err(Error::TooMany {
                field: "asset_ids",
                limit: MAX_ASSETS,
            });
        }
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_apart(async move { vault.run_inspection(&caller, request).await })
            .await
    }

    async fn run_inspection(
        &self,
        caller: &Principal,
        request: InspectionRequest,
    ) -> Result<TokenReport, Error> {
        let deadline = Instant::now() + self.settings.reconnect.preview_patience;
        let _permit = self
            .check_permits
            .try_take(caller.tenant(), check::LIMITS.of_key)
            .ok_or(Error::TooManyChecks)?;
        self.check_key(&caller.scope, caller.caller_id(), request.repeatable)
            .await?;
        let token = self.open_token_source(caller, &request.source).await?;
        let known = self.find_inspected(caller, &request.asset_ids).await?;
        let app = self.open_app_credentials(caller.scope.app_id()).await?;
        let vault = self.for_tenant(caller.tenant());
        let asked = vault.report_token(&app, &token, &known, deadline);
        let reported = tokio::select! {
            reported = asked => reported,
            () = self.runs.stop.cancelled() => Err(Error::Upstream { retry_after: None }),
        };
        self.audit_inspection(caller, known.len(), &reported)
            .await?;
        let (report, mut reaches) = reported?;
        let answer = |it: NamedAsset| match it.known {
            Some(id) => {
                let reach = reaches.remove(&id).unwrap_or(TokenReach::Unknown);
                (id, reach)
            }
            None => (it.requested, TokenReach::Unknown),
        };
        let assets = fold_spellings(&request.asset_ids, &known);
        Ok(TokenReport {
            assets: assets.into_iter().map(answer).collect(),
            ..report
        })
    }

    /// The assets of the request that exist for the caller.
    async fn find_inspected(
        &self,
        caller: &Principal,
        ids: &[AssetId],
    ) -> Result<Vec<Asset>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.store.begin_read(&caller.scope).await?;
        let mut known = tx.find_assets(&list_spellings(ids)).await?;
        tx.commit().await?;
        known.retain(|it| caller.can_reach(it));
        Ok(known)
    }

    /// What the token is, then what it reaches. Assets without an answer by the deadline are refused as unavailable.
    async fn report_token(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        assets: &[Asset],
        deadline: Instant,
    ) -> Result<(TokenReport, HashMap<AssetId, TokenReach>), Error> {
        let inspected = timeout_at(deadline, self.graph.inspect_token(app, token)).await;
        let inspected = inspected.map_err(|_| Error::Upstream { retry_after: None })?;
        match inspected {
            Ok(inspected) => {
                let reaches = self
                    .probe_reach(app, token, &inspected.facts, assets, deadline)
                    .await;
                let report = TokenReport {
                    facts: Some(inspected.facts),
                    is_short_lived: inspected.is_short_lived,
                    reason: None,
                    assets: Vec::new(),
                };
                Ok((report, reaches))
            }
            Err(error) => {
                let facts = error.facts().cloned();
                let refusal = lasting_refusal(error)?;
                let reach = |it: &Asset| (it.id.clone(), TokenReach::refused(it.kind, &refusal));
                let reaches = assets.iter().map(reach).collect();
                let report = TokenReport {
                    facts,
                    is_short_lived: false,
                    reason: Some(reason_of(&refusal)),
                    assets: Vec::new(),
                };
                Ok((report, reaches))
            }
        }
    }

    /// Probes the token on each asset, until the deadline.
    async fn probe_reach(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        facts: &TokenFacts,
        assets: &[Asset],
        deadline: Instant,
    ) -> HashMap<AssetId, TokenReach> {
        let grant = Grant {
            id: GrantId::mint(),
            facts: facts.clone(),
        };
        let targets: Vec<_> = assets.iter().map(Target::from).collect();
        let probe = |target| Probe {
            target,
            token,
            kind: facts.kind,
            person: Some(&facts.person_id),
        };
        let probes: Vec<_> = targets.iter().map(probe).collect();
        let no_answer = |it: &Asset| {
            let reach = TokenReach::refused(it.kind, &timeout_refusal());
            (it.id.clone(), reach)
        };
        let mut reaches: HashMap<_, _> = assets.iter().map(no_answer).collect();
        let mut reviewed = ReviewedToken::new(app, token, &grant);
        let mut chunks = pin!(self.graph.probe_each_token(app, &probes));
        while let Ok(Some(chunk)) = timeout_at(deadline, chunks.next()).await {
            let of_chunk: Vec<_> = chunk
                .indices
                .iter()
                .filter_map(|it| targets.get(*it))
                .collect();
            let results = of_chunk.iter().copied().zip(chunk.results).collect();
            let review = self.review_results(&mut reviewed, results);
            let Ok(results) = timeout_at(deadline, review).await else {
                break;
            };
            let reach = |(target, result): (&Target, ProbeResult)| {
                let reach = TokenReach::from_result(target.kind, result);
                (target.id.clone(), reach)
            };
            reaches.extend(of_chunk.into_iter().zip(results).map(reach));
        }
        reaches
    }

    /// Audits an inspection with what it found.
    async fn audit_inspection(
        &self,
        caller: &Principal,
        assets: usize,
        reported: &Result<(TokenReport, HashMap<AssetId, TokenReach>), Error>,
    ) -> Result<(), Error> {
        let detail = match reported {
            Ok((report, _)) => {
                let facts = report.facts.as_ref();
                json!({
                    "assets": assets,
                    "person": facts.map(|it| &it.person_id),
                    "kind": facts.map(|it| it.kind),
                })
            }
            Err(error) => json!({ "assets": assets, "refused": error.to_string() }),
        };
        let event = AuditEvent::new(
            caller.audit_name(),
            "token.inspected",
            caller.tenant(),
            detail,
        );
        let tx = self.store.begin(&caller.scope).await?;
        tx.write_audit_events(&[event], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

impl TokenReach {
    fn from_result(kind: AssetKind, result: ProbeResult) -> Self {
        match result {
            ProbeResult::Works(facts) => Self::Works {
                kind,
                tasks: facts.tasks,
                cut_off: facts.cut_off,
                condition: facts.condition,
            },
            ProbeResult::Refused(refusal) => Self::refused(kind, &refusal),
        }
    }

    fn refused(kind: AssetKind, refusal: &Refusal) -> Self {
        Self::Refused {
            kind,
            reason: reason_of(refusal),
            fbtrace_id: refusal.fbtrace_id.clone(),
        }
    }
}

/// The refusal that a report shows: Graph gave an answer about the token, and does not accept it now.
///
/// # Errors
/// `TokenRefused`: the token can serve nothing. `Upstream`: Graph gave no answer.
pub(super) fn lasting_refusal(error: InspectError) -> Result<Refusal, Error> {
    match ValidationFailure::from(error) {
        ValidationFailure::Refused(refusal) => Err(Error::TokenRefused(refusal)),
        ValidationFailure::ForEveryItem(refusal)
            if matches!(
                refusal.kind,
                RefusalKind::Throttled { .. } | RefusalKind::Unavailable
            ) =>
        {
            Err(Error::Upstream { retry_after: None })
        }
        ValidationFailure::ForEveryItem(refusal) => Ok(refusal),
    }
}

/// The reason of a refusal. An inspection does not ask again by itself.
fn reason_of(refusal: &Refusal) -> Reason {
    refusal.to_final_reason(NextStep::CorrectAppThenInspect, NextStep::InspectLater)
}
