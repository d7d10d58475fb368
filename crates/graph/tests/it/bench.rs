//! Shared by all tests: credentials, a token, and a client with short timeouts.

use std::time::Duration;

use regrant_domain::{AccessToken, AppSecret, AssetKind, Clock, PersonId, ProbeResult, Refusal};
use regrant_graph::{AppCredentials, Client, Settings, Target};

pub const APP_ID: &str = "400100200300400";
pub const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const TOKEN: &str = "EAABcanaryTokenOfOnePerson0123456789";

pub fn app() -> AppCredentials {
    app_with(APP_SECRET)
}

pub fn app_with(secret: &str) -> AppCredentials {
    AppCredentials {
        id: APP_ID.parse().unwrap(),
        secret: AppSecret::parse(secret.to_owned()).unwrap(),
    }
}

pub fn token(text: &str) -> AccessToken {
    AccessToken::parse(text.to_owned()).unwrap()
}

pub fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

pub fn settings(url: &str) -> Settings {
    Settings {
        base_url: url.parse().unwrap(),
        timeout: Duration::from_secs(5),
        backoff: Duration::from_millis(2),
        ..Settings::default()
    }
}

pub fn client(url: &str) -> Client {
    Client::new(settings(url), Clock::System).unwrap()
}

pub fn target(kind: AssetKind, id: &str) -> Target {
    Target {
        id: id.parse().unwrap(),
        kind,
        business: None,
        reads_business: false,
    }
}

/// Businesses numbered from 1: the kind with the shortest response.
pub fn businesses(count: usize) -> Vec<Target> {
    (1..=count)
        .map(|it| target(AssetKind::Business, &it.to_string()))
        .collect()
}

pub async fn probe(client: &Client, targets: &[Target]) -> Vec<ProbeResult> {
    client
        .probe_targets(&app(), &token(TOKEN), &person("7"), targets)
        .await
}

pub fn refusal(proof: &ProbeResult) -> &Refusal {
    match proof {
        ProbeResult::Refused(refusal) => refusal,
        ProbeResult::Works(_) => panic!("proven"),
    }
}

pub fn is_proven(proof: &ProbeResult) -> bool {
    matches!(proof, ProbeResult::Works(_))
}
