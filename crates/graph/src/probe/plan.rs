//! Decides which probes share a batch.
//!
//! The rule: one token sends a batch, and if it is dead all items fail. So a person's token sends only
//! its own probes; the app's token sends a batch with several tokens.

use std::collections::HashMap;

use crate::{Probe, probe::batch::MAX_BATCH_SIZE};

/// The probes of one batch, by their positions in the list that the caller passed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BatchPlan {
    pub(crate) indices: Vec<usize>,
    /// Whether all probes have the same token, which then sends the batch.
    pub(crate) has_one_token: bool,
}

/// From this many probes on, a token has batches of its own: a separate call for fewer costs more.
const MIN_OWN_BATCH: usize = 10;

/// Packs probes into as few batches as the rule allows, in the order of the list.
pub(crate) fn plan_batches(probes: &[Probe<'_>]) -> Vec<BatchPlan> {
    let mut by_token: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, probe) in probes.iter().enumerate() {
        by_token
            .entry(probe.token.expose())
            .or_default()
            .push(index);
    }
    let is_single = by_token.len() == 1;
    let (mut packs, mut mixed) = (Vec::new(), Vec::new());
    for indices in by_token.into_values() {
        for chunk in indices.chunks(MAX_BATCH_SIZE) {
            if is_single || chunk.len() >= MIN_OWN_BATCH {
                packs.push(BatchPlan {
                    indices: chunk.to_vec(),
                    has_one_token: true,
                });
            } else {
                mixed.extend_from_slice(chunk);
            }
        }
    }
    mixed.sort_unstable();
    packs.extend(mixed.chunks(MAX_BATCH_SIZE).map(|it| BatchPlan {
        indices: it.to_vec(),
        has_one_token: false,
    }));
    packs.sort_unstable_by(|a, b| a.indices.cmp(&b.indices));
    packs
}

#[cfg(test)]
mod tests {
    use regrant_domain::{AccessToken, AssetKind, CredentialKind};

    use super::*;
    use crate::Target;

    /// Batch sizes, and whether each batch has one token; every letter is a probe with that token.
    fn sizes(tokens: &str) -> Vec<(usize, bool)> {
        let target = Target {
            id: "1".parse().unwrap(),
            kind: AssetKind::Business,
            business: None,
            reads_business: false,
        };
        let tokens: Vec<_> = tokens
            .chars()
            .map(|it| AccessToken::parse(format!("token-{it}")).unwrap())
            .collect();
        let probe = |token| Probe {
            target: &target,
            token,
            kind: CredentialKind::User,
            person: None,
        };
        let probes: Vec<_> = tokens.iter().map(probe).collect();
        let packs = plan_batches(&probes);
        let mut seen: Vec<_> = packs.iter().flat_map(|it| it.indices.clone()).collect();
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..probes.len()), "every probe once");
        packs
            .iter()
            .map(|it| (it.indices.len(), it.has_one_token))
            .collect()
    }

    #[test]
    fn probes_of_one_token_fill_batches_of_their_own() {
        assert_eq!(sizes(&"a".repeat(103)), [(50, true), (50, true), (3, true)]);
    }

    #[test]
    fn many_tokens_share_mixed_batches() {
        let many: String = ('A'..='|').collect();
        assert_eq!(sizes(&many), [(50, false), (10, false)]);
    }

    #[test]
    fn a_token_with_many_probes_does_not_join_mixed_batches() {
        assert_eq!(
            sizes(&format!("{}bcd", "a".repeat(12))),
            [(12, true), (3, false)]
        );
        assert_eq!(sizes("abab"), [(4, false)]);
        assert_eq!(sizes(""), []);
    }
}
