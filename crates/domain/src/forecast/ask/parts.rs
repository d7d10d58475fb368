//! Parts: persons and assets that depend on each other and on no others, so that each part is solved alone.

use std::collections::BTreeMap;

/// Persons who are connected by common assets.
#[derive(Debug)]
pub(super) struct Part {
    /// The numbers of the persons, ascending.
    pub(super) persons: Vec<usize>,
    /// For each distinct set of candidates their positions in `persons`, ascending.
    pub(super) groups: Vec<Vec<usize>>,
}

/// Splits groups of candidates into parts that have no person in common, ordered by their first persons.
pub(super) fn split_into_parts(groups: Vec<Vec<usize>>) -> Vec<Part> {
    let mut roots = Roots::default();
    for group in &groups {
        let mut persons = group.iter();
        if let Some(first) = persons.next() {
            persons.for_each(|it| roots.join(*first, *it));
        }
    }
    let mut parts: BTreeMap<usize, Vec<Vec<usize>>> = BTreeMap::new();
    for group in groups {
        if let Some(first) = group.first() {
            parts.entry(roots.find(*first)).or_default().push(group);
        }
    }
    parts.into_values().map(Part::new).collect()
}

impl Part {
    fn new(groups: Vec<Vec<usize>>) -> Self {
        let mut persons: Vec<_> = groups.iter().flatten().copied().collect();
        persons.sort_unstable();
        persons.dedup();
        let position = |it: usize| persons.binary_search(&it).ok();
        let groups = groups
            .into_iter()
            .map(|group| group.into_iter().filter_map(position).collect())
            .collect();
        Self { persons, groups }
    }
}

/// Which persons are connected: each has a root, and connected ones have the same, the smallest of them.
#[derive(Default)]
struct Roots(BTreeMap<usize, usize>);

impl Roots {
    fn find(&mut self, person: usize) -> usize {
        let mut root = person;
        while let Some(next) = self.0.get(&root).filter(|it| **it != root) {
            root = *next;
        }
        self.0.insert(person, root);
        root
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.0.insert(one.max(other), one.min(other));
    }
}
