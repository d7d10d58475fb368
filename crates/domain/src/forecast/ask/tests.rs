use std::time::Instant;

use proptest::prelude::*;

use super::*;

/// The size of the smallest set of these persons that covers every group, by trying all.
fn smallest(candidates: &[Vec<usize>], persons: usize) -> usize {
    let masks: Vec<u32> = candidates
        .iter()
        .filter(|it| !it.is_empty())
        .map(|it| it.iter().fold(0, |mask, person| mask | 1 << person))
        .collect();
    (0_u32..1 << persons)
        .filter(|set| masks.iter().all(|mask| mask & set != 0))
        .map(u32::count_ones)
        .min()
        .and_then(|it| usize::try_from(it).ok())
        .unwrap()
}

fn covers_all(plan: &AskPlan, candidates: &[Vec<usize>]) -> bool {
    candidates
        .iter()
        .filter(|it| !it.is_empty())
        .all(|it| it.iter().any(|person| plan.persons.contains(person)))
}

/// Assets, each with up to four of so many persons.
fn any_candidates(persons: usize, assets: usize) -> impl Strategy<Value = Vec<Vec<usize>>> {
    let of_asset = prop::collection::vec(0..persons, 0..5);
    prop::collection::vec(of_asset, 0..assets)
}

/// One part of the problem, with all persons, whatever connects them.
fn whole_part(candidates: &[Vec<usize>], persons: usize) -> Part {
    let mut groups: Vec<Vec<usize>> = candidates.to_vec();
    for group in &mut groups {
        group.sort_unstable();
        group.dedup();
    }
    groups.retain(|it| !it.is_empty());
    groups.sort_unstable();
    groups.dedup();
    Part {
        persons: (0..persons).collect(),
        groups,
    }
}

proptest! {
    #[test]
    fn a_plan_of_few_persons_is_the_smallest_that_covers_all(
        candidates in any_candidates(12, 30)
    ) {
        let plan = plan_asks(&candidates);
        prop_assert!(covers_all(&plan, &candidates));
        prop_assert_eq!(plan.persons.len(), smallest(&candidates, 12));
        prop_assert!(plan.is_minimal());
    }

    #[test]
    fn a_greedy_set_covers_all_and_keeps_its_bound(candidates in any_candidates(12, 40)) {
        let part = whole_part(&candidates, 12);
        let solved = greedy::solve(&part);
        let plan = AskPlan {
            persons: solved.chosen.into_iter().collect(),
            at_least: solved.at_least,
        };
        prop_assert!(covers_all(&plan, &candidates));
        let best = smallest(&candidates, 12);
        prop_assert!(plan.at_least <= best, "{} > {best}", plan.at_least);
        prop_assert!(best <= plan.persons.len());
        let largest = (0..12)
            .map(|person| part.groups.iter().filter(|it| it.contains(&person)).count())
            .max()
            .unwrap_or_default();
        let harmonic: f64 = (1..=largest)
            .map(|it| f64::from(u32::try_from(it).unwrap()).recip())
            .sum();
        let size = f64::from(u32::try_from(plan.persons.len()).unwrap());
        let best = f64::from(u32::try_from(best).unwrap());
        prop_assert!(size <= harmonic * best + 1e-6);
    }

    #[test]
    fn a_plan_depends_on_no_order(candidates in any_candidates(60, 80), turn in 0_usize..80) {
        let plan = plan_asks(&candidates);
        prop_assert!(covers_all(&plan, &candidates));
        prop_assert!(plan.at_least <= plan.persons.len());
        let mut turned = candidates.clone();
        turned.rotate_left(turn.min(candidates.len()));
        for it in &mut turned {
            it.reverse();
        }
        prop_assert_eq!(plan_asks(&turned), plan);
    }

    #[test]
    fn every_covered_asset_is_asked_of_one_person(candidates in any_candidates(12, 40)) {
        let plan = plan_asks(&candidates);
        let shares = plan.divide(&candidates);
        let mut asked: Vec<_> = shares.iter().flat_map(|it| it.assets.clone()).collect();
        asked.sort_unstable();
        let covered: Vec<_> = (0..candidates.len())
            .filter(|it| !candidates[*it].is_empty())
            .collect();
        prop_assert_eq!(asked, covered);
        for share in &shares {
            prop_assert!(share.only_by_person <= share.uncovered_without);
            prop_assert!(share.assets.iter().all(|it| candidates[*it].contains(&share.person)));
            let without: BTreeSet<_> =
                plan.persons.iter().copied().filter(|it| *it != share.person).collect();
            let lost = candidates.iter().filter(|it| {
                it.contains(&share.person) && !it.iter().any(|it| without.contains(it))
            });
            prop_assert_eq!(share.uncovered_without, lost.count());
        }
    }
}

#[test]
fn persons_who_alone_can_cover_an_asset_are_asked_first() {
    let candidates = [vec![0], vec![0, 1], vec![1, 2], vec![2, 3], vec![]];
    let plan = plan_asks(&candidates);
    assert_eq!(plan.persons, [0, 2].into());
    assert!(plan.is_minimal());
    assert_eq!(plan_asks(&[vec![], vec![]]), AskPlan::default());
}

#[test]
fn twenty_connected_persons_are_planned_exactly() {
    // A ring: each asset is common to two neighbours, so every second person must be asked.
    let ring: Vec<_> = (0..20).map(|it| vec![it, (it + 1) % 20]).collect();
    let plan = plan_asks(&ring);
    assert_eq!((plan.persons.len(), plan.at_least), (10, 10));
    let wider: Vec<_> = (0..21).map(|it| vec![it, (it + 1) % 21]).collect();
    let plan = plan_asks(&wider);
    assert_eq!((plan.persons.len(), plan.at_least), (11, 10), "greedy");
}

/// A small generator of random numbers (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((it ^ (it >> 31)) % u64::try_from(n).unwrap()).unwrap()
    }
}

/// `cargo test --profile fast -p regrant-domain ask -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn a_hundred_thousand_assets_of_a_thousand_persons_take_less_than_two_seconds() {
    let mut random = Random(7);
    let any: Vec<Vec<usize>> = (0..100_000)
        .map(|_| {
            (0..2 + random.below(6))
                .map(|_| random.below(1_000))
                .collect()
        })
        .collect();
    let teams: Vec<Vec<usize>> = (0..100_000)
        .map(|_| {
            let first = random.below(50) * 20;
            (0..2 + random.below(6))
                .map(|_| first + random.below(20))
                .collect()
        })
        .collect();
    for (name, candidates) in [("any persons", any), ("teams of twenty", teams)] {
        let began = Instant::now();
        let plan = plan_asks(&candidates);
        let shares = plan.divide(&candidates);
        let took = began.elapsed();
        println!(
            "{name}: 100,000 assets, 1,000 persons: {took:?}; {} persons asked, at least {}",
            shares.len(),
            plan.at_least
        );
        assert!(covers_all(&plan, &candidates));
        assert!(took.as_secs() < 2, "{took:?}");
    }
}
