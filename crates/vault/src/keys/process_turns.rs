//! The only writer of a SQLite file, beside another process.
//!
//! The rule: SQLite keeps no queue of processes. One that writes again at once keeps the file from all others, which look
//! ten times a second. So long work of a command pauses for as long as it worked, whatever its urgency; what rests after
//! each chunk rests for at least one such look. Within a process the turns of the storage are fair.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::Vault;

/// How long work continues without a pause.
const WORKS_FOR: Duration = Duration::from_millis(100);
/// The shortest pause: longer than other processes wait between two looks.
const SHORTEST_PAUSE: Duration = Duration::from_millis(150);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// When the last pause ended.
#[derive(Debug, Clone, Default)]
pub(super) struct ProcessTurns(Arc<Mutex<Option<Instant>>>);

impl ProcessTurns {
    /// How long to pause after work that has just ended, if a pause is due.
    fn find_pause(&self, now: Instant) -> Option<Duration> {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let worked = now.duration_since(*since.get_or_insert(now));
        if worked < WORKS_FOR {
            return None;
        }
        let pause = worked.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        *since = Some(now + pause);
        Some(pause)
    }
}

impl Vault {
    /// How long work that rests after each chunk rests at least, so that other processes have their turn.
    pub(super) fn find_shortest_rest(&self) -> Duration {
        if self.store.is_beside_other_processes() {
            SHORTEST_PAUSE
        } else {
            Duration::ZERO
        }
    }

    /// Pauses if a pause is due, and other processes may wait for the file.
    pub(super) async fn yield_to_other_processes(&self) {
        if !self.store.is_beside_other_processes() {
            return;
        }
        if let Some(pause) = self.reseal_rests.turns().find_pause(Instant::now()) {
            tokio::time::sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_pauses_for_as_long_as_it_lasted_and_short_work_does_not() {
        let (turns, start) = (ProcessTurns::default(), Instant::now());
        let at = |ms: u64| start + Duration::from_millis(ms);
        assert_eq!(turns.find_pause(at(0)), None);
        assert_eq!(turns.find_pause(at(90)), None);
        assert_eq!(turns.find_pause(at(110)), Some(SHORTEST_PAUSE));
        assert_eq!(turns.find_pause(at(300)), None, "it worked for 40 ms since");
        assert_eq!(turns.find_pause(at(660)), Some(Duration::from_millis(400)));
        assert_eq!(
            turns.find_pause(at(60_000)),
            Some(LONGEST_PAUSE),
            "it was idle"
        );
    }
}
