//! A noisy tenant and its quiet neighbour, and what the noisy one does.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Fleet, Readings, SandboxControl, Tenant, ids};

/// How often each status was returned.
pub(super) type Statuses = BTreeMap<u16, usize>;

/// Two tenants of one installation with some assets each; the quiet one reads the token of its first asset.
pub(super) struct Neighbours {
    pub(super) noisy: Tenant,
    pub(super) quiet: Tenant,
    pub(super) noisy_ids: Vec<String>,
    pub(super) quiet_ids: Vec<String>,
    pub(super) noisy_token: String,
    pub(super) quiet_token: String,
}

/// The world of the neighbours: a business of twenty assets and a person for each.
pub(super) fn fleet() -> Fleet {
    Fleet::new(2, 19, 0)
}

impl Neighbours {
    pub(super) async fn connect(noisy: Tenant, quiet: Tenant, sandbox: &SandboxControl) -> Self {
        let fleet = fleet();
        let (noisy_assets, quiet_assets) = (fleet.assets_of(2), fleet.assets_of(1));
        noisy.register(&noisy_assets).await;
        quiet.register(&quiet_assets).await;
        let neighbours = Self {
            noisy_token: sandbox.token(&Fleet::person_of(2)).await,
            quiet_token: sandbox.token(&Fleet::person_of(1)).await,
            noisy_ids: ids(&noisy_assets),
            quiet_ids: ids(&quiet_assets),
            noisy,
            quiet,
        };
        let ended = neighbours
            .quiet
            .reconnect(&neighbours.quiet_token, &neighbours.quiet_ids)
            .await;
        assert_eq!(ended["counts"], json!({ "replaced": 20 }));
        neighbours
    }

    /// The token reads of the quiet tenant beside `noise`.
    pub(super) async fn read_beside<T>(&self, noise: impl Future<Output = T>) -> (Readings, T) {
        Readings::take_beside(&self.quiet, &self.quiet_ids[0], noise).await
    }

    /// Calls of the noisy tenant that register so many new assets with tokens each.
    pub(super) fn registrations(
        &self,
        calls: std::ops::Range<usize>,
        assets: usize,
    ) -> Vec<RequestBuilder> {
        let body = |call: usize| json!({ "assets": assets_with_tokens(call, assets) });
        let call = |it| self.noisy.call(Method::POST, "/v1/assets").json(&body(it));
        calls.map(call).collect()
    }

    /// Calls of the noisy tenant that each start a reconnect of ten thousand unknown assets.
    pub(super) fn reconnects_of_unknown(&self, n: usize) -> Vec<RequestBuilder> {
        let ids: Vec<_> = (0..10_000).map(|it| format!("39{it:08}")).collect();
        let body = json!({ "access_token": self.noisy_token, "asset_ids": ids, "wait_seconds": 0 });
        let call = |_| self.noisy.call(Method::POST, "/v1/reconnects").json(&body);
        (0..n).map(call).collect()
    }

    /// Calls of the noisy tenant that each start a reconnect of its own assets.
    pub(super) fn reconnects(&self, n: usize) -> Vec<RequestBuilder> {
        let body = json!({
            "access_token": self.noisy_token, "asset_ids": self.noisy_ids, "wait_seconds": 0,
        });
        let call = |_| self.noisy.call(Method::POST, "/v1/reconnects").json(&body);
        (0..n).map(call).collect()
    }
}

/// Sends the calls at the same time and counts the statuses of their responses.
pub(super) async fn send_all(calls: Vec<RequestBuilder>) -> Statuses {
    let mut statuses = Statuses::new();
    for answer in join_all(calls.into_iter().map(RequestBuilder::send)).await {
        let answer = answer.expect("the server answers");
        let status = answer.status().as_u16();
        let is_final = status < 429 || answer.headers().contains_key("retry-after");
        assert!(is_final, "{status} without Retry-After");
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

fn assets_with_tokens(call: usize, n: usize) -> Vec<Value> {
    let asset = |it: usize| {
        let id = format!("3{call:05}{it:06}");
        json!({ "id": id, "kind": "page", "token": format!("EAAG-imported-{id}") })
    };
    (0..n).map(asset).collect()
}
