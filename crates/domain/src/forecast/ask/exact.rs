//! The smallest set of at most 20 persons that covers every group: all subsets, one bit each.
//!
//! The rule: a subset of persons covers everything if no group lies wholly outside of it. Which subsets contain a group
//! is computed for all of them together, word by word.

use super::{EXACT_PERSONS, Part, PartPlan};

/// Bits of a word that hold subsets without the person of this number, for the first six persons.
const WITHOUT: [u64; 6] = [
    0x5555_5555_5555_5555,
    0x3333_3333_3333_3333,
    0x0f0f_0f0f_0f0f_0f0f,
    0x00ff_00ff_00ff_00ff,
    0x0000_ffff_0000_ffff,
    0x0000_0000_ffff_ffff,
];
/// How many persons' subsets one word holds.
const IN_WORD: usize = 6;

/// Solves a part of at most [`EXACT_PERSONS`] persons. Of the smallest sets it takes the one with the first persons.
pub(super) fn solve(part: &Part) -> PartPlan {
    let persons = part.persons.len().min(EXACT_PERSONS);
    let mut containing = SubsetFlags::new(persons);
    for group in &part.groups {
        containing.set(group.iter().fold(0, |mask, it| mask | (1 << it)));
    }
    containing.close_upward();
    let all = (1_usize << persons) - 1;
    let covers = |subset: &usize| !containing.is_set(all & !subset);
    let best = (0..=all)
        .filter(covers)
        .min_by_key(|it| (it.count_ones(), *it))
        .unwrap_or(all);
    let chosen: Vec<_> = (0..persons).filter(|it| best >> it & 1 == 1).collect();
    PartPlan {
        at_least: chosen.len(),
        chosen,
    }
}

/// One flag for each subset of some persons.
struct SubsetFlags {
    persons: usize,
    words: Vec<u64>,
}

impl SubsetFlags {
    fn new(persons: usize) -> Self {
        Self {
            persons,
            words: vec![0; 1 << persons.saturating_sub(IN_WORD)],
        }
    }

    fn set(&mut self, subset: usize) {
        if let Some(word) = self.words.get_mut(subset >> IN_WORD) {
            *word |= 1 << (subset & 63);
        }
    }

    fn is_set(&self, subset: usize) -> bool {
        let word = self.words.get(subset >> IN_WORD).copied();
        word.unwrap_or_default() >> (subset & 63) & 1 == 1
    }

    /// Sets the flag of every subset that contains one whose flag is set.
    fn close_upward(&mut self) {
        for (person, without) in WITHOUT.iter().enumerate().take(self.persons) {
            for word in &mut self.words {
                *word |= (*word & without) << (1 << person);
            }
        }
        for person in IN_WORD..self.persons {
            let half = 1 << (person - IN_WORD);
            for block in self.words.chunks_mut(2 * half) {
                let (without, with) = block.split_at_mut(half);
                for (with, without) in with.iter_mut().zip(without) {
                    *with |= *without;
                }
            }
        }
    }
}
