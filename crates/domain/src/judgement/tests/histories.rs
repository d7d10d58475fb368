//! Random histories: after every step of each, every invariant holds.
//!
//! `REGRANT_HISTORIES` is how many histories run. A failure prints, for each
//! broken invariant, a history that fails no more without any of its steps.

use std::collections::BTreeMap;

use super::{
    invariants::find_broken,
    world::{ASSETS, PERSONS, Step, World},
};

const HISTORIES: u64 = 20_000;
const STEPS: usize = 16;
const SEED: u64 = 0x5eed;

/// A small generator of random numbers (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % n
    }

    fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(u64::try_from(n).unwrap())).unwrap()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }

    fn is(&mut self) -> bool {
        self.below(2) == 0
    }

    fn step(&mut self) -> Step {
        const SECONDS: [i64; 11] = [
            0, 1, 300, 599, 600, 601, 3_600, 86_400, 864_000, 2_592_000, -1_800,
        ];
        const HOURS: [i64; 7] = [-24, 0, 1, 24, 240, 800, 2_000];
        const LATE: [u8; 6] = [0, 0, 0, 0, 1, 3];
        let person = self.index(PERSONS);
        match self.below(32) {
            0..=9 => Step::Wait(self.pick(&SECONDS)),
            10..=18 => {
                let some = u8::try_from(self.below(128)).unwrap();
                let mask = self.pick(&[127, some, 1, 1]);
                Step::Probe(mask, self.pick(&LATE), self.below(4) == 0)
            }
            19..=20 => Step::ReadDates(self.index(2), self.pick(&LATE), self.is()),
            21 => Step::Announce(self.index(2), self.pick(&HOURS), self.pick(&LATE)),
            22 => Step::Deauthorise(person),
            23 => Step::Delete(person),
            24 => Step::Grant(person, self.below(4) > 0),
            25..=26 => Step::Token(self.index(2), self.index(22)),
            27..=28 => Step::Access(self.index(2), self.index(22)),
            29 => {
                let date = [self.pick(&HOURS), self.pick(&HOURS)];
                let [expires, data_access] = date.map(|it| (it != 1).then_some(it));
                Step::MoveDates(self.index(2), expires, data_access)
            }
            30 => {
                let date = self.pick(&HOURS);
                Step::CutOff(self.index(2), (date != 1).then_some(date))
            }
            _ => Step::Everything(self.index(22)),
        }
    }
}

/// The step after which an asset breaks an invariant, the asset, and the invariant.
fn find_failure(steps: &[Step]) -> Option<(usize, usize, &'static str)> {
    let mut world = World::new();
    for (n, step) in steps.iter().enumerate() {
        let mut assets = world.take(*step);
        // The first two are the busiest; time alone may change them.
        assets.extend([0, 1, ASSETS - 1]);
        assets.sort_unstable();
        assets.dedup();
        for asset in assets {
            if let Some(rule) = find_broken(&world.assets[asset], world.now) {
                return Some((n, asset, rule));
            }
        }
    }
    None
}

/// The shortest history that still breaks the same invariant.
fn shrink(mut steps: Vec<Step>, rule: &str) -> Vec<Step> {
    let mut n = 0;
    while n < steps.len() {
        let mut shorter = steps.clone();
        shorter.remove(n);
        if find_failure(&shorter).is_some_and(|it| it.2 == rule) {
            (steps, n) = (shorter, 0);
        } else {
            n += 1;
        }
    }
    steps
}

#[test]
fn every_invariant_holds_after_every_step_of_every_history() {
    let wanted = std::env::var("REGRANT_HISTORIES").ok();
    let histories = wanted.map_or(HISTORIES, |it| it.parse().expect("a number"));
    let mut broken = BTreeMap::new();
    for history in 0..histories {
        let mut random = Random(SEED.wrapping_add(history << 32));
        let steps: Vec<_> = (0..STEPS).map(|_| random.step()).collect();
        if let Some((_, asset, rule)) = find_failure(&steps) {
            broken
                .entry(rule)
                .or_insert_with(|| (history, asset, shrink(steps, rule)));
        }
    }
    let lines: Vec<_> = broken
        .iter()
        .map(|(rule, (history, asset, steps))| {
            format!("{rule} (history {history}, asset {asset}): {steps:?}")
        })
        .collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    println!("G46: {histories} random histories of {STEPS} steps, 0 invariants broken");
}
