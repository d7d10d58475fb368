//! Replace Expired Tokens: accept one new token for many assets (design D3, step 1), and answer.
//!
//! The rule: accepting is ONE transaction, and from its commit on a crash loses nothing. The work
//! runs in a task of the process, never in the request: a caller who goes away changes nothing.
//! Continue at `run.rs`.

pub(crate) mod plan;
pub(crate) mod preview;
pub(crate) mod progress;
pub(crate) mod run;
pub(crate) mod settle;
#[cfg(test)]
mod settle_property_test;
pub(crate) mod settlement;
pub(crate) mod targets;
pub(crate) mod verify_token;
pub(crate) mod view;

use std::time::Duration;

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AccessToken, Clock, Outcome, PersonId, PlanId, Reason, ReasonCode, ReconnectId,
    ReconnectStatus, Timestamp, Who,
};
use regrant_storage::{
    Accepted, AuditEvent, DueKind, Item, ItemResult, NewItem, NewReconnect, Origin, TenantTx,
};
use serde_json::json;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Conflict, Error, Principal, ReconnectView, Repeatable, Resource, Targets, Vault,
    idempotency::Once,
    reconnect::{
        plan::{Plan, Seen},
        run::Proved,
    },
};

/// How often a waiting caller looks when the reconnect runs in another process.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How long a call waits at least for the word whether its token is refused.
const PROVING: Duration = Duration::from_secs(20);
/// How often a call starts anew when it loses a race.
const MOST_TRIES: usize = 5;

/// What a caller orders: one new token for many assets.
pub struct Order {
    /// The new token.
    pub access_token: AccessToken,
    /// For which assets.
    pub targets: Targets,
    /// Refuse the call unless the token is this person's.
    pub expect_person: Option<PersonId>,
    /// Refuse the call unless everything still is as this preview found it.
    pub plan: Option<PlanId>,
    /// How long the caller waits for the end.
    pub wait: Duration,
    /// Makes the call repeatable.
    pub repeatable: Option<Repeatable>,
}

impl Vault {
    /// Starts a reconnect and waits for its end as long as the caller likes.
    ///
    /// # Errors
    /// `TokenRefused` for a token that can serve nothing: nothing was changed. `Invalid`, `TooMany`;
    /// `Conflict(OtherBody)` where the idempotency key was used for something else, `Conflict(SessionUsedUp)`,
    /// `Conflict(PlanOutdated)`, `TooManyRunning`.
    pub async fn reconnect(
        &self,
        caller: &Principal,
        mut order: Order,
    ) -> Result<ReconnectView, Error> {
        let deadline = Instant::now() + order.wait;
        order.expect_person = expected(caller, order.expect_person)?;
        let once = match order.repeatable.take() {
            Some(it) => Some(self.prepare(&caller.scope, caller.id(), it).await?),
            None => None,
        };
        for _ in 0..MOST_TRIES {
            // The loser of a race for an idempotency key finds, the second time, what the winner accepted.
            let started = match self.accept(caller, &order, once.as_ref()).await {
                Err(Error::Raced) => continue,
                started => started?,
            };
            let told = match started.proved {
                Some(proved) => self.told(proved, deadline).await,
                None => self.told_elsewhere(caller, started.id, deadline).await,
            };
            let answer = match told {
                Ok(()) => self.await_end(caller, started.id, deadline).await,
                Err(error) => Err(error),
            };
            match answer {
                // It was refused and erased, and the word of it got lost: this call is the first again.
                Err(Error::NotFound(_)) => {}
                answer => return answer,
            }
        }
        Err(Error::Upstream { retry_after: None })
    }

    /// Waits for the word whether the token was refused: until the deadline, and at least a short grace.
    async fn told(
        &self,
        proved: oneshot::Receiver<Proved>,
        deadline: Instant,
    ) -> Result<(), Error> {
        match tokio::time::timeout_at(deadline.max(Instant::now() + PROVING), proved).await {
            Ok(Ok(Err(refusal))) => Err(Error::TokenRefused(refusal)),
            // Not told in time, or the process stops: the answer is what is stored, the work goes on.
            _ => Ok(()),
        }
    }

    /// The same for a call that repeats one whose token may still be refused.
    async fn told_elsewhere(
        &self,
        caller: &Principal,
        id: ReconnectId,
        deadline: Instant,
    ) -> Result<(), Error> {
        let until = deadline.max(Instant::now() + PROVING);
        let mut moved = self.progress.watch(id);
        loop {
            let reconnect = self.read_reconnect(&caller.scope, id).await?;
            let open = !reconnect.proved && reconnect.status == ReconnectStatus::Running;
            if !open || Instant::now() >= until {
                return Ok(());
            }
            let _lapsed = tokio::time::timeout(PROVING / 100, moved.changed()).await;
        }
    }

    /// Stops a reconnect: items still open end as `failed`, reason `cancelled`.
    ///
    /// # Errors
    /// `NotFound`; `Conflict(Ended)` where it has ended.
    pub async fn cancel_reconnect(
        &self,
        caller: &Principal,
        id: ReconnectId,
        repeatable: Option<Repeatable>,
    ) -> Result<ReconnectView, Error> {
        let cancel = async |once: Option<&Once>| self.cancel(caller, id, once).await;
        self.once(&caller.scope, caller.id(), repeatable, cancel)
            .await?;
        self.reconnect_view(caller, id).await
    }

    async fn cancel(
        &self,
        caller: &Principal,
        id: ReconnectId,
        once: Option<&Once>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        // The work list is locked first, as a run does: from here on its run settles nothing.
        tx.withdraw_reconnect(id).await?;
        let reconnect = caller.seen(
            tx.reconnect(id)
                .await
                .map_err(Error::missing(Resource::Reconnect))?,
        )?;
        if reconnect.status != ReconnectStatus::Running {
            return Err(Error::Conflict(Conflict::Ended));
        }
        let open = tx.items(id).await?.into_iter().filter(Item::is_open);
        let results: Vec<_> = open.map(|it| (it.position, cancelled())).collect();
        tx.settle_items(id, &results, now).await?;
        tx.finish_reconnect(id, ReconnectStatus::Cancelled, now)
            .await?;
        tx.wipe_idle_grants().await?;
        tx.audit(
            &[event(
                caller.actor(),
                "reconnect.cancelled",
                id,
                json!({ "open": results.len() }),
            )],
            now,
        )
        .await?;
        if let Some(once) = once {
            once.remember(&tx, &(), None, now).await?;
        }
        tx.commit().await?;
        self.progress.moved(id);
        Ok(())
    }

    /// Accepts in one transaction.
    async fn accept(
        &self,
        caller: &Principal,
        order: &Order,
        once: Option<&Once>,
    ) -> Result<Started, Error> {
        if let Some(once) = once
            && let Some(id) = self.done_before(&caller.scope, once).await?
        {
            return Ok(Started { id, proved: None });
        }
        let plan = match order.plan {
            Some(id) => Some(self.plan(&caller.scope, id).await?),
            None => None,
        };
        let key = self.keys.active(&caller.scope).await?;
        let id = ReconnectId::mint();
        let context = Context::of_row(caller.tenant(), id.uuid(), Purpose::SubmittedToken);
        let submitted = key.seal(&context, order.access_token.expose().as_bytes())?;
        let now = self.clock.now();

        let tx = self.store.begin(&caller.scope).await?;
        let (items, _) = self.items_of(&tx, caller, &order.targets, now).await?;
        let reconnect = NewReconnect {
            id,
            expect_person: order.expect_person.clone(),
            submitted,
            created_by: caller.client(),
            session: caller.session(),
            origin: Origin::Call,
            created_at: now,
        };
        let accepted = tx
            .accept_reconnect(&reconnect, &items, Some(self.lease_from_now()))
            .await?;
        // First of all: a call that only repeats another must not meet that one's limits.
        if let Some(once) = once {
            once.remember(&tx, &id, Some(id), now).await?;
        }
        if let Some(plan) = plan {
            let print = key.fingerprint(order.access_token.expose().as_bytes());
            self.hold_to(
                &tx,
                &plan,
                order,
                &items,
                print.as_bytes(),
                (id, accepted.intent_seq),
            )
            .await?;
        }
        self.check_running(&tx).await?;
        self.take_use(&tx, caller).await?;
        let detail = json!({ "items": items.len(), "intent_seq": accepted.intent_seq });
        tx.audit(
            &[event(caller.actor(), "reconnect.accepted", id, detail)],
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(self.start(caller, id, accepted))
    }

    /// Demands of an accepted reconnect that its plan holds, and that no other is about to replace its assets.
    async fn hold_to(
        &self,
        tx: &TenantTx,
        plan: &Plan,
        order: &Order,
        items: &[NewItem],
        print: &[u8],
        (id, intent_seq): (ReconnectId, i64),
    ) -> Result<(), Error> {
        if tx.overlaps_older(id, intent_seq).await? {
            return Err(Error::Conflict(Conflict::PlanOutdated));
        }
        let known: Vec<_> = items
            .iter()
            .filter(|it| it.settled.is_none())
            .map(|it| it.asset_id.clone())
            .collect();
        let assets = tx.lock_assets(&known).await?;
        let now = self.clock.now();
        let standings = self.standings(tx, &assets, Some(print), now).await?;
        let items: Vec<_> = items.iter().map(|it| it.asset_id.clone()).collect();
        let token = &order.access_token;
        plan.check(
            &Seen {
                token,
                items: &items,
                assets: &assets,
                standings: &standings,
            },
            now,
        )
    }

    fn start(&self, caller: &Principal, id: ReconnectId, accepted: Accepted) -> Started {
        let (tell, proved) = oneshot::channel();
        if let Some(lease) = accepted.lease {
            self.spawn_run(caller.scope.clone(), lease, Some(tell));
        }
        Started {
            id,
            proved: Some(proved),
        }
    }

    pub(crate) fn lease_from_now(&self) -> (&str, Timestamp, Timestamp) {
        let now = Clock::wall();
        (&*self.jobs.owner, now + self.settings.lease, now)
    }

    /// Reads the reconnect until it has ended or the caller's time is over.
    async fn await_end(
        &self,
        caller: &Principal,
        id: ReconnectId,
        deadline: Instant,
    ) -> Result<ReconnectView, Error> {
        let mut moved = self.progress.watch(id);
        loop {
            // The items are read once, at the end: a large list is not read again with every step.
            let reconnect = self.read_reconnect(&caller.scope, id).await?;
            let rest = deadline.saturating_duration_since(Instant::now());
            if reconnect.status != ReconnectStatus::Running || rest.is_zero() {
                return self.reconnect_view(caller, id).await;
            }
            // Lapsed or woken, the database is read again.
            let _lapsed = tokio::time::timeout(rest.min(LOOK_AGAIN), moved.changed()).await;
        }
    }
}

/// Whose the token must be: a session may be open to one person alone.
pub(crate) fn expected(
    caller: &Principal,
    said: Option<PersonId>,
) -> Result<Option<PersonId>, Error> {
    match (caller.person(), said) {
        (Some(person), Some(other)) if *person != other => {
            let reason = "this session is another person's".to_owned();
            Err(Error::Invalid {
                field: "expect_person".to_owned(),
                reason,
            })
        }
        (Some(person), _) => Ok(Some(person.clone())),
        (None, said) => Ok(said),
    }
}

struct Started {
    id: ReconnectId,
    /// Tells whether the token was refused; absent for a repeated call.
    proved: Option<oneshot::Receiver<Proved>>,
}

pub(crate) fn unknown() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::UnknownAsset,
        Who::Provider,
        "This tenant has no such asset.",
        "Register the asset, then replace again.",
    );
    result(Outcome::UnknownAsset, reason)
}

fn cancelled() -> ItemResult {
    let detail = "The reconnect was cancelled before this asset was reached.";
    result(
        Outcome::Failed,
        Reason::new(
            ReasonCode::Cancelled,
            Who::Provider,
            detail,
            "Start another reconnect.",
        ),
    )
}

fn result(outcome: Outcome, reason: Reason) -> ItemResult {
    ItemResult {
        outcome,
        serving: None,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}

pub(crate) fn event(
    actor: String,
    action: &'static str,
    id: ReconnectId,
    detail: serde_json::Value,
) -> AuditEvent {
    AuditEvent {
        actor,
        action,
        subject: id.to_string(),
        detail,
    }
}

/// The kind of work a reconnect is in the work list.
pub(crate) const DUE: DueKind = DueKind::Reconnect;
