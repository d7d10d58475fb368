//! Undo: puts the tokens that served before a reconnect back into service, as far as they still work.
//!
//! The rule: an undo is a reconnect whose offers are the assets' previous credentials. It is accepted, probed, settled,
//! followed and cancelled like one, and a later reconnect wins. An undo can be undone: it restores the tokens that the
//! undo replaced; a parked token that it dropped is gone.
//! Continue at `undo/accept.rs`, then at `undo/round.rs`; [`regrant_domain::undo`] decides.

mod accept;
mod ends;
mod round;
mod settlement;

use std::time::Duration;

use regrant_domain::{AssetId, ReconnectId};
use tokio::time::Instant;

use crate::{Error, Principal, ReconnectView, RepeatableRequest, Resource, Vault};

use super::MOST_TRIES;

/// How often a reconnect can be undone; each undo takes up assets that no earlier one took up.
const MAX_UNDOS: usize = 20;
/// How many undos a session may request.
const MAX_SESSION_UNDOS: usize = 20;

/// A request to undo a reconnect.
pub struct UndoRequest {
    /// The reconnect to undo.
    pub reconnect: ReconnectId,
    /// The assets to undo it for; `None` for all of its assets.
    pub asset_ids: Option<Vec<AssetId>>,
    /// How long the caller waits for all outcomes.
    pub wait: Duration,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

impl Vault {
    /// Undoes a reconnect: starts another one, which proves the previous token of each asset and restores those that
    /// work. Assets that an earlier undo has taken up are left to that one; where none remain, its answer is returned.
    ///
    /// # Errors
    /// `NotFound`, also for a reconnect that the caller may not see; `Conflict(StillRunning)`, `Conflict(UndoLimit)`,
    /// `Conflict(SessionUsedUp)`; `Invalid`, `TooMany`, `TooManyRunning`; `Conflict(OtherBody)`.
    pub async fn undo_reconnect(
        &self,
        caller: &Principal,
        request: UndoRequest,
    ) -> Result<ReconnectView, Error> {
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_apart(async move { vault.undo_and_wait(&caller, request).await })
            .await
    }

    async fn undo_and_wait(
        &self,
        caller: &Principal,
        mut request: UndoRequest,
    ) -> Result<ReconnectView, Error> {
        let deadline = Instant::now() + request.wait;
        let call = match request.repeatable.take() {
            Some(it) => Some(
                self.fingerprint_request(&caller.scope, caller.caller_id(), it)
                    .await?,
            ),
            None => None,
        };
        for _ in 0..MOST_TRIES {
            // A request that loses the race for an idempotency key finds, on its next try, what the winner accepted.
            let id = match self.accept_undo(caller, &request, call.as_ref()).await {
                Err(Error::Raced) => continue,
                accepted => accepted?,
            };
            let view = self.await_end(caller, id, deadline).await?;
            return view.ok_or(Error::NotFound(Resource::Reconnect));
        }
        Err(Error::Raced)
    }
}
