//! The product as the bench runs it: the release binary in a process of its own.

use regrant_testdb::{Kind, TestDatabase};
use serde_json::{Value, json};

use crate::it::harness::{Fleet, ServerProcess, Tenant};

/// A server, and the fleet that its sandbox knows.
pub struct Product {
    pub server: ServerProcess,
    pub fleet: Fleet,
}

impl Product {
    /// Starts the product with a person who reaches this many assets.
    pub async fn start(kind: &str, assets: usize) -> Self {
        let wanted = if kind == "sqlite" {
            Kind::Sqlite
        } else {
            Kind::Postgres
        };
        let mut databases = TestDatabase::create_all().await;
        let at = databases
            .iter()
            .position(|it| it.kind() == wanted)
            .expect("the database runs");
        let fleet = Fleet::new(1, assets - 1, 1);
        // One tenant and one address send everything.
        let environment = vec![
            ("REGRANT_LEASE_SECONDS", "30"),
            ("REGRANT_LIMITS_REQUESTS_PER_SECOND", "1000000"),
        ];
        let server = ServerProcess::start_with(
            databases.swap_remove(at),
            &fleet.world(),
            "warn",
            environment,
        )
        .await;
        Self { server, fleet }
    }

    /// A tenant whose assets all have a proved token.
    pub async fn connected_tenant(&self, name: &str) -> Tenant {
        let tenant = self.server.tenant(name).await;
        tenant.register(&self.fleet.assets()).await;
        let token = self.server.sandbox.token(Fleet::PERSON).await;
        let ended = tenant.reconnect(&token, &self.fleet.ids()).await;
        assert_eq!(
            ended["counts"],
            json!({ "replaced": self.fleet.ids().len() })
        );
        tenant
    }
}

/// A registration with a token of its own for each asset.
pub fn registration(from: usize, n: usize) -> Value {
    let asset = |k: usize| {
        let id = (700_000_000_000_000 + k).to_string();
        json!({ "id": id, "kind": "page", "token": format!("EAA{k:0>197}") })
    };
    json!({ "assets": (from..from + n).map(asset).collect::<Vec<_>>() })
}
