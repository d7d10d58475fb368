//! A small set of many persons that covers every group: again and again the person who covers most of what is left.
//!
//! The rule: the set is at most H(d) times as large as the smallest one, where d is how many groups one person is in and
//! H(d) = 1 + 1/2 + … + 1/d. `at_least` follows from that, and from groups without a common candidate: each of those
//! needs a person of its own.

use std::collections::BTreeSet;

use super::{Part, PartPlan};

/// Solves a part of any size.
pub(super) fn solve(part: &Part) -> PartPlan {
    let groups_of = list_groups_of_persons(part);
    let picked = pick_persons(part, &groups_of);
    let largest = groups_of.iter().map(Vec::len).max().unwrap_or_default();
    let at_least = bound_of_greedy(picked.len(), largest).max(count_disjoint_groups(part));
    PartPlan {
        chosen: drop_redundant(part, picked, &groups_of),
        at_least,
    }
}

/// For each person the numbers of the groups with that person.
fn list_groups_of_persons(part: &Part) -> Vec<Vec<usize>> {
    let mut groups_of = vec![Vec::new(); part.persons.len()];
    for (number, group) in part.groups.iter().enumerate() {
        for person in group {
            if let Some(groups) = groups_of.get_mut(*person) {
                groups.push(number);
            }
        }
    }
    groups_of
}

/// The persons in the order in which they are picked; of equal ones the first.
fn pick_persons(part: &Part, groups_of: &[Vec<usize>]) -> Vec<usize> {
    let mut left: Vec<usize> = groups_of.iter().map(Vec::len).collect();
    let mut is_open = vec![true; part.groups.len()];
    let mut picked = Vec::new();
    loop {
        let most = left
            .iter()
            .enumerate()
            .max_by_key(|(person, count)| (**count, std::cmp::Reverse(*person)));
        let Some((person, _)) = most.filter(|(_, count)| **count > 0) else {
            return picked;
        };
        picked.push(person);
        for number in groups_of.get(person).into_iter().flatten() {
            let Some(open) = is_open.get_mut(*number).filter(|it| **it) else {
                continue;
            };
            *open = false;
            for other in part.groups.get(*number).into_iter().flatten() {
                if let Some(count) = left.get_mut(*other) {
                    *count -= 1;
                }
            }
        }
    }
}

/// The same without persons whose groups all have another one; the last picked ones are tried first.
fn drop_redundant(part: &Part, picked: Vec<usize>, groups_of: &[Vec<usize>]) -> Vec<usize> {
    let mut kept: BTreeSet<_> = picked.iter().copied().collect();
    for person in picked.into_iter().rev() {
        let has_other = |number: &usize| {
            let group = part.groups.get(*number).into_iter().flatten();
            group
                .into_iter()
                .any(|it| *it != person && kept.contains(it))
        };
        if groups_of
            .get(person)
            .is_some_and(|it| it.iter().all(has_other))
        {
            kept.remove(&person);
        }
    }
    kept.into_iter().collect()
}

/// The smallest number of persons that a greedy set of this size allows for.
fn bound_of_greedy(picked: usize, largest: usize) -> usize {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let harmonic: f64 = (1..=largest).map(|it| number(it).recip()).sum();
    // A rounding error must not raise the bound.
    let allows = |few: &usize| number(*few) * harmonic >= number(picked) - 1e-6;
    (0..=picked).find(allows).unwrap_or_default()
}

/// How many groups without a common candidate were found, the small ones first.
fn count_disjoint_groups(part: &Part) -> usize {
    let mut groups: Vec<_> = part.groups.iter().collect();
    groups.sort_unstable_by_key(|it| (it.len(), *it));
    let mut used = BTreeSet::new();
    let mut count = 0;
    for group in groups {
        if group.iter().all(|it| !used.contains(it)) {
            used.extend(group.iter().copied());
            count += 1;
        }
    }
    count
}
