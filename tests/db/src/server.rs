//! One PostgreSQL server for all tests of a process, and databases on it.

use std::{
    env,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use crate::{APP, OWNER, container, local, migrate};

const ADDRESS: &str = "REGRANT_TEST_POSTGRES_URL";
const REQUIRED: &str = "REGRANT_REQUIRE_POSTGRES";
const PASSWORD: &str = "regrant-test";
const TEMPLATE: &str = "regrant_template";

/// A server and the process that keeps it running.
#[derive(Debug)]
pub(crate) struct Server {
    superuser: Url,
    /// The server was given by the environment: other processes use it too.
    borrowed: bool,
    process: Option<local::Process>,
}

/// A database of one test.
#[derive(Debug)]
pub(crate) struct Database {
    superuser: Url,
    name: String,
}

impl Server {
    /// The server of this process, started with the first call.
    pub(crate) async fn shared() -> Option<&'static Self> {
        static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
        SERVER.get_or_init(Self::find_server).await.as_ref()
    }

    /// A server of its own with more options (`name=value`), from the programs of this machine; `None` if PostgreSQL is
    /// not installed.
    pub(crate) async fn start_own(options: &[&str]) -> Option<Self> {
        let (superuser, process) = local::start_server(options).await?;
        let server = Self::new(superuser, false, Some(process));
        server.prepare_roles().await;
        Some(server)
    }

    /// Starts it again as a standby. Its connections end.
    pub(crate) async fn become_standby(&mut self) {
        let process = self.process.as_mut().expect("a server of its own");
        process.become_standby();
        let started = Instant::now();
        while is_standby(&self.superuser).await != Some(true) {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "the server becomes a standby"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The address of the migrated database that others are copied from.
    pub(crate) fn template_url(&self) -> String {
        build_address(&self.superuser, None, TEMPLATE)
    }

    /// Creates a database without tables.
    pub(crate) async fn create_empty_database(&self) -> Database {
        let database = self.name_database();
        let sql = format!(
            "CREATE DATABASE {} OWNER {OWNER} TEMPLATE template0",
            database.name
        );
        self.run_sql(&sql).await;
        database
    }

    fn name_database(&self) -> Database {
        Database {
            superuser: self.superuser.clone(),
            name: format!("regrant_{}", Uuid::now_v7().simple()),
        }
    }

    /// Creates a migrated database.
    pub(crate) async fn create_database(&self) -> Database {
        let database = self.name_database();
        let name = &database.name;
        if self.borrowed {
            self.run_sql(&format!("CREATE DATABASE {name} OWNER {OWNER}"))
                .await;
            migrate(&database.url(OWNER)).await;
        } else {
            let copy = format!(
                "CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {TEMPLATE} STRATEGY wal_log"
            );
            self.run_sql(&copy).await;
        }
        database
    }

    async fn find_server() -> Option<Self> {
        let server = if let Ok(address) = env::var(ADDRESS) {
            let superuser = address
                .parse()
                .expect("REGRANT_TEST_POSTGRES_URL is an address");
            Self::new(superuser, true, None)
        } else if let Some(superuser) = container::start_container().await {
            Self::new(superuser, false, None)
        } else if let Some((superuser, process)) = local::start_server(&[]).await {
            Self::new(superuser, false, Some(process))
        } else {
            report_skip();
            return None;
        };
        server.prepare_roles().await;
        Some(server)
    }

    const fn new(superuser: Url, borrowed: bool, process: Option<local::Process>) -> Self {
        Self {
            superuser,
            borrowed,
            process,
        }
    }

    /// Creates the two roles and, on a server of our own, the database to copy.
    async fn prepare_roles(&self) {
        for role in [OWNER, APP] {
            self.run_sql(&format!(
                "DO $$ BEGIN
                    CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{PASSWORD}';
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ))
            .await;
        }
        if !self.borrowed {
            self.run_sql(&format!("CREATE DATABASE {TEMPLATE} OWNER {OWNER}"))
                .await;
            migrate(&build_address(&self.superuser, Some(OWNER), TEMPLATE)).await;
        }
    }

    async fn run_sql(&self, sql: &str) {
        run_sql(&self.superuser, sql).await;
    }
}

impl Database {
    /// The address of this database for a role.
    pub(crate) fn url(&self, role: &str) -> String {
        build_address(&self.superuser, Some(role), &self.name)
    }

    /// The superuser's address of this database.
    pub(crate) fn superuser_url(&self) -> String {
        build_address(&self.superuser, None, &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Hundreds of tests share a server: their databases would fill the disk.
        let (superuser, name) = (self.superuser.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime
                .expect("a runtime")
                .block_on(run_sql(&superuser, &sql));
        });
        if dropped.join().is_err() {
            eprintln!("database {} was left behind", self.name);
        }
    }
}

/// Waits until a server answers, at most half a minute and only while it `is_alive`.
pub(crate) async fn wait_until_ready(url: &Url, mut is_alive: impl FnMut() -> bool) -> bool {
    for _ in 0..600 {
        if let Ok(connection) = PgConnection::connect(url.as_str()).await {
            return connection.close().await.is_ok();
        }
        if !is_alive() {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

/// Whether a server is a standby; `None` while it does not answer.
async fn is_standby(url: &Url) -> Option<bool> {
    let mut connection = PgConnection::connect(url.as_str()).await.ok()?;
    sqlx::query_scalar("SELECT pg_is_in_recovery()")
        .fetch_one(&mut connection)
        .await
        .ok()
}

async fn run_sql(superuser: &Url, sql: &str) {
    let connection = PgConnection::connect(superuser.as_str()).await;
    let mut connection = connection.expect("the PostgreSQL server answers");
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await;
    done.expect("the statement runs");
    // A CREATE DATABASE must not find this connection open.
    let _ = connection.close().await;
}

fn build_address(superuser: &Url, role: Option<&str>, database: &str) -> String {
    let mut url = superuser.clone();
    if let Some(role) = role {
        url.set_username(role).expect("the address has a host");
        url.set_password(Some(PASSWORD))
            .expect("the address has a host");
    }
    url.set_path(database);
    url.into()
}

fn report_skip() {
    let required = env::var(REQUIRED).is_ok_and(|it| it == "1");
    assert!(
        !required,
        "{REQUIRED}=1, but there is no PostgreSQL to test on"
    );
    eprintln!("=== POSTGRESQL RING SKIPPED: set {ADDRESS}, start Docker or install postgres ===");
}
