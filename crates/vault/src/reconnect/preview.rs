//! What a reconnect would do, before anything is written.
//!
//! The rule: the token is proved on each asset as a reconnect would prove it, and what stands there is judged by the
//! same [`regrant_domain::settle`]; nothing is kept but the audit's word that somebody looked. Looking is bounded: so
//! many at once, so many of a tenant, so many in a browser's session.

pub(crate) mod permission_losses;

use std::{collections::HashMap, pin::pin};

use futures_util::StreamExt;
use regrant_domain::{
    AccessToken, Asset, AssetId, Coverage, CredentialKind, Grant, Outcome, PersonId, PlanId, Proof,
    Reason, ReasonCode, Refusal, RefusalKind, find_missing_scope,
    settle::{Decision, decide},
};
use regrant_graph::{AppCredentials, Target};
use regrant_storage::{AuditEvent, ItemResult};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::{
    Conflict, Error, Principal, Repeatable, SiblingLoss, Targets, Vault,
    credentials::grants::grant_of,
    idempotency::Once,
    reconnect::{
        plan::{Plan, Seen},
        preview::permission_losses::Losses,
        results::unknown,
        targets::expected,
        verify_token::ValidationFailure,
    },
};

/// How many previews run at once in a process, and how many of them one tenant's.
pub(crate) const AT_ONCE: usize = 32;
const OF_A_TENANT: usize = 4;
/// Pages find a place only while their tenant holds fewer than this: its backend keeps the others.
const BESIDE_PAGES: usize = 2;

/// What to look at.
pub struct PreviewOrder {
    /// The new token.
    pub access_token: AccessToken,
    /// For which assets.
    pub targets: Targets,
    /// Refuse the call unless the token is this person's.
    pub expect_person: Option<PersonId>,
    /// Makes the call repeatable.
    pub repeatable: Option<Repeatable>,
}

/// What a reconnect with this token would do, as far as Graph tells now.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Names this preview; a reconnect may demand that it still holds. `None` where nothing could be seen.
    pub plan: Option<PlanId>,
    /// The token's person and facts; `None` where Graph did not tell.
    pub grant: Option<Grant>,
    /// The assets, in the caller's order.
    pub items: Vec<PreviewItem>,
    /// Other assets of the same person that the new login would take permissions from.
    pub siblings: Vec<SiblingLoss>,
    /// Whether the person has more assets than were looked through for that.
    pub more_siblings: bool,
}

/// What Graph said.
struct Asked {
    grant: Option<Grant>,
    proofs: HashMap<AssetId, Proof>,
}

/// What would become of one asset.
#[derive(Debug, Clone)]
pub struct PreviewItem {
    /// The asset, in its canonical form.
    pub asset_id: AssetId,
    /// What the token would be to it.
    pub coverage: Coverage,
    /// Why, and who must act.
    pub reason: Option<Reason>,
    /// Graph's trace id.
    pub fbtrace_id: Option<String>,
}

impl Vault {
    /// Looks at what a reconnect would do.
    ///
    /// # Errors
    /// `TokenRefused` for a token that can serve nothing. `Invalid`, `TooMany`; `TooManyPreviews`;
    /// `Conflict(OtherBody)`, `Conflict(SessionUsedUp)`.
    pub async fn preview(
        &self,
        caller: &Principal,
        mut order: PreviewOrder,
    ) -> Result<Preview, Error> {
        let deadline = Instant::now() + self.settings.reconnect.preview_patience;
        order.expect_person = expected(caller, order.expect_person)?;
        let most = if caller.session().is_some() {
            BESIDE_PAGES
        } else {
            OF_A_TENANT
        };
        let _permit = self
            .preview_permits
            .try_take(caller.tenant(), most)
            .ok_or(Error::TooManyPreviews)?;
        let (named, assets) = self.looked_at(caller, &order.targets).await?;
        self.note_look(caller, named.len(), order.repeatable.take())
            .await?;
        let app = self.app(caller.scope.app_id()).await?;
        let asked = tokio::select! {
            asked = self.ask_of(&app, &order, &assets, deadline) => asked?,
            () = self.jobs.stop.cancelled() => Asked { grant: None, proofs: everywhere(&assets, &unanswered()) },
        };
        self.judge(caller, &order.access_token, named, &assets, asked)
            .await
    }

    /// What the call names, and those assets of it that there are for the caller.
    async fn looked_at(
        &self,
        caller: &Principal,
        targets: &Targets,
    ) -> Result<(Vec<AssetId>, Vec<Asset>), Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let (items, assets) = self
            .items_of(&tx, caller, targets, self.clock.now())
            .await?;
        tx.commit().await?;
        Ok((items.into_iter().map(|it| it.asset_id).collect(), assets))
    }

    /// Every look counts, also one that repeats another: each asks Graph.
    async fn note_look(
        &self,
        caller: &Principal,
        items: usize,
        repeatable: Option<Repeatable>,
    ) -> Result<(), Error> {
        let note = async |once: Option<&Once>| self.count_look(caller, items, once).await;
        let done = self
            .once(&caller.scope, caller.id(), repeatable, note)
            .await?;
        if done.repeated {
            self.count_look(caller, items, None).await
        } else {
            Ok(())
        }
    }

    async fn count_look(
        &self,
        caller: &Principal,
        items: usize,
        once: Option<&Once>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        if let Some(session) = caller.session()
            && !tx.preview_in_session(session, now).await?
        {
            return Err(Error::Conflict(Conflict::SessionUsedUp));
        }
        tx.audit(&[previewed(caller, items)], now).await?;
        if let Some(once) = once {
            once.remember(&tx, &(), None, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Asks Graph about the token, then about the token on each asset; what has not answered by then is unknown.
    async fn ask_of(
        &self,
        app: &AppCredentials,
        order: &PreviewOrder,
        assets: &[Asset],
        deadline: Instant,
    ) -> Result<Asked, Error> {
        let inspected = self.inspect_token(app, &order.access_token, order.expect_person.as_ref());
        let inspected = timeout_at(deadline, inspected).await;
        match inspected.unwrap_or(Err(ValidationFailure::ForEveryItem(unanswered()))) {
            Ok(inspected) => {
                let grant = grant_of(inspected.facts);
                let proofs = self
                    .proofs(app, &order.access_token, &grant, assets, deadline)
                    .await;
                Ok(Asked {
                    grant: Some(grant),
                    proofs,
                })
            }
            Err(ValidationFailure::Refused(refusal)) => Err(Error::TokenRefused(refusal)),
            Err(ValidationFailure::ForEveryItem(refusal)) => Ok(Asked {
                grant: None,
                proofs: everywhere(assets, &refusal),
            }),
        }
    }

    /// Proves the token on each asset, as far as Graph answers in time.
    async fn proofs(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        grant: &Grant,
        assets: &[Asset],
        deadline: Instant,
    ) -> HashMap<AssetId, Proof> {
        let mut proofs = everywhere(assets, &unanswered());
        let mut targets = Vec::with_capacity(assets.len());
        for asset in assets {
            match find_missing_scope(asset.kind, &asset.id, grant) {
                Some(refusal) => drop(proofs.insert(asset.id.clone(), Proof::Refused(refusal))),
                None => targets.push(Target::from(asset)),
            }
        }
        let mut chunks = pin!(
            self.graph
                .probe_stream(app, token, &grant.person_id, &targets)
        );
        while let Ok(Some(chunk)) = timeout_at(deadline, chunks.next()).await {
            for (place, proof) in chunk.indices.into_iter().zip(chunk.proofs) {
                if let Some(target) = targets.get(place) {
                    proofs.insert(target.id.clone(), proof);
                }
            }
        }
        proofs
    }

    /// Judges the proofs by what stands at the assets now.
    async fn judge(
        &self,
        caller: &Principal,
        token: &AccessToken,
        named: Vec<AssetId>,
        asked: &[Asset],
        Asked { grant, proofs }: Asked,
    ) -> Result<Preview, Error> {
        let key = self.keys.active(&caller.scope).await?;
        let print = key.fingerprint(token.expose().as_bytes());
        let (now, was) = (self.clock.now(), by_id(asked));
        let tx = self.store.begin_read(&caller.scope).await?;
        let mut assets = tx
            .assets(&proofs.keys().cloned().collect::<Vec<_>>())
            .await?;
        // What was registered anew meanwhile is not what was asked about.
        assets.retain(|it| was.get(&it.id).is_some_and(|was| is_the_same(was, it)));
        let standings = self
            .standings(&tx, &assets, Some(print.as_bytes()), now)
            .await?;
        let losses = match &grant {
            Some(grant) => self.losses(&tx, caller, grant, &named, now).await?,
            None => Losses::default(),
        };
        tx.commit().await?;
        let seen = Seen {
            token,
            items: &named,
            assets: &assets,
            standings: &standings,
        };
        let plan = grant
            .as_ref()
            .map(|_| Plan::of(&key, &seen, now))
            .transpose()?;
        let kind = grant.as_ref().map_or(CredentialKind::User, |it| it.kind);
        let judged = |id: AssetId| match proofs.get(&id).zip(standings.get(&id)) {
            Some((proof, standing)) => of_decision(id, decide(kind, proof, standing)),
            None => of_result(id, unknown()),
        };
        let items = named.into_iter().map(judged).collect();
        Ok(Preview {
            plan,
            grant,
            items,
            siblings: losses.found,
            more_siblings: losses.more,
        })
    }
}

fn by_id(assets: &[Asset]) -> HashMap<&AssetId, &Asset> {
    assets.iter().map(|it| (&it.id, it)).collect()
}

/// Whether a proof of the one is a proof of the other.
fn is_the_same(was: &Asset, is: &Asset) -> bool {
    (was.kind, was.created_at, &was.business_id) == (is.kind, is.created_at, &is.business_id)
}

fn everywhere(assets: &[Asset], refusal: &Refusal) -> HashMap<AssetId, Proof> {
    assets
        .iter()
        .map(|it| (it.id.clone(), Proof::Refused(refusal.clone())))
        .collect()
}

fn unanswered() -> Refusal {
    let message = "Graph did not answer in time.".to_owned();
    Refusal {
        kind: RefusalKind::Unavailable,
        message,
        fbtrace_id: None,
    }
}

fn of_decision(asset_id: AssetId, decision: Decision) -> PreviewItem {
    let coverage = Coverage::of(&decision);
    let is_put_off = decision.outcome == Outcome::Deferred;
    let mut reason = decision.reason;
    // Nothing goes on by itself here.
    if let Some(reason) = reason.as_mut().filter(|_| is_put_off) {
        reason.next_step = match reason.code {
            ReasonCode::AppFault => "Mend the app's settings, then preview again.".to_owned(),
            _ => "Preview again later.".to_owned(),
        };
    }
    PreviewItem {
        asset_id,
        coverage,
        reason,
        fbtrace_id: decision.fbtrace_id,
    }
}

fn of_result(asset_id: AssetId, result: ItemResult) -> PreviewItem {
    let ItemResult {
        reason, fbtrace_id, ..
    } = result;
    PreviewItem {
        asset_id,
        coverage: Coverage::Unknown,
        reason,
        fbtrace_id,
    }
}

fn previewed(caller: &Principal, items: usize) -> AuditEvent {
    AuditEvent::new(
        caller.actor(),
        "reconnect.previewed",
        caller.tenant(),
        json!({ "items": items }),
    )
}

#[cfg(test)]
mod tests {
    use regrant_domain::settle::Standing;

    use super::*;

    fn next_step(kind: RefusalKind) -> String {
        let proof = Proof::Refused(Refusal {
            kind,
            ..unanswered()
        });
        let decision = decide(CredentialKind::User, &proof, &Standing::default());
        of_decision("1".parse().unwrap(), decision)
            .reason
            .unwrap()
            .next_step
    }

    #[test]
    fn what_is_put_off_does_not_go_on_by_itself() {
        assert_eq!(next_step(RefusalKind::Unavailable), "Preview again later.");
        assert_eq!(
            next_step(RefusalKind::AppFault),
            "Mend the app's settings, then preview again."
        );
    }
}
