//! The walk through all lists of a token: which are still to be read, and what was found.
//!
//! The rule: the lists of a business are planned when their turn comes, so what is left stays small.

use std::collections::HashMap;

use futures_util::future::join_all;
use regrant_domain::{
    AccessToken, AssetId, AssetKind, CredentialKind, DiscoveredAsset, GrantedScope, PersonId,
    Refusal, coverage::is_granted,
};
use serde::{Deserialize, Serialize};

use super::{Edge, EdgeOwner, EdgePage};
use crate::{AppCredentials, Client};

/// How many lists a wave reads at the same time.
const WAVE: usize = 8;

/// What a walk still has to read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EdgeWalk(Vec<WalkStep>);

#[derive(Debug, Clone, Serialize, Deserialize)]
enum WalkStep {
    /// A list, from a position on.
    List { edge: Edge, after: Option<String> },
    /// All lists of a business.
    Business(AssetId),
}

/// A list, and where its next page begins; `None` at its begin.
pub type ListPosition = (Edge, Option<String>);

/// Whose token walks.
#[derive(Clone, Copy)]
pub struct Walker<'a> {
    /// The token.
    pub token: &'a AccessToken,
    /// Its kind.
    pub kind: CredentialKind,
    /// Its person or system user.
    pub person: &'a PersonId,
    /// What was granted.
    pub scopes: &'a [GrantedScope],
}

impl EdgeWalk {
    /// The lists with which a walk begins.
    #[must_use]
    pub fn start(token: CredentialKind) -> Self {
        // The last step is taken first: businesses before what a person sees directly, so that an owner is known early.
        let list = |edge| WalkStep::List { edge, after: None };
        Self(Edge::roots(token).into_iter().rev().map(list).collect())
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The lists of the next wave; those of a business are planned when its turn comes.
    pub fn take_wave(&mut self) -> Vec<ListPosition> {
        let mut wave = Vec::with_capacity(WAVE);
        while wave.len() < WAVE {
            match self.0.pop() {
                None => break,
                Some(WalkStep::List { edge, after }) => wave.push((edge, after)),
                Some(WalkStep::Business(business)) => {
                    let lists = Edge::of_business(&business).into_iter().rev();
                    let list = |edge| WalkStep::List { edge, after: None };
                    self.0.extend(lists.map(list));
                }
            }
        }
        wave
    }

    /// Reads a list again later, from the same position.
    pub fn put_back(&mut self, (edge, after): ListPosition) {
        self.0.push(WalkStep::List { edge, after });
    }

    /// Adds what a page lists, and plans the next page of the list and the lists of businesses that it names.
    pub fn note_page(
        &mut self,
        found: &mut HashMap<AssetId, DiscoveredAsset>,
        scopes: &[GrantedScope],
        edge: Edge,
        page: EdgePage,
    ) {
        // The owner of what a client shared is another business.
        let owner = match &edge.of {
            EdgeOwner::Owned(business) => Some(business.clone()),
            EdgeOwner::Me | EdgeOwner::Assigned | EdgeOwner::Client(_) => None,
        };
        for listed in page.assets {
            if edge.kind == AssetKind::Business {
                self.0.push(WalkStep::Business(listed.id.clone()));
            }
            let is_granted = is_granted(scopes, edge.kind, &listed.id);
            let asset = DiscoveredAsset {
                id: listed.id.clone(),
                kind: edge.kind,
                name: listed.name,
                business_id: owner.clone(),
                is_granted,
            };
            let known = found.entry(listed.id).or_insert(asset);
            known.business_id = known.business_id.take().or_else(|| owner.clone());
        }
        if let Some(after) = page.after {
            self.put_back((edge, Some(after)));
        }
    }
}

impl Client {
    /// Reads one page of each list at the same time: one result each, in their order.
    pub async fn read_wave(
        &self,
        app: &AppCredentials,
        walker: Walker<'_>,
        wave: &[ListPosition],
    ) -> Vec<Result<EdgePage, Refusal>> {
        let token = (walker.token, walker.kind);
        let read = |position: &ListPosition| {
            let (edge, after) = position.clone();
            async move {
                self.read_edge(app, token, walker.person, &edge, after.as_deref())
                    .await
            }
        };
        join_all(wave.iter().map(read)).await
    }
}
