//! The verdict of a reconnect: whether people still have something to do.
//!
//! The rule: a reconnect that has ended is not therefore well; only `all_done` needs no one.

use crate::{Outcome, OutcomeCounts, ReconnectStatus, closed_list};

closed_list! {
    /// What came of a reconnect as a whole.
    pub enum Verdict: "verdict of a reconnect", serde {
        /// Every item is replaced, unchanged, restored or superseded.
        AllDone = "all_done",
        /// Some items are not done, and someone must act for them.
        SomeNeedSomeone = "some_need_someone",
        /// No item changed what serves or waits, and not all are done.
        NothingChanged = "nothing_changed",
    }
}

impl Verdict {
    /// The verdict on a reconnect with these outcomes; `None` while it runs.
    #[must_use]
    pub fn of_reconnect(status: ReconnectStatus, counts: &OutcomeCounts) -> Option<Self> {
        if status == ReconnectStatus::Running {
            return None;
        }
        let count = |is: fn(Outcome) -> bool| -> u64 {
            let found = counts.iter().filter(|(it, _)| is(*it));
            found.map(|(_, n)| n).sum()
        };
        Some(if count(is_done) == counts.total_count() {
            Self::AllDone
        } else if count(Outcome::is_undoable) == 0 {
            Self::NothingChanged
        } else {
            Self::SomeNeedSomeone
        })
    }
}

const fn is_done(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Replaced | Outcome::Unchanged | Outcome::Restored | Outcome::Superseded
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcomes: &[Outcome]) -> Option<Verdict> {
        let counts = outcomes.iter().copied().collect();
        Verdict::of_reconnect(ReconnectStatus::Completed, &counts)
    }

    #[test]
    fn a_reconnect_that_runs_has_none() {
        let counts = [Outcome::Replaced].into_iter().collect();
        let found = Verdict::of_reconnect(ReconnectStatus::Running, &counts);
        assert_eq!(found, None);
    }

    #[test]
    fn each_outcome_alone_has_the_verdict_of_the_table() {
        for outcome in Outcome::ALL {
            let expected = match outcome {
                Outcome::Replaced
                | Outcome::Unchanged
                | Outcome::Restored
                | Outcome::Superseded => Verdict::AllDone,
                Outcome::Parked => Verdict::SomeNeedSomeone,
                Outcome::NoAccess
                | Outcome::MissingPermission
                | Outcome::UserActionRequired
                | Outcome::UnknownAsset
                | Outcome::Deferred
                | Outcome::Failed
                | Outcome::PreviousDead
                | Outcome::NothingToUndo => Verdict::NothingChanged,
            };
            assert_eq!(verdict(&[outcome]), Some(expected), "{outcome}");
        }
    }

    #[test]
    fn every_pair_of_outcomes_has_the_verdict_of_the_worse() {
        for (one, other) in Outcome::ALL
            .into_iter()
            .flat_map(|one| Outcome::ALL.map(|other| (one, other)))
        {
            let are_done = is_done(one) && is_done(other);
            let has_changed = one.is_undoable() || other.is_undoable();
            let expected = match (are_done, has_changed) {
                (true, _) => Verdict::AllDone,
                (false, true) => Verdict::SomeNeedSomeone,
                (false, false) => Verdict::NothingChanged,
            };
            assert_eq!(verdict(&[one, other]), Some(expected), "{one} {other}");
        }
    }
}
