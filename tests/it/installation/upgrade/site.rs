//! An installation whose programs are of several releases: everything goes through their command line and their API.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use regrant_sandbox::{Sandbox, World};
use regrant_testdb::{Kind, TestDatabase};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::rows;
use crate::harness::{
    Fleet, SECRET, SandboxControl, Tenant, collect_output, free_port, http, write_private,
};

/// The assets of the tenant.
pub(super) const ASSETS: usize = 20;
/// The app of the installation. A test that opens its rows registers the usual one beside it.
pub(super) const APP: &str = "400100200300777";
pub(super) const PASSPHRASE: &str = "correct horse battery staple of the release before";

pub(super) struct Site {
    pub(super) sandbox: SandboxControl,
    pub(super) database: TestDatabase,
    directory: tempfile::TempDir,
    printed: Arc<Mutex<String>>,
    _sandbox: Sandbox,
}

/// A process that serves; it is killed when dropped.
pub(super) struct Serving {
    pub(super) api: String,
    child: Child,
}

impl Site {
    pub(super) async fn new(database: TestDatabase, fleet: &Fleet) -> Self {
        let world = fleet.world().replace(crate::harness::APP, APP);
        let settings = regrant_sandbox::Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            world: World::from_yaml(&world).expect("the world is well formed"),
            clock: regrant_sandbox::Clock::new(),
        };
        let sandbox = Sandbox::start(settings).await.expect("the sandbox starts");
        let directory = tempfile::tempdir().expect("a directory");
        write_private(&directory.path().join("passphrase"), PASSPHRASE);
        write_private(&directory.path().join("secret"), SECRET);
        Self {
            sandbox: SandboxControl::new(sandbox.url()).of_app(APP),
            database,
            directory,
            printed: Arc::default(),
            _sandbox: sandbox,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.database.kind()
    }

    /// What the processes printed.
    pub(super) fn printed(&self) -> String {
        self.printed.lock().expect("not poisoned").clone()
    }

    pub(super) async fn migrate(&self, program: &Path) {
        self.run(program, &["migrate", "--app-role", regrant_testdb::APP])
            .await;
    }

    /// Creates the keyring and the app, and serves.
    pub(super) async fn set_up(&self, program: &Path) -> Serving {
        self.run(program, &["keys", "init"]).await;
        let secret = self.directory.path().join("secret");
        let secret = secret.to_str().expect("a path of text");
        let add = [
            "apps",
            "add",
            "--id",
            APP,
            "--name",
            "App",
            "--secret-file",
            secret,
        ];
        self.run(program, &add).await;
        self.serve(program).await
    }

    /// Runs a command that must succeed; what it printed.
    pub(super) async fn run(&self, program: &Path, arguments: &[&str]) -> String {
        let (succeeded, printed) = self.try_run(program, arguments).await;
        assert!(
            succeeded,
            "{} {arguments:?}: {printed}\n{}",
            program.display(),
            self.printed()
        );
        printed
    }

    /// Whether the command succeeded, and what it printed.
    pub(super) async fn try_run(&self, program: &Path, arguments: &[&str]) -> (bool, String) {
        let mut command = self.command(program);
        let ended = tokio::time::timeout(Duration::from_mins(5), command.args(arguments).output());
        let output = ended.await.expect("it ends in time").expect("it starts");
        let printed = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&printed).into_owned(),
        )
    }

    /// Starts a process of this program that serves and works, and waits until it is ready.
    pub(super) async fn serve(&self, program: &Path) -> Serving {
        let port = free_port();
        let mut command = self.command(program);
        command
            .arg("serve")
            .env("REGRANT_LISTEN", format!("127.0.0.1:{port}"))
            .env("REGRANT_ADMIN_LISTEN", format!("127.0.0.1:{}", free_port()));
        let mut child = command.spawn().expect("the program starts");
        collect_output(&self.printed, child.stdout.take().expect("piped"));
        collect_output(&self.printed, child.stderr.take().expect("piped"));
        let serving = Serving {
            api: format!("http://127.0.0.1:{port}"),
            child,
        };
        for _ in 0..600 {
            let ready = http().get(format!("{}/readyz", serving.api)).send().await;
            if ready.is_ok_and(|it| it.status().is_success()) {
                return serving;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} is not ready: {}", program.display(), self.printed());
    }

    /// Creates a tenant on the command line, and connects its assets.
    pub(super) async fn tenant(&self, serving: &Serving, fleet: &Fleet) -> Tenant {
        let program = crate::harness::binary();
        let program = std::env::var_os("REGRANT_PROGRAM_BEFORE").map_or(program, Into::into);
        let create = [
            "tenants",
            "create",
            "--name",
            "One",
            "--app",
            APP,
            "--output=json",
        ];
        let printed = self.run(&program, &create).await;
        let made: Value = printed
            .lines()
            .find_map(|it| serde_json::from_str(it).ok())
            .expect("a value");
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        let (id, client, secret) = (text("tenant_id"), text("client_id"), text("client_secret"));
        let tenant = Tenant::with_secret(&serving.api, id, client, secret).await;
        tenant.register(&fleet.assets()).await;
        let token = self.sandbox.token(Fleet::PERSON).await;
        let ended = tenant.reconnect(&token, &fleet.ids()).await;
        assert_eq!(ended["counts"], json!({ "replaced": fleet.ids().len() }));
        tenant
    }

    /// Writes the rows that the program wrote into the file that `REGRANT_WRITE_ROWS` names, if it names one.
    pub(super) async fn write_rows(&self, tenant: &Tenant, fleet: &Fleet) {
        let Some(path) = std::env::var_os("REGRANT_WRITE_ROWS") else {
            return;
        };
        let tokens = tenant.tokens(&fleet.ids()).await;
        let tokens = tokens
            .iter()
            .map(|(id, it)| (id.clone(), it["access_token"].clone()));
        let written = json!({
            "newest_step": rows::newest_step(&self.database).await,
            "passphrase": PASSPHRASE,
            "keyring": hex::encode(std::fs::read(self.directory.path().join("keyring")).expect("it")),
            "tenant": { "id": tenant.id, "client_id": tenant.client_id, "client_secret": tenant.client_secret },
            "tokens": tokens.collect::<serde_json::Map<_, _>>(),
            "tables": rows::read_tables(&self.database).await,
        });
        let text = serde_json::to_string_pretty(&written).expect("text");
        std::fs::write(path, text).expect("the file is written");
    }

    fn command(&self, program: &Path) -> Command {
        let directory = self.directory.path();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("REGRANT_DATABASE_URL", self.database.url())
            .env("REGRANT_OWNER_DATABASE_URL", self.database.owner_url())
            .env("REGRANT_KEYRING_PATH", directory.join("keyring"))
            .env(
                "REGRANT_KEYRING_PASSPHRASE_FILE",
                directory.join("passphrase"),
            )
            .env(
                "REGRANT_AUDIT_CHECKPOINT_FILE",
                directory.join("checkpoints"),
            )
            .env("REGRANT_GRAPH_BASE_URL", &self.sandbox.url)
            .env("REGRANT_WITH_WORKER", "true")
            .env("REGRANT_LIMITS_ADDRESS_CONNECTIONS", "4096")
            .env("REGRANT_LIMITS_REQUESTS_PER_SECOND", "100000")
            .env("REGRANT_LIMITS_RUNNING_RECONNECTS", "1000")
            .env("REGRANT_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

impl Serving {
    /// Ends the process with SIGTERM: calls that run are finished.
    pub(super) async fn stop(mut self) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await;
        sent.expect("kill is there");
        let ended = tokio::time::timeout(Duration::from_secs(40), self.child.wait()).await;
        let ended = ended.expect("it stops in time").expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}
