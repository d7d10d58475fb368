//! Databases for tests: a migrated SQLite file, and a migrated PostgreSQL database with its two roles.
//!
//! The rule: each test gets its own database, and nothing outlives the tests. PostgreSQL comes from
//! `REGRANT_TEST_POSTGRES_URL` (a superuser's address), else from Docker, else from a local `postgres`
//! program. Without any, tests on PostgreSQL are skipped with a message, or fail if
//! `REGRANT_REQUIRE_POSTGRES=1`.
//! Start at [`TestDatabase::create_all`].

#![forbid(unsafe_code)]

mod container;
mod contents;
mod crash;
mod local;
mod log;
mod partitions;
mod plans;
mod server;
mod statement_counts;

use regrant_migration::{Migrator, MigratorTrait, open_to_migrate};
use tempfile::TempDir;

pub use crate::{
    contents::hold_table,
    log::{Frame, StoredState, list_frames, read_state},
    partitions::Plan,
    plans::StatementRun,
    statement_counts::StatementCount,
};

use crate::server::{Database, Server};

/// The role that owns the tables and migrates.
pub const OWNER: &str = "regrant_owner";
/// The role that serves.
pub const APP: &str = "regrant_app";

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL database.
    Postgres,
}

/// A migrated database of one test; removed when it is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    owner_url: String,
    kind: Kind,
    resource: Resource,
}

#[derive(Debug)]
#[expect(
    dead_code,
    reason = "the directory is held to be removed with the test"
)]
enum Resource {
    Directory(TempDir),
    Database(Database),
    Server(Database, Box<Server>),
}

impl TestDatabase {
    /// A SQLite file in a directory of its own.
    ///
    /// # Panics
    /// The file cannot be created.
    pub async fn create_sqlite() -> Self {
        Self::create_sqlite_in(tempfile::tempdir().expect("a directory for the database")).await
    }

    /// A SQLite file in this directory.
    ///
    /// # Panics
    /// The file cannot be created.
    pub async fn create_sqlite_in(directory: TempDir) -> Self {
        let url = format!("sqlite://{}", directory.path().join("regrant.db").display());
        migrate(&url).await;
        Self {
            owner_url: url.clone(),
            url,
            kind: Kind::Sqlite,
            resource: Resource::Directory(directory),
        }
    }

    /// A PostgreSQL database; `None` without a server.
    ///
    /// # Panics
    /// The server refuses to create it, or there is no server and one is required.
    pub async fn create_postgres() -> Option<Self> {
        let database = Server::shared().await?.create_database().await;
        Some(Self {
            url: database.url(APP),
            owner_url: database.url(OWNER),
            kind: Kind::Postgres,
            resource: Resource::Database(database),
        })
    }

    /// A PostgreSQL database on a server of its own; `None` if PostgreSQL is not installed on this machine.
    ///
    /// # Panics
    /// The server refuses to create it.
    pub async fn create_postgres_alone() -> Option<Self> {
        let server = Server::start_own(&[]).await?;
        let database = server.create_database().await;
        Some(Self::on_own_server(database, server))
    }

    /// A database with the server that it is alone on.
    fn on_own_server(database: Database, server: Server) -> Self {
        Self {
            url: database.url(APP),
            owner_url: database.url(OWNER),
            kind: Kind::Postgres,
            resource: Resource::Server(database, Box::new(server)),
        }
    }

    /// Starts the server again as a standby, which can be read and accepts no writes.
    ///
    /// # Panics
    /// The database does not have a server of its own, or the server does not start.
    pub async fn become_standby(&mut self) {
        let server = match &mut self.resource {
            Resource::Server(_, server) => Some(server),
            _ => None,
        };
        let server = server.expect("the server has databases of other tests");
        server.become_standby().await;
    }

    /// The port of the PostgreSQL server.
    ///
    /// # Panics
    /// It is a SQLite file.
    #[must_use]
    pub fn port(&self) -> u16 {
        let url: url::Url = self.url.parse().expect("an address");
        url.port().expect("a PostgreSQL address with its port")
    }

    /// Lets the application's role reach the database through another port of this machine.
    ///
    /// # Panics
    /// It is a SQLite file.
    pub fn reach_through(&mut self, port: u16) {
        let mut url: url::Url = self.url.parse().expect("an address");
        url.set_port(Some(port)).expect("a PostgreSQL address");
        self.url = url.into();
    }

    /// One database of each kind that is available.
    ///
    /// # Panics
    /// As [`Self::create_sqlite`] and [`Self::create_postgres`].
    pub async fn create_all() -> Vec<Self> {
        let mut databases = vec![Self::create_sqlite().await];
        databases.extend(Self::create_postgres().await);
        databases
    }

    /// The address to serve with: on PostgreSQL the application's role.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address to migrate with: on PostgreSQL the owner's role.
    #[must_use]
    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }

    /// The address of PostgreSQL's superuser on this database.
    #[must_use]
    pub fn superuser_url(&self) -> Option<String> {
        match &self.resource {
            Resource::Directory(_) => None,
            Resource::Database(database) | Resource::Server(database, _) => {
                Some(database.superuser_url())
            }
        }
    }

    /// The kind of database.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

/// Applies every migration and grants the application's role its rights.
pub(crate) async fn migrate(url: &str) {
    let connection = open_to_migrate(url)
        .await
        .expect("a connection to migrate with");
    Migrator::up(&connection, None)
        .await
        .expect("the migrations apply");
    let granted = regrant_migration::grant_app_role(&connection, APP).await;
    granted.expect("the application's role gets its rights");
    connection.close().await.expect("the connection closes");
}
