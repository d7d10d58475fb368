//! The use cases of Regrant: struct [`Vault`], one file per capability.
//!
//! The rule: transactions begin and end here and never span the network. A use case is `[tx]` or
//! `[tx] network [tx]`; the API, the command line and the worker call the same ones.
//! Start at `reconnect.rs` for the bulk replacement and at `token.rs` for a token that leaves.

mod acting;
mod apps;
mod ask;
mod assets;
mod audit;
mod authenticate;
mod call_proof;
mod client_secrets;
mod clients;
mod deliver;
mod error;
mod follow_up;
mod forecast;
mod idempotency;
mod import;
mod inbound;
mod issuer;
#[cfg(test)]
mod issuer_test;
mod jobs;
mod keys;
mod log_in;
mod operators;
mod origins;
mod passwords;
mod payload;
mod person_list;
mod persons;
mod places;
mod plan;
mod previews;
mod principal;
mod progress;
mod prove;
mod purge;
mod quotas;
mod reads;
mod received;
mod reconnect;
mod reconnect_sessions;
mod replay;
mod retention;
mod rotate;
mod run;
mod seal;
mod settings;
mod settle;
#[cfg(test)]
mod settle_property;
mod sibling_losses;
mod siblings;
mod signing_keys;
mod targets;
mod tenant_end;
mod tenants;
mod token;
mod usage;
mod view;
mod visitor;
mod watch;
mod watched;
mod webhooks;
#[cfg(test)]
mod webhooks_test;
mod writes;

use std::sync::Arc;

use regrant_crypto::KeyProvider;
use regrant_domain::{Clock, TenantId, WebhookEndpointId};
use regrant_storage::Store;
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use acting::Acting;
pub use apps::{AppChange, AppView, NewApp};
pub use assets::{
    AssetList, AssetQuery, AssetRegistration, AssetView, RegisteredAsset, RegistrationStatus,
};
pub use audit::{
    AuditCheckpoint, AuditFormat, AuditList, AuditQuery, AuditVerdict, KeptCheckpoints,
};
pub use authenticate::{IssuedToken, Presented};
pub use clients::{ClientChange, ClientView, MintedClient};
pub use error::{Conflict, Error, Resource, TokenRefusal};
pub use forecast::{Forecast, ForecastAgenda, ForecastCursor, ForecastEntry, ForecastQuery};
pub use idempotency::{Done, IdempotencyKey, Repeatable};
pub use inbound::{Deletion, DeletionStatus};
pub use jobs::{JobsView, PausedApp};
pub use log_in::{IssuedSession, LoggedIn};
pub use operators::{NewOperator, OperatorChange, OperatorList};
pub use passwords::PasswordLoad;
pub use person_list::{Impact, PersonList, PersonView};
pub use previews::{Preview, PreviewItem, PreviewOrder};
pub use principal::{Principal, Subject};
pub use reconnect::Order;
pub use reconnect_sessions::{
    NamedAsset, OpenedSession, OwnSession, SessionList, SessionOrder, SessionView,
};
/// Which assets a pass watches.
pub use regrant_domain::schedule::Lane as Watch;
pub use regrant_storage::{AuditFault, AuditRow};
pub use regrant_storage::{ClientSpec, Delivery, Operator, TenantLimits, TenantStatus};
pub use regrant_storage::{
    CutOffNote, ForecastLine, ForecastTotals, PersonCounts, PersonRow, Place,
};
pub use regrant_webhook::WebhookSecret;
pub use replay::{DeliveryList, DeliveryQuery, Replay};
pub use retention::Retention;
pub use settings::Settings;
pub use sibling_losses::SiblingLoss;
pub use signing_keys::{SigningKeyState, SigningKeyView};
pub use targets::{Selection, Targets};
pub use tenant_end::Shredded;
pub use tenants::{NewTenantSpec, Onboarded, TenantChange, TenantList, TenantView};
pub use token::{Lookup, ServedToken};
pub use view::{ItemView, ReconnectList, ReconnectView};
pub use watch::Watched;
pub use webhooks::{EndpointChange, EndpointView, MintedEndpoint, NewEndpoint};

use crate::{
    audit::CheckpointFile, inbound::Decoy, issuer::Issuer, keys::Keys, origins::Origins,
    passwords::Passwords, persons::Directory, places::Places, progress::Progress, reads::Reads,
    usage::Usage,
};

/// What a vault is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// What wraps the tenants' data keys.
    pub provider: KeyProvider,
    /// The upstream.
    pub graph: regrant_graph::Client,
    /// Where the time comes from.
    pub clock: Clock,
    /// Limits and times.
    pub settings: Settings,
}

/// The use cases, and what they stand on. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    keys: Keys,
    directory: Directory,
    decoy: Arc<Decoy>,
    graph: regrant_graph::Client,
    clock: Clock,
    settings: Arc<Settings>,
    issuer: Arc<Issuer>,
    progress: Progress,
    reads: Reads,
    usage: Usage,
    passwords: Passwords,
    jobs: Jobs,
    webhooks: regrant_webhook::Sender,
    places: Places<WebhookEndpointId>,
    previews: Places<TenantId>,
    checkpoint_file: Arc<CheckpointFile>,
    origins: Origins,
}

/// Reconnects that run in this process. They outlive the request that started them.
#[derive(Clone)]
struct Jobs {
    tracker: TaskTracker,
    stop: CancellationToken,
    places: Arc<Semaphore>,
    runtime: Handle,
    /// Names this process in leases.
    owner: Arc<str>,
}

impl Vault {
    /// Opens a vault; makes the installation's data key and signing key if there are none yet.
    ///
    /// Must be called on the runtime that is to run reconnects.
    ///
    /// # Errors
    /// The database does not answer, or what it holds does not open under these keys.
    pub async fn open(parts: Parts) -> Result<Self, Error> {
        let keys = Keys::new(parts.store.clone(), parts.provider);
        keys.ensure_system_key(parts.clock.now()).await?;
        let directory = Directory::load(&keys).await?;
        let decoy = Decoy::new(&*keys.active(&parts.store.system_scope()).await?)?;
        let store = parts
            .store
            .with_chain(audit::chain(&keys, parts.clock.now()).await?);
        let issuer = Issuer::load(&keys, &parts.settings, parts.clock.now()).await?;
        let jobs = Jobs {
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            places: Arc::new(Semaphore::new(parts.settings.jobs_in_flight)),
            runtime: Handle::current(),
            owner: uuid::Uuid::now_v7().to_string().into(),
        };
        let webhooks = regrant_webhook::Sender::new(parts.settings.webhooks.clone())?;
        let passwords = Passwords::new(parts.settings.password_strength)?;
        let reads = Reads::new(store.clone(), jobs.tracker.clone(), jobs.runtime.clone());
        let usage = Usage::new(store.clone(), jobs.tracker.clone(), jobs.runtime.clone());
        Ok(Self {
            places: Places::new(webhooks.settings().max_in_flight),
            previews: Places::new(previews::AT_ONCE),
            origins: Origins::new(),
            webhooks,
            store,
            keys,
            directory,
            decoy: Arc::new(decoy),
            graph: parts.graph,
            clock: parts.clock,
            checkpoint_file: Arc::new(CheckpointFile::new(parts.settings.checkpoint_file.clone())),
            settings: Arc::new(parts.settings),
            issuer: Arc::new(issuer),
            progress: Progress::default(),
            reads,
            usage,
            passwords,
            jobs,
        })
    }

    /// The limits and times in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the time comes from.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the vault can serve: the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.store.ping().await?)
    }
}
