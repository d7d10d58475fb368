//! A database, a sandbox and a server for each test.

mod consumer;
mod keyring;
mod line;
mod load;
mod operator;
mod program_files;
mod readings;
mod sandbox;
mod server_process;
mod tenant;
mod watch;
mod world;

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use regrant_api::{AdminParts, AdminRoutes, AdminServer, Server};
use regrant_crypto::{KeyProvider, Keyring, PasswordStrength};
use regrant_domain::{
    AppSecret, Clock, OperatorRole, Password, Permissions, TenantId, VerifyToken,
};
use regrant_graph::Client;
use regrant_sandbox::World;
use regrant_storage::Store;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, NewApp, NewOperator, NewTenantSpec, Parts, Retirement, Vault};
use regrant_webhook::NameLookup;
use serde_json::Value;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

pub use consumer::consume;
pub use keyring::{create_keyring, open_keyring};
pub use line::Line;
pub use load::{Calls, Load, Reconnect};
pub use operator::{Operator, PASSWORD, answer, try_log_in};
pub use program_files::{collect_output, write_private};
pub use readings::Readings;
pub use sandbox::SandboxControl;
pub use server_process::{ServerProcess, binary, free_port};
pub use tenant::Tenant;
pub use watch::{leap, watch};
pub use world::{APP, Fleet, OTHER_APP, SECRET, VERIFY_TOKEN, business, ids};

/// Makes two tests of each function, one for each database. The function takes a `TestDatabase`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(regrant_testdb::TestDatabase::create_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(database) = regrant_testdb::TestDatabase::create_postgres().await {
                    super::$name(database).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;

/// Everything that a test needs; dropping it stops the servers.
pub struct Harness {
    /// Boxed, so that the futures of the tests stay small.
    pub vault: Box<Vault>,
    /// The Graph client of the vault: pauses and circuit breaker are shared.
    pub graph: Client,
    pub api: String,
    /// The operators' listener.
    pub admin: String,
    pub sandbox: SandboxControl,
    pub clock: Clock,
    pub database: TestDatabase,
    stop: CancellationToken,
    _sandbox: regrant_sandbox::Sandbox,
}

/// What a test may change about the harness.
pub struct Options {
    pub vault: regrant_vault::Settings,
    pub graph: regrant_graph::Settings,
    pub api: regrant_api::Settings,
    /// How long calls wait for a connection, and for SQLite's writer in another process.
    pub database_patience: Duration,
    /// Whether tokens name the address of this API as their issuer, so that programs find its metadata. Otherwise all
    /// harnesses of a database accept each other's tokens.
    pub is_issuer: bool,
    /// Wraps data keys; by default a keyring without a file.
    pub provider: KeyProvider,
}

impl Default for Options {
    fn default() -> Self {
        // Webhooks may go to this machine, and no name is resolved.
        let names = NameLookup::Custom(Arc::new(|_: &str| Ok(Vec::new())));
        let webhooks = regrant_webhook::Settings {
            allow_loopback: true,
            names,
            ..regrant_webhook::Settings::default()
        };
        let mut vault = regrant_vault::Settings::default();
        vault.reconnect.retry_pause = Duration::from_millis(50);
        vault.webhooks.sender = webhooks;
        vault.operators.password_strength = PasswordStrength::MINIMUM;
        // All calls of a test come from one address.
        let rates = regrant_api::Rates {
            address: 10_000,
            ..regrant_api::Rates::default()
        };
        let api = regrant_api::Settings {
            rates,
            max_address_connections: 10_000,
            ..regrant_api::Settings::default()
        };
        Self {
            vault,
            graph: regrant_graph::Settings::default(),
            api,
            is_issuer: false,
            database_patience: Duration::from_secs(20),
            provider: KeyProvider::from(Keyring::in_memory().expect("random bytes")),
        }
    }
}

/// A free port of this machine.
pub fn free_address() -> std::net::TcpListener {
    regrant_api::bind_address(([127, 0, 0, 1], 0).into()).expect("a free port")
}

impl Harness {
    /// Starts everything on this database with this world.
    pub async fn start(database: TestDatabase, world: &str) -> Self {
        Self::with(database, world, Options::default()).await
    }

    pub async fn with(database: TestDatabase, world: &str, options: Options) -> Self {
        // Boxed, so that the futures of the tests stay small.
        Box::pin(Self::build(database, world, options)).await
    }

    async fn build(database: TestDatabase, world: &str, options: Options) -> Self {
        let offset = Arc::default();
        let clock = Clock::Shifted(Arc::clone(&offset));
        let settings = regrant_sandbox::Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            world: World::from_yaml(world).expect("the world is well formed"),
            clock: regrant_sandbox::Clock::with_offset(offset),
        };
        let sandbox = regrant_sandbox::Sandbox::start(settings)
            .await
            .expect("the sandbox starts");
        let graph = regrant_graph::Settings {
            base_url: sandbox.url().parse().expect("the sandbox has a url"),
            ..options.graph
        };
        let store = regrant_storage::Settings {
            url: database.url().to_owned(),
            max_connections: 8,
            acquire_timeout: options.database_patience,
            busy_timeout: options.database_patience,
        };
        let graph = Client::new(graph, clock.clone()).expect("a loopback upstream is allowed");
        let address = free_address();
        let mut settings = options.vault;
        if options.is_issuer {
            let url = format!("http://{}", address.local_addr().expect("an address"));
            (settings.access.issuer, settings.access.audience) = (url.clone(), url);
        }
        let parts = Parts {
            store: Store::connect(&store).await.expect("the store connects"),
            provider: options.provider,
            graph: graph.clone(),
            clock: clock.clone(),
            settings,
        };
        let vault = Vault::open(parts).await.expect("the vault opens");
        for (id, secret) in [(APP, SECRET), (OTHER_APP, "other-secret-other-secret")] {
            let secret = AppSecret::parse(secret.to_owned()).expect("a secret");
            let verify_token = (id == APP)
                .then(|| VerifyToken::parse(VERIFY_TOKEN.to_owned()).expect("a verify token"));
            let id = id.parse().expect("an app id");
            let app = NewApp {
                id,
                name: "Provider App".to_owned(),
                secret,
                verify_token,
            };
            vault
                .create_app(Actor::CommandLine, app, None)
                .await
                .expect("the app is new");
        }
        let server = Server::bind(vault.clone(), address, options.api.clone()).expect("a server");
        let parts = AdminParts {
            vault: vault.clone(),
            address: free_address(),
            settings: options.api.with_links_to(server.addr()),
            routes: AdminRoutes::All,
            alive: Arc::new(|| true),
        };
        let admin_server = AdminServer::bind(parts).expect("a server");
        let admin = format!("http://{}", admin_server.local_addr());
        let api = format!("http://{}", server.addr());
        let stop = CancellationToken::new();
        tokio::spawn(server.run_until(stop.clone()));
        tokio::spawn(admin_server.run_until(stop.clone()));
        let resuming = vault.clone();
        tokio::spawn(async move {
            resuming
                .resume_until_closed(Duration::from_millis(50))
                .await;
        });
        let control = SandboxControl::new(sandbox.url());
        Self {
            vault: Box::new(vault),
            graph,
            api,
            admin,
            sandbox: control,
            clock,
            database,
            stop,
            _sandbox: sandbox,
        }
    }

    /// Rewrites the SQLite file as the worker does, until no deletion is owed.
    pub async fn erase(&self) {
        let store = self.store().await;
        for _ in 0..1_000 {
            let owed = store.find_owed_erasures().await.expect("a count");
            if owed.is_none_or(|it| it.count == 0) {
                return;
            }
            let erased = self.vault.erase_deleted_bytes().await;
            erased.expect("the file is rewritten");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("deletions stay owed");
    }

    /// A separate connection pool to the database, for changes that no call can make.
    pub async fn store(&self) -> Store {
        let (url, busy_timeout) = (self.database.url().to_owned(), Duration::from_secs(20));
        let settings = regrant_storage::Settings {
            url,
            max_connections: 2,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout,
        };
        Store::connect(&settings).await.expect("the store connects")
    }

    /// Sets columns of a tenant's row in the database, and accepts the row as an operator would.
    pub async fn set_tenant(&self, name: &str, columns: &str) {
        let tenants = self.vault.list_all_tenants().await.expect("a list");
        let tenant = tenants.iter().find(|it| it.name == name);
        let tenant = tenant.expect("a tenant of this name").id;
        self.database
            .run_as_superuser(&format!(
                "UPDATE tenants SET {columns} WHERE name = '{name}'"
            ))
            .await;
        self.accept_row(tenant, &format!("tenants/{}", tenant.uuid()))
            .await;
    }

    /// Accepts a row that the test changed in the database.
    pub async fn accept_row(&self, tenant: TenantId, row: &str) {
        let accepted = self.vault.accept_row(Actor::CommandLine, tenant, row).await;
        accepted.expect("the row is there");
    }

    /// Adds an origin to the list of a tenant.
    pub async fn list_origin(&self, name: &str, origin: &str) {
        let sql = format!(
            "INSERT INTO tenant_origins (tenant_id, origin) SELECT id, '{origin}' FROM tenants WHERE name = '{name}'"
        );
        self.database.run_as_superuser(&sql).await;
    }

    /// A harness on SQLite with two assets in one business, and a tenant.
    pub async fn small(options: Options) -> (Self, Tenant) {
        let world = Fleet::new(1, 2, 0).world();
        let harness = Self::with(TestDatabase::create_sqlite().await, &world, options).await;
        let tenant = harness.tenant("One").await;
        (harness, tenant)
    }

    /// Creates a tenant of the provider's app with every permission, and logs in its client.
    pub async fn tenant(&self, name: &str) -> Tenant {
        self.tenant_with(name, Permissions::all()).await
    }

    pub async fn tenant_with(&self, name: &str, permissions: Permissions) -> Tenant {
        let app = APP.parse().expect("an app id");
        let new = NewTenantSpec::with_scopes(name, app, permissions);
        let onboarded = self
            .vault
            .create_tenant(Actor::CommandLine, new, None)
            .await;
        let onboarded = onboarded.expect("the tenant is onboarded");
        Tenant::log_in(&self.api, onboarded).await
    }
}

impl Harness {
    /// Destroys a version that wraps nothing, as the command line of an installation with one owner does.
    pub async fn retire_kek(&self, kek: &str) {
        let (by, day) = (Actor::CommandLine, chrono::Duration::hours(24));
        self.clock.advance_by(-day);
        let requested = self.vault.retire_kek(by, kek, kek).await;
        assert!(
            matches!(requested, Ok(Retirement::Requested(_))),
            "{requested:?}"
        );
        self.clock.advance_by(day);
        let retired = self.vault.retire_kek(by, kek, kek).await;
        assert!(matches!(retired, Ok(Retirement::Done(_))), "{retired:?}");
    }

    /// Creates an owner and logs it in.
    pub async fn owner(&self) -> Operator {
        self.operator("owner", OperatorRole::Owner).await
    }

    /// Creates an operator that may only read, and logs it in.
    pub async fn support(&self) -> Operator {
        self.operator("support", OperatorRole::Support).await
    }

    pub async fn operator(&self, name: &str, role: OperatorRole) -> Operator {
        let password = Password::parse(PASSWORD.to_owned()).expect("a password");
        let new = NewOperator {
            name: name.parse().expect("a name"),
            role,
            password,
        };
        self.vault
            .create_operator(Actor::CommandLine, new, None)
            .await
            .expect("the name is free");
        Operator::log_in(&self.admin, name, PASSWORD).await
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The code of a problem, such as `not_found`: the last part of its `type`.
/// A number that the long tier sets (`tests/long`); otherwise the one of the short form.
pub fn from_environment(name: &str, otherwise: usize) -> usize {
    let text = std::env::var(name).ok();
    text.and_then(|it| it.parse().ok()).unwrap_or(otherwise)
}

pub fn problem_code(problem: &Value) -> &str {
    problem["type"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches("/problems/")
}

/// The code of the problem in a response.
pub async fn code_of(answer: reqwest::Response) -> String {
    problem_code(&answer.json().await.expect("json")).to_owned()
}

/// The `appsecret_proof` of a token of the provider's app, for calls to the sandbox.
pub fn appsecret_proof(token: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// A header that is a number; the largest number where the header is missing.
pub fn header_number(answer: &reqwest::Response, name: &str) -> u64 {
    let header = answer.headers().get(name);
    header
        .and_then(|it| it.to_str().ok()?.parse().ok())
        .unwrap_or(u64::MAX)
}

/// An HTTP client for tests: no proxy, no redirects, a timeout.
pub fn http() -> reqwest::Client {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    client
        .timeout(Duration::from_mins(2))
        .build()
        .expect("a client")
}
