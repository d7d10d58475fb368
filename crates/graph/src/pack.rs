//! Which probes share a batch.
//!
//! The rule: a batch is one call with one token on top, and a dead token on top fails all its items.
//! So a token stands on top only of its own probes; where tokens are mixed the app's stands there.

use std::collections::HashMap;

use crate::{Probe, batch::MOST};

/// The probes of one batch, by where they stand in the list that was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pack {
    pub(crate) indices: Vec<usize>,
    /// Whether all of them are made with the same token, which then stands on top.
    pub(crate) is_shared: bool,
}

/// From so many probes on, a token has a batch to itself: fewer would cost a call each.
const ALONE: usize = 10;

/// Packs probes into as few batches as the rule allows, in the order in which they were asked.
pub(crate) fn pack(probes: &[Probe<'_>]) -> Vec<Pack> {
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
        for chunk in indices.chunks(MOST) {
            if is_single || chunk.len() >= ALONE {
                packs.push(Pack {
                    indices: chunk.to_vec(),
                    is_shared: true,
                });
            } else {
                mixed.extend_from_slice(chunk);
            }
        }
    }
    mixed.sort_unstable();
    packs.extend(mixed.chunks(MOST).map(|it| Pack {
        indices: it.to_vec(),
        is_shared: false,
    }));
    packs.sort_unstable_by(|a, b| a.indices.cmp(&b.indices));
    packs
}

#[cfg(test)]
mod tests {
    use regrant_domain::{AccessToken, AssetKind, CredentialKind};

    use super::*;
    use crate::Target;

    /// The sizes of the packs of tokens that stand for their probes, and whether each is shared.
    fn sizes(tokens: &str) -> Vec<(usize, bool)> {
        let target = Target {
            id: "1".parse().unwrap(),
            kind: AssetKind::Business,
            business: None,
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
        let packs = pack(&probes);
        let mut seen: Vec<_> = packs.iter().flat_map(|it| it.indices.clone()).collect();
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..probes.len()), "every probe once");
        packs
            .iter()
            .map(|it| (it.indices.len(), it.is_shared))
            .collect()
    }

    #[test]
    fn one_token_fills_batches_of_its_own() {
        assert_eq!(sizes(&"a".repeat(103)), [(50, true), (50, true), (3, true)]);
    }

    #[test]
    fn many_tokens_share_mixed_batches() {
        let many: String = ('A'..='|').collect();
        assert_eq!(sizes(&many), [(50, false), (10, false)]);
    }

    #[test]
    fn a_token_with_many_probes_is_kept_apart_from_the_mixed() {
        assert_eq!(
            sizes(&format!("{}bcd", "a".repeat(12))),
            [(12, true), (3, false)]
        );
        assert_eq!(sizes("abab"), [(4, false)]);
        assert_eq!(sizes(""), []);
    }
}
