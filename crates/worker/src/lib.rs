//! The loop that does what is due: it calls the vault's use cases, each in a lane of its own.
//!
//! The rule: no rules in it. What is due, in which order and for whom is the vault's; here is only when to
//! look again, so that a slow lane holds up no other and an idle one costs nothing.
//! Start at [`Worker::run_until`]; `lane.rs` says what each lane calls.

#![forbid(unsafe_code)]

mod lane;
mod pause;
mod pulse;
mod settings;

use std::time::Duration;

use regrant_vault::{Error, Vault};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

pub use lane::Lane;
pub use pulse::Pulse;
pub use settings::Settings;

/// How often [`Worker::drain`] ticks at most.
const MOST_TICKS: usize = 1_000;
/// How long it waits for reconnects that run in the background.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What does the due work of an installation. Several may run, on PostgreSQL in as many processes as are wanted.
pub struct Worker {
    vault: Vault,
    settings: Settings,
    pulse: Pulse,
}

/// What one pass over every lane did.
#[derive(Debug)]
pub struct Ticked {
    /// Each lane with how much it did.
    pub lanes: Vec<(Lane, Result<u64, Error>)>,
}

/// A lane ended that must not: a fault of ours. Its process is to be started again.
#[derive(Debug, thiserror::Error)]
#[error("a lane of the worker broke down; the log says where")]
pub struct BrokeDown;

impl Worker {
    /// A worker over this vault.
    #[must_use]
    pub fn new(vault: Vault, settings: Settings) -> Self {
        Self {
            vault,
            settings,
            pulse: Pulse::new(),
        }
    }

    /// Tells whether this worker works, from another task.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Works until `stop` is cancelled; then claims nothing more and lets what is under way settle. What is still
    /// held after that, [`Vault::close`] gives back.
    ///
    /// # Errors
    /// [`BrokeDown`]: a lane is gone; the others were stopped as above.
    pub async fn run_until(&self, stop: CancellationToken) -> Result<(), BrokeDown> {
        let (resting, mut lanes) = (stop.child_token(), JoinSet::new());
        for lane in Lane::ALL {
            lanes.spawn(lane.run_until(self.vault.clone(), self.settings.clone(), resting.clone()));
        }
        let broke_down = tokio::select! {
            () = stop.cancelled() => false,
            // A lane ends when it is to stop; before that only by a fault.
            _ended = lanes.join_next() => !stop.is_cancelled(),
        };
        self.pulse.stop();
        resting.cancel();
        if tokio::time::timeout(self.settings.patience, settled(&mut lanes))
            .await
            .is_err()
        {
            warn!("work under way did not settle in time; it will be taken up again");
            lanes.shutdown().await;
        }
        if broke_down {
            error!("a lane of the worker broke down");
            return Err(BrokeDown);
        }
        Ok(())
    }

    /// One pass over every lane, one after the other.
    pub async fn tick(&self) -> Ticked {
        let mut lanes = Vec::with_capacity(Lane::ALL.len());
        for lane in Lane::ALL {
            lanes.push((lane, lane.work(&self.vault, &self.settings).await));
        }
        Ticked { lanes }
    }

    /// Ticks until nothing is due and no reconnect runs, or a thousand times; how much was done.
    ///
    /// # Errors
    /// The first one of a lane.
    pub async fn drain(&self) -> Result<u64, Error> {
        let mut all = 0_u64;
        for _ in 0..MOST_TICKS {
            let done = self.tick().await.done()?;
            all = all.saturating_add(done);
            if done == 0 {
                if self.vault.running() == 0 {
                    break;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        Ok(all)
    }
}

impl Ticked {
    /// How much all lanes did together.
    ///
    /// # Errors
    /// The first one of a lane.
    pub fn done(self) -> Result<u64, Error> {
        self.lanes.into_iter().map(|(_, done)| done).sum()
    }
}

async fn settled(lanes: &mut JoinSet<()>) {
    while lanes.join_next().await.is_some() {}
}

/// An error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |it| it.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
