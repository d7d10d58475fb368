//! `regrant serve` as a separate process: a test can kill it and read its output.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use regrant_crypto::{KeyProvider, Keyring, LocalKeys, Strength};
use regrant_domain::{AppSecret, Clock, Passphrase, Permissions};
use regrant_sandbox::{Sandbox, World};
use regrant_storage::Store;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientSpec, NewApp, NewTenantSpec, Parts, Vault};
use tokio::process::{Child, Command};

use super::{
    APP, SECRET, SandboxControl, Tenant,
    program_files::{collect_output, write_private},
};

/// A database, a sandbox, and a server process that can be killed and started again.
pub struct ServerProcess {
    pub sandbox: SandboxControl,
    pub passphrase: String,
    /// A vault of the test on the same database, to set up tenants and read what is stored. It runs no work.
    pub vault: Vault,
    pub api: String,
    /// The operators' listener.
    pub admin: String,
    database: TestDatabase,
    directory: tempfile::TempDir,
    log_level: &'static str,
    /// More environment variables of the process.
    environment: Vec<(&'static str, &'static str)>,
    printed: Arc<Mutex<String>>,
    child: Option<Child>,
    _sandbox: Sandbox,
}

impl ServerProcess {
    pub async fn start(database: TestDatabase, world: &str, log_level: &'static str) -> Self {
        Self::start_with(database, world, log_level, Vec::new()).await
    }

    pub async fn start_with(
        database: TestDatabase,
        world: &str,
        log_level: &'static str,
        environment: Vec<(&'static str, &'static str)>,
    ) -> Self {
        let world = World::from_yaml(world).expect("the world is well formed");
        let listen = ([127, 0, 0, 1], 0).into();
        let settings = regrant_sandbox::Settings {
            listen,
            world,
            clock: regrant_sandbox::Clock::new(),
        };
        let sandbox = Sandbox::start(settings).await.expect("the sandbox starts");
        let directory = tempfile::tempdir().expect("a directory");
        let passphrase = format!("passphrase-canary-{}", uuid::Uuid::now_v7().simple());
        write_private(&directory.path().join("passphrase"), &passphrase);
        let vault = open_vault(&database, directory.path(), &passphrase, &sandbox.url()).await;
        let mut server = Self {
            sandbox: SandboxControl::new(sandbox.url()),
            passphrase,
            vault,
            api: String::new(),
            admin: String::new(),
            database,
            directory,
            log_level,
            environment,
            printed: Arc::default(),
            child: None,
            _sandbox: sandbox,
        };
        server.restart().await;
        server
    }

    /// Creates a tenant and logs it in at the process.
    pub async fn tenant(&self, name: &str) -> Tenant {
        let app = APP.parse().expect("an app id");
        let new = NewTenantSpec::with_scopes(name, app, Permissions::all());
        let onboarded = self
            .vault
            .create_tenant(Actor::CommandLine, new, None)
            .await
            .expect("onboarded");
        Tenant::log_in(&self.api, onboarded).await
    }

    /// Creates another client of the same tenant and logs it in at the process.
    pub async fn another_client(&self, tenant: &Tenant) -> Tenant {
        let id = tenant.id.parse().expect("a tenant's id");
        let spec = ClientSpec::with_scopes("another", Permissions::all());
        let made = self
            .vault
            .create_client(Actor::CommandLine, id, spec, None)
            .await
            .expect("a client");
        Tenant::of_client(&self.api, made).await
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("it runs")
    }

    /// The memory that the process holds now, in MiB.
    pub fn resident_mib(&self) -> u64 {
        let id = self.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1_024
    }

    /// SIGKILL: no destructor runs.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("the process is ours");
        }
    }

    /// Starts the process again on the same port and waits until it is ready.
    pub async fn restart(&mut self) {
        self.kill().await;
        let port = match self.api.rsplit(':').next().and_then(|it| it.parse().ok()) {
            Some(port) => port,
            None => free_port(),
        };
        self.api = format!("http://127.0.0.1:{port}");
        let admin = free_port();
        self.admin = format!("http://127.0.0.1:{admin}");
        let mut child = self
            .command("serve", port, admin)
            .spawn()
            .expect("the binary starts");
        collect_output(&self.printed, child.stdout.take().expect("piped"));
        collect_output(&self.printed, child.stderr.take().expect("piped"));
        self.child = Some(child);
        self.wait_until_ready().await;
    }

    /// Starts `regrant work` on the same database; it is killed when dropped.
    pub fn worker(&self) -> Child {
        let mut command = self.command("work", free_port(), free_port());
        // These workers are not killed: a long lease keeps a loaded machine from losing it.
        command.env("REGRANT_LEASE_SECONDS", "30");
        let mut child = command.spawn().expect("the binary starts");
        collect_output(&self.printed, child.stdout.take().expect("piped"));
        collect_output(&self.printed, child.stderr.take().expect("piped"));
        child
    }

    /// Makes the server of the database a standby.
    pub async fn become_standby(&mut self) {
        self.database.become_standby().await;
    }

    /// Runs another command on the same installation; returns its exit code and what it printed.
    pub async fn run_command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let (first, rest) = arguments.split_first().expect("a command");
        let mut command = self.command(first, free_port(), free_port());
        let ended = tokio::time::timeout(Duration::from_mins(5), command.args(rest).output());
        let output = ended.await.expect("it ends in time").expect("it starts");
        let printed = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&printed).into_owned(),
        )
    }

    /// Starts another command on the same installation; it is killed when dropped.
    pub fn start_command(&self, arguments: &[&str]) -> Child {
        let (first, rest) = arguments.split_first().expect("a command");
        let mut command = self.command(first, free_port(), free_port());
        let mut child = command.args(rest).spawn().expect("the binary starts");
        collect_output(&self.printed, child.stdout.take().expect("piped"));
        collect_output(&self.printed, child.stderr.take().expect("piped"));
        child
    }

    pub const fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The bytes of the keyring's file.
    pub fn read_keyring(&self) -> Vec<u8> {
        std::fs::read(self.directory.path().join("keyring")).expect("the keyring is read")
    }

    /// Puts other bytes into the keyring's file.
    pub fn write_keyring(&self, bytes: &[u8]) {
        std::fs::write(self.directory.path().join("keyring"), bytes).expect("it is written");
    }

    /// A separate connection pool to the same database.
    pub async fn store(&self) -> Store {
        let url = self.database.url().to_owned();
        let settings = regrant_storage::Settings {
            url,
            max_connections: 2,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(20),
        };
        Store::connect(&settings).await.expect("the store connects")
    }

    /// What the process has printed so far.
    pub fn printed(&self) -> String {
        self.printed
            .lock()
            .expect("the lock is not poisoned")
            .clone()
    }

    /// Sends SIGTERM, waits for the end and returns everything that was printed.
    pub async fn stop(&mut self) -> String {
        let mut child = self.child.take().expect("it runs");
        let pid = child.id().expect("it runs").to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .expect("kill is there");
        let ended = tokio::time::timeout(Duration::from_secs(40), child.wait())
            .await
            .expect("it stops in time");
        assert!(ended.expect("it ends").success(), "{}", self.printed());
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.printed()
    }

    /// How many files, sockets and pipes the process has open.
    pub fn count_open_files(&self) -> usize {
        let id = self.child.as_ref().and_then(Child::id).unwrap_or_default();
        std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
    }

    /// How much memory the process has resident, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let pid = self.child.as_ref().and_then(Child::id).expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kib = line.and_then(|it| it.split_whitespace().next());
        kib.and_then(|it| it.parse().ok()).expect("VmRSS in kB")
    }

    /// Everything the database has written, by name.
    pub async fn stored(&self) -> Vec<(String, Vec<u8>)> {
        let contents = self.database.read_contents().await;
        assert!(
            contents.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 10_000,
            "the database is not empty"
        );
        contents
    }

    /// The result of the database's own integrity check; `ok` if it finds no fault.
    pub async fn integrity(&self) -> String {
        self.database.check_integrity().await
    }

    fn command(&self, what: &str, port: u16, admin: u16) -> Command {
        let directory = self.directory.path();
        let mut command = Command::new(binary());
        command
            .arg(what)
            .env_clear()
            .env("REGRANT_DATABASE_URL", self.database.url())
            .env("REGRANT_KEYRING_PATH", directory.join("keyring"))
            .env(
                "REGRANT_KEYRING_PASSPHRASE_FILE",
                directory.join("passphrase"),
            )
            .env("REGRANT_GRAPH_BASE_URL", &self.sandbox.url)
            .env("REGRANT_LISTEN", format!("127.0.0.1:{port}"))
            .env("REGRANT_ADMIN_LISTEN", format!("127.0.0.1:{admin}"))
            .env("REGRANT_LEASE_SECONDS", "1")
            // All calls of a test come from one address.
            .env("REGRANT_LIMITS_ADDRESS_CONNECTIONS", "4096")
            .env("REGRANT_LOG", self.log_level)
            .envs(self.environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn wait_until_ready(&mut self) {
        let http = super::http();
        for _ in 0..600 {
            let answer = http.get(format!("{}/readyz", self.api)).send().await;
            if answer.is_ok_and(|it| it.status().is_success()) {
                return;
            }
            let ended = self
                .child
                .as_mut()
                .expect("it was started")
                .try_wait()
                .expect("its state");
            assert!(ended.is_none(), "the server ended: {}", self.printed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server is not ready: {}", self.printed());
    }
}

async fn open_vault(
    database: &TestDatabase,
    directory: &Path,
    passphrase: &str,
    sandbox: &str,
) -> Vault {
    let text = passphrase.to_owned();
    let read = move || Ok(Passphrase::parse(text.clone()).expect("a passphrase"));
    let (path, passphrase) = (
        directory.join("keyring"),
        Passphrase::parse(passphrase.to_owned()),
    );
    let passphrase = passphrase.expect("a passphrase");
    Keyring::create(&path, &passphrase, Strength::floor()).expect("a keyring");
    // It follows what the processes do with the file.
    let keys = LocalKeys::open(path, &passphrase, Box::new(read)).expect("the keyring opens");
    let graph = regrant_graph::Settings {
        base_url: sandbox.parse().expect("a url"),
        ..Default::default()
    };
    let url = database.url().to_owned();
    let store = regrant_storage::Settings {
        url,
        max_connections: 4,
        acquire_timeout: Duration::from_secs(10),
        busy_timeout: Duration::from_secs(20),
    };
    let parts = Parts {
        store: Store::connect(&store).await.expect("the store connects"),
        provider: KeyProvider::from(keys),
        graph: regrant_graph::Client::new(graph, Clock::System).expect("loopback is allowed"),
        clock: Clock::Shifted(Arc::default()),
        settings: regrant_vault::Settings::default(),
    };
    let vault = Vault::open(parts).await.expect("the vault opens");
    let secret = AppSecret::parse(SECRET.to_owned()).expect("a secret");
    let id = APP.parse().expect("an app id");
    let app = NewApp {
        id,
        name: "Provider App".to_owned(),
        secret,
        verify_token: None,
    };
    vault
        .create_app(Actor::CommandLine, app, None)
        .await
        .expect("the app is new");
    vault
}

/// The path of the `regrant` binary: what `REGRANT_TEST_BINARY` names, or the one that `cargo test --workspace` builds
/// beside this test.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("REGRANT_TEST_BINARY") {
        return path.into();
    }
    let this = std::env::current_exe().expect("this test has a path");
    let directory = this.ancestors().nth(2).expect("target/<profile>");
    let binary = directory.join("regrant");
    assert!(
        binary.exists(),
        "{} is missing: run `cargo test --workspace`",
        binary.display()
    );
    binary
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
