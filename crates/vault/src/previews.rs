//! What a reconnect would do, before anything is written.
//!
//! The rule: the token is proved on each asset as a reconnect would prove it, and what stands there is judged by the
//! same [`regrant_domain::settle`]; nothing is kept but the audit's word that somebody looked. Looking is bounded: so
//! many at once, so many of a tenant, so many in a browser's session.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
};

use futures_util::StreamExt;
use regrant_domain::{
    AccessToken, Asset, AssetId, AssetKind, Coverage, CredentialKind, Grant, GrantId, Outcome, PersonId,
    PlanId, Proof, Reason, Refusal, RefusalKind, Timestamp,
    coverage::lost_scopes,
    settle::{Decision, decide},
};
use regrant_graph::AppCredentials;
use regrant_storage::{AssetFilter, AuditEvent, ItemResult, NewItem, TenantTx};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::{
    Conflict, Error, Principal, Repeatable, Selection, Targets, Vault,
    idempotency::Once,
    plan::{Plan, Seen},
    prove::{NotProved, grant_of},
    reconnect::{expected, unknown},
    settle::{missing_scope, target_of},
};

/// How many previews run at once in a process, and how many of them one tenant's.
pub(crate) const AT_ONCE: usize = 16;
const OF_A_TENANT: usize = 4;

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

/// Where to look for losses, and what was found.
#[derive(Default)]
struct Losses {
    found: Vec<SiblingLoss>,
    more: bool,
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

/// An asset that is not named and would lose permissions all the same.
#[derive(Debug, Clone)]
pub struct SiblingLoss {
    /// Its id.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// A name for people.
    pub name: Option<String>,
    /// The permissions it was granted and would not be any more.
    pub lost_scopes: Vec<String>,
}

impl Vault {
    /// Looks at what a reconnect would do.
    ///
    /// # Errors
    /// `TokenRefused` for a token that can serve nothing. `Invalid`, `TooMany`; `TooManyPreviews`;
    /// `Conflict(OtherBody)`, `Conflict(SessionUsedUp)`.
    pub async fn preview(&self, caller: &Principal, mut order: PreviewOrder) -> Result<Preview, Error> {
        let deadline = Instant::now() + self.settings.preview_patience;
        let expect = expected(caller, order.expect_person.take())?;
        let _place = self.previews.take(caller.tenant(), OF_A_TENANT).ok_or(Error::TooManyPreviews)?;
        let (items, assets) = self.looked_at(caller, &order.targets).await?;
        self.note_look(caller, items.len(), order.repeatable.take()).await?;
        let app = self.app(caller.scope.app_id()).await?;
        let asked = async {
            let inspected = self.inspected(&app, &order.access_token, expect.as_ref());
            timeout_at(deadline, inspected).await.unwrap_or(Err(NotProved::Everywhere(unanswered())))
        };
        let asked = tokio::select! {
            asked = asked => asked,
            () = self.jobs.stop.cancelled() => Err(NotProved::Everywhere(unanswered())),
        };
        let (grant, proofs) = match asked {
            Ok(inspected) => {
                let grant = grant_of(inspected.facts);
                let proofs = self.proofs(&app, &order.access_token, &grant, &assets, deadline).await;
                (Some(grant), proofs)
            }
            Err(NotProved::Refused(refusal)) => return Err(Error::TokenRefused(refusal)),
            Err(NotProved::Everywhere(refusal)) => (None, everywhere(&assets, &refusal)),
        };
        self.judge(caller, &order.access_token, items, grant, &proofs).await
    }

    async fn looked_at(
        &self,
        caller: &Principal,
        targets: &Targets,
    ) -> Result<(Vec<NewItem>, Vec<Asset>), Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let found = self.items_of(&tx, caller, targets, self.clock.now()).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Every look counts, also one that repeats another: each asks Graph.
    async fn note_look(
        &self,
        caller: &Principal,
        items: usize,
        repeatable: Option<Repeatable>,
    ) -> Result<(), Error> {
        let note = async |once: Option<&Once>| self.count_look(caller, items, once).await;
        let done = self.once(&caller.scope, caller.id(), repeatable, note).await?;
        if done.repeated { self.count_look(caller, items, None).await } else { Ok(()) }
    }

    async fn count_look(&self, caller: &Principal, items: usize, once: Option<&Once>) -> Result<(), Error> {
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
            match missing_scope(asset.kind, &asset.id, grant) {
                Some(refusal) => drop(proofs.insert(asset.id.clone(), Proof::Refused(refusal))),
                None => targets.push(target_of(asset)),
            }
        }
        let stopped = self.jobs.stop.cancelled();
        let chunks = self.graph.probe_stream(app, token, &grant.person_id, &targets).take_until(stopped);
        let mut chunks = pin!(chunks);
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
        items: Vec<NewItem>,
        grant: Option<Grant>,
        proofs: &HashMap<AssetId, Proof>,
    ) -> Result<Preview, Error> {
        let key = self.keys.active(&caller.scope).await?;
        let print = key.fingerprint(token.expose().as_bytes());
        let (now, ids) = (self.clock.now(), proofs.keys().cloned().collect::<Vec<_>>());
        let tx = self.store.begin_read(&caller.scope).await?;
        let assets = tx.assets(&ids).await?;
        let standings = self.standings(&tx, &assets, Some(print.as_bytes()), now).await?;
        let losses = match &grant {
            Some(grant) => self.losses(&tx, caller, grant, &items, now).await?,
            None => Losses::default(),
        };
        tx.commit().await?;
        let asked: Vec<_> = items.iter().map(|it| it.asset_id.clone()).collect();
        let seen = Seen { token, items: &asked, assets: &assets, now, notice: self.settings.notice };
        let plan = grant.as_ref().map(|_| Plan::of(&key, &seen)).transpose()?;
        let kind = grant.as_ref().map_or(CredentialKind::User, |it| it.kind);
        let judged = |item: NewItem| {
            let found = proofs.get(&item.asset_id).zip(standings.get(&item.asset_id));
            match found {
                Some((proof, standing)) => of_decision(item.asset_id, decide(kind, proof, standing)),
                None => of_result(item.asset_id, unknown()),
            }
        };
        let items = items.into_iter().map(judged).collect();
        Ok(Preview { plan, grant, items, siblings: losses.found, more_siblings: losses.more })
    }

    /// Assets that the person's token serves and the call does not name, and that were not ticked this time.
    /// Looked through are as many of them as one call may name.
    async fn losses(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        offered: &Grant,
        items: &[NewItem],
        now: Timestamp,
    ) -> Result<Losses, Error> {
        if offered.kind == CredentialKind::SystemUser {
            return Ok(Losses::default());
        }
        let named: HashSet<_> = items.iter().map(|it| &it.asset_id).collect();
        let theirs = Selection { person_id: Some(offered.person_id.clone()), ..Selection::default() };
        let filter: AssetFilter = self.filter_of(caller, &theirs, now);
        let mut others = tx.list_assets(&filter).await?;
        let more = others.len() >= usize::try_from(filter.limit).unwrap_or(usize::MAX);
        others.retain(|it| !named.contains(&it.id) && it.state(now, self.settings.notice).serves());
        let ids: Vec<_> = others.iter().map(|it| it.id.clone()).collect();
        let serving = tx.active_credentials(&ids).await?;
        let behind: HashMap<_, _> = serving
            .iter()
            .filter_map(|it| Some((&it.credential.asset_id, it.credential.grant_id?)))
            .collect();
        let distinct: HashSet<_> = behind.values().copied().collect();
        let grants = tx.grants(&distinct.into_iter().collect::<Vec<_>>()).await?;
        let grants: HashMap<GrantId, Grant> = grants.into_iter().map(|it| (it.id, it)).collect();
        let loss = |asset: Asset| {
            let held = grants.get(behind.get(&asset.id)?)?;
            let lost = lost_scopes(asset.kind, &asset.id, held, offered);
            let lost_scopes: Vec<_> = lost.into_iter().map(ToOwned::to_owned).collect();
            let Asset { id, kind, name, .. } = asset;
            (!lost_scopes.is_empty()).then_some(SiblingLoss { id, kind, name, lost_scopes })
        };
        Ok(Losses { found: others.into_iter().filter_map(loss).collect(), more })
    }
}

fn everywhere(assets: &[Asset], refusal: &Refusal) -> HashMap<AssetId, Proof> {
    assets.iter().map(|it| (it.id.clone(), Proof::Refused(refusal.clone()))).collect()
}

fn unanswered() -> Refusal {
    let message = "Graph did not answer in time.".to_owned();
    Refusal { kind: RefusalKind::Unavailable, message, fbtrace_id: None }
}

fn of_decision(asset_id: AssetId, decision: Decision) -> PreviewItem {
    let coverage = Coverage::of(&decision);
    let mut reason = decision.reason;
    // Nothing goes on by itself here.
    if let Some(reason) = reason.as_mut().filter(|_| decision.outcome == Outcome::Deferred) {
        "Preview again later.".clone_into(&mut reason.next_step);
    }
    PreviewItem { asset_id, coverage, reason, fbtrace_id: decision.fbtrace_id }
}

fn of_result(asset_id: AssetId, result: ItemResult) -> PreviewItem {
    let ItemResult { reason, fbtrace_id, .. } = result;
    PreviewItem { asset_id, coverage: Coverage::Unknown, reason, fbtrace_id }
}

fn previewed(caller: &Principal, items: usize) -> AuditEvent {
    AuditEvent {
        actor: caller.actor(),
        action: "reconnect.previewed",
        subject: caller.tenant().to_string(),
        detail: json!({ "items": items }),
    }
}
