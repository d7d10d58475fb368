//! Whom to ask: the smallest set of persons whose consents cover all assets at risk.
//!
//! The rule: the same input gives the same plan. A plan is minimal where persons that depend on each other through common
//! assets are at most [`EXACT_PERSONS`]; beyond, it is greedy, and [`AskPlan::at_least`] says how few could do.
//! Start at [`plan_asks`]; `exact.rs` and `greedy.rs` solve one part, `parts.rs` finds the parts.

mod exact;
mod greedy;
mod parts;

use std::collections::{BTreeSet, HashSet};

use self::parts::{Part, split_into_parts};

/// Up to how many persons that have assets in common a plan is the smallest one for certain.
pub const EXACT_PERSONS: usize = 20;

/// A set of persons to ask, by their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskPlan {
    /// The persons.
    pub persons: BTreeSet<usize>,
    /// No set with fewer persons covers as many assets.
    pub at_least: usize,
}

/// What one person of a plan is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskShare {
    /// The person.
    pub person: usize,
    /// The assets that this person is asked for, by number; no other person of the plan is.
    pub assets: Vec<usize>,
    /// How many assets no other person can cover, in the plan or not.
    pub only_by_person: usize,
    /// How many assets no other person of the plan covers.
    pub uncovered_without: usize,
}

/// The solution of one part.
struct PartPlan {
    /// Positions in [`Part::persons`].
    chosen: Vec<usize>,
    at_least: usize,
}

/// The plan for assets with these candidates: for each asset the numbers of the persons who can cover it, in any order.
/// An asset without candidates is in no plan.
#[must_use]
pub fn plan_asks(candidates: &[Vec<usize>]) -> AskPlan {
    let mut groups: HashSet<Vec<usize>> = HashSet::new();
    for persons in candidates {
        let mut group = persons.clone();
        group.sort_unstable();
        group.dedup();
        if !group.is_empty() && !groups.contains(&group) {
            groups.insert(group);
        }
    }
    let forced: BTreeSet<_> = groups
        .iter()
        .filter_map(|group| match group.as_slice() {
            [only] => Some(*only),
            _ => None,
        })
        .collect();
    groups.retain(|group| !group.iter().any(|it| forced.contains(it)));
    let mut open: Vec<_> = groups.into_iter().collect();
    open.sort_unstable();
    let mut plan = AskPlan {
        at_least: forced.len(),
        persons: forced,
    };
    for part in split_into_parts(open) {
        let solved = solve_part(&part);
        let chosen = solved.chosen.iter();
        plan.persons
            .extend(chosen.filter_map(|it| part.persons.get(*it)));
        plan.at_least += solved.at_least;
    }
    plan
}

fn solve_part(part: &Part) -> PartPlan {
    if part.persons.len() <= EXACT_PERSONS {
        exact::solve(part)
    } else {
        greedy::solve(part)
    }
}

impl AskPlan {
    /// Whether no smaller set of persons covers as many assets.
    #[must_use]
    pub fn is_minimal(&self) -> bool {
        self.persons.len() == self.at_least
    }

    /// What each person of the plan is asked for, in the order of persons. An asset is asked of its first candidate that
    /// is in the plan.
    #[must_use]
    pub fn divide(&self, candidates: &[Vec<usize>]) -> Vec<AskShare> {
        let share = |person: &usize| AskShare {
            person: *person,
            assets: Vec::new(),
            only_by_person: 0,
            uncovered_without: 0,
        };
        let mut shares: Vec<_> = self.persons.iter().map(share).collect();
        for (asset, persons) in candidates.iter().enumerate() {
            let mut asked = persons.iter().filter(|it| self.persons.contains(it));
            let Some(first) = asked.next() else { continue };
            let at = shares.binary_search_by_key(first, |it| it.person);
            let Some(share) = at.ok().and_then(|at| shares.get_mut(at)) else {
                continue;
            };
            share.assets.push(asset);
            share.uncovered_without += usize::from(asked.all(|it| it == first));
            share.only_by_person += usize::from(persons.iter().all(|it| it == first));
        }
        shares
    }
}

#[cfg(test)]
mod tests;
