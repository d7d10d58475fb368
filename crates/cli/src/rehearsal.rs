//! Runs everything in one process, with the sandbox as Graph, for `dev` and `demo`.
//!
//! The rule: the vault and the sandbox share ONE clock offset, so that advancing the sandbox's clock moves both.
//! Start at [`Stage::prepare`] and [`Rehearsal::start`].

mod apps;
pub(crate) mod cast;
pub(crate) mod control;
pub(crate) mod tenant_api;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use anyhow::Context as _;
use regrant_api::{AdminRoutes, Server, Story};
use regrant_crypto::{KeyProvider, LocalKeys};
use regrant_domain::{Clock, error_chain};
use regrant_sandbox::{Sandbox, World};
use regrant_storage::Store;
use regrant_vault::{Parts, Vault};
use regrant_worker::Worker;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::error;

use crate::{admin_listener, installation};

use control::Control;

pub(crate) use apps::{lead_to_sandbox, register_app};

/// Ports on loopback; 0 takes a free port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    pub public: u16,
    pub admin: u16,
    pub sandbox: u16,
}

/// The ports, and the sandbox on one of them, before there is a database: a port that is taken must leave nothing behind.
pub(crate) struct Stage {
    public: TcpListener,
    admin: TcpListener,
    sandbox: Sandbox,
    clock: Clock,
}

/// The running API, worker and sandbox, with their addresses.
pub(crate) struct Rehearsal {
    pub vault: Vault,
    pub control: Control,
    pub public_url: String,
    pub admin_url: String,
    pub sandbox_url: String,
    sandbox: Sandbox,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Ports {
    pub const FREE: Self = Self {
        public: 0,
        admin: 0,
        sandbox: 0,
    };

    /// The public port N, N + 1 for the operators' API and N + 10 for the sandbox.
    pub fn from_public(public: u16) -> Self {
        if public == 0 {
            return Self::FREE;
        }
        Self {
            public,
            admin: public.saturating_add(1),
            sandbox: public.saturating_add(10),
        }
    }
}

impl Stage {
    /// Takes the ports and starts the sandbox.
    pub async fn prepare(ports: Ports) -> anyhow::Result<Self> {
        let (public, admin) = (take_port(ports.public)?, take_port(ports.admin)?);
        let offset = Arc::new(AtomicI64::new(0));
        let sandbox = start_sandbox(ports.sandbox, Arc::clone(&offset)).await?;
        Ok(Self {
            public,
            admin,
            sandbox,
            clock: Clock::Shifted(offset),
        })
    }
}

impl Rehearsal {
    /// Migrates the database file and starts everything on it. `story` is what the page of the public listener does.
    pub async fn start(
        database: &Path,
        keys: LocalKeys,
        stage: Stage,
        story: Option<Story>,
    ) -> anyhow::Result<Self> {
        let Stage {
            public,
            admin,
            sandbox,
            clock,
        } = stage;
        let issuer = http_url(public.local_addr()?);
        let vault = open_vault(database, keys, (sandbox.url(), issuer), clock).await?;
        let api = regrant_api::Settings {
            story,
            ..regrant_api::Settings::default()
        };
        let public = Server::bind(vault.clone(), public, api.clone())?;
        let worker = Worker::new(&vault, regrant_worker::Settings::default());
        let admin = admin_listener::bind_admin_listener(
            vault.clone(),
            admin,
            api.with_links_to(public.addr()),
            AdminRoutes::All,
            Some(worker.pulse()),
        )?;
        let (public_url, admin_url) = (http_url(public.addr()), http_url(admin.local_addr()));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(public.run_until(stop.clone()));
        tasks.spawn(admin.run_until(stop.clone()));
        tasks.spawn(run_worker(worker, stop.clone()));
        let (control, sandbox_url) = (Control::new(sandbox.url())?, sandbox.url());
        // The simulated Meta sends webhooks and callbacks of the app to this API.
        control.wire_callbacks(cast::APP, &public_url).await?;
        Ok(Self {
            vault,
            control,
            public_url,
            admin_url,
            sandbox_url,
            sandbox,
            stop,
            tasks,
        })
    }

    /// Stops accepting, lets reconnects finish their chunk, then stops the sandbox.
    pub async fn stop(self) {
        self.stop.cancel();
        self.vault.shut_down().await;
        self.tasks.close();
        self.tasks.wait().await;
        self.sandbox.stop().await;
    }
}

async fn start_sandbox(port: u16, offset: Arc<AtomicI64>) -> anyhow::Result<Sandbox> {
    let settings = regrant_sandbox::Settings {
        listen: loopback_address(port),
        world: World::demo(),
        clock: regrant_sandbox::Clock::with_offset(offset),
    };
    Sandbox::start(settings)
        .await
        .with_context(|| port_taken_message(port))
}

async fn run_worker(worker: Worker, stop: CancellationToken) {
    if let Err(error) = worker.run_until_stopped(stop).await {
        error!(
            error = error_chain(&error),
            "the worker broke down; the rehearsal continues"
        );
    }
}

async fn open_vault(
    database: &Path,
    keys: LocalKeys,
    (graph, issuer): (String, String),
    clock: Clock,
) -> anyhow::Result<Vault> {
    let url = format!("sqlite:{}", database.display());
    installation::migrate_up(&url).await?;
    let settings = regrant_storage::Settings {
        url,
        max_connections: 8,
        acquire_timeout: Duration::from_secs(2),
        busy_timeout: Duration::from_secs(5),
    };
    let store = Store::connect(&settings)
        .await
        .context("cannot open the database")?;
    let base_url = graph.parse().context("the address of the sandbox")?;
    let graph = regrant_graph::Settings {
        base_url,
        ..regrant_graph::Settings::default()
    };
    let graph = regrant_graph::Client::new(graph, clock.clone())?;
    let mut settings = regrant_vault::Settings::default();
    settings.webhooks.sender.allow_loopback = true;
    // Programs find the metadata of the issuer at this address.
    (settings.access.issuer, settings.access.audience) = (issuer.clone(), issuer);
    let parts = Parts {
        store,
        provider: KeyProvider::from(keys),
        graph,
        clock,
        settings,
    };
    let vault = Vault::open(parts)
        .await
        .context("cannot open the database with this keyring")?;
    installation::join_installation(&vault).await?;
    Ok(vault)
}

fn take_port(port: u16) -> anyhow::Result<TcpListener> {
    regrant_api::bind_address(loopback_address(port)).with_context(|| port_taken_message(port))
}

fn port_taken_message(port: u16) -> String {
    format!("cannot listen on 127.0.0.1:{port}: is the port in use? choose another one with --port")
}

fn loopback_address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn http_url(address: SocketAddr) -> String {
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_the_public_one() {
        assert_eq!(
            Ports::from_public(8080),
            Ports {
                public: 8080,
                admin: 8081,
                sandbox: 8090
            }
        );
        assert_eq!(Ports::from_public(0), Ports::FREE);
    }
}
