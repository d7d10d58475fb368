//! The use cases of Regrant: struct [`Vault`], one folder per capability.
//!
//! The rule: transactions begin and end in this crate and never span a network call. A use case is `[tx]` or
//! `[tx] network [tx]`. The API, the command line and the worker call the same use cases. Imports between the folders
//! have no cycle.
//! Start at `reconnect.rs` for the replacement of tokens in bulk, at `watch.rs` for probes, and at `tokens.rs` for
//! reading a token.

mod access;
mod assets;
mod audit;
mod call;
mod consents;
mod credentials;
mod error;
mod forecast;
mod inbound;
mod keys;
mod links;
mod operators;
mod reconnect;
mod settings;
mod tenants;
mod tokens;
mod upkeep;
mod watch;
mod webhooks;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use regrant_crypto::KeyProvider;
use regrant_domain::{Clock, DiscoveryId, PreviewId, ReconnectId, RefusalWindow, TenantId};
use regrant_permits::{Limits, Permits};
use regrant_storage::Store;
use tokio::time::timeout;

pub use access::authenticate::RequestCredentials;
pub use access::client_log_in::{ApiToken, ClientLogIn, LoggedInClient};
pub use access::key_proof::{CheckedProof, PresentedProof};
pub use access::own_tokens::OwnToken;
pub use access::sessions::{
    BrowserSession, ListedSession, SessionAsset, SessionList, SessionRefresh, SessionRequest,
    SessionView, SessionWithToken,
};
pub use access::signing_keys::{SigningKeyState, SigningKeyView};
pub use access::stream_tickets::{EventStream, MadeTicket};
pub use assets::{
    AssetList, AssetQuery, AssetView,
    registration::{AssetRegistration, RegisteredAsset, RegistrationStatus},
};
pub use audit::receipt::SignedReceipt;
pub use audit::{
    AuditCheckpoint, AuditFormat, AuditList, AuditQuery, AuditVerdict, KeptCheckpoints, RowFault,
};
pub use call::actor::Actor;
pub use call::idempotency::{IdempotencyKey, RepeatableRequest, ReplayNote, Replayed};
pub use call::principal::{Principal, Subject};
pub use consents::{ConsentList, ConsentRequest, Login, TokenSource};
pub use credentials::revocation::AccessAtMeta;
pub use error::{CodeRefusal, Conflict, Error, Resource, TokenRefusal};
pub use forecast::feeds::{FeedList, FeedReading, FeedRequest, FeedWithAddress};
pub use forecast::persons::{DepartureImpact, PersonList, PersonView};
pub use forecast::plan::{PlannedAsk, ReconnectPlan};
pub use forecast::plan_links::{PlanLinks, PlanLinksRequest};
pub use forecast::{
    Forecast, ForecastAgenda, ForecastEntry, ForecastQuery, cursor::ForecastCursor,
};
pub use inbound::{
    CallbackApp, DeletionReceipt, deletion_status::DeletionStatus, deletions::OrderedDeletion,
};
pub use keys::data_keys::{KeyOwners, RotationReason};
pub use keys::diagnosis::{KeyDiagnosis, diagnose_keys};
pub use keys::retirement::Retirement;
pub use keys::status::{KekView, KeyStatus, NodeView};
pub use keys::verify::{KeyFault, KeyVerdict};
pub use links::{
    BusinessAssets, CheckProgress, DialogAnswer, LinkAsset, LinkEntry, LinkFlow, LinkList,
    LinkName, LinkPage, LinkPreview, LinkRequest, LinkStep, LinkView, LinkVisit, LinkWithAddress,
    TenantCapability,
};
pub use operators::log_in::{AuthenticatedOperator, OperatorToken};
pub use operators::passwords::PasswordLoad;
pub use operators::{NewOperator, OperatorChange, OperatorList};
pub use reconnect::ReconnectRequest;
pub use reconnect::preview::{
    PreviewFailure, PreviewList, PreviewPage, PreviewRequest, PreviewView,
};
pub use reconnect::targets::{Selection, Targets};
pub use reconnect::undo::UndoRequest;
pub use reconnect::view::{ItemView, ReconnectList, ReconnectView};
/// The secret of a browser's cookie.
pub use regrant_crypto::Capability;
/// The state of a version of the key-encryption key.
pub use regrant_crypto::KekState;
/// The algorithms that a proof of a key may be signed with.
pub use regrant_crypto::PROOF_ALGORITHMS;
/// Which assets a pass probes.
pub use regrant_domain::schedule::ProbeQueue;
pub use regrant_domain::{
    AccessRevocation, ClientSpec, CutOffNote, Delivery, ForecastLine, ForecastPosition,
    ForecastTotals, Operator, PersonCounts, PersonFacts, TenantLimits, TenantStatus,
};
pub use regrant_storage::{AuditFault, AuditRow, DiscoveredRow, DiscoveryToken};
pub use regrant_storage::{
    CalendarFeed, KekRetirement, KekUse, LinkSummary, Outage, PreviewEvent, PreviewPerson,
    PreviewTally, StoredEvent,
};
pub use regrant_webhook::WebhookSecret;
pub use settings::{
    AccessSettings, AssetSettings, AuditSettings, KeySettings, OperatorSettings, ReconnectSettings,
    Retention, Settings, TenantSettings, WatchSettings, WebhookSettings,
};
pub use tenants::apps::{AppChange, AppView, LoginChange, NewApp};
pub use tenants::client_spec::{ClientView, ClientWithSecret};
pub use tenants::clients::ClientChange;
pub use tenants::shred::{ShredResult, TenantDeletion};
pub use tenants::{NewTenantSpec, Onboarding, TenantChange, TenantList, TenantView};
pub use tokens::discovery::{DiscoveryList, DiscoveryRequest, DiscoveryView, UnreadList};
pub use tokens::inspection::{InspectionRequest, TokenReach, TokenReport};
pub use tokens::{ServedToken, TokenLookup};
pub use upkeep::backlog::{BacklogView, PausedApp};
pub use upkeep::graph_errors::{InvalidUnknownErrorCursor, UnknownErrorCursor, UnknownErrorList};
pub use watch::check::{CheckRequest, CheckedAsset};
pub use watch::stats::ProbePassStats;
pub use webhooks::endpoints::{EndpointChange, EndpointView, MintedEndpoint, NewEndpoint};
pub use webhooks::events::{EventList, EventQuery};
pub use webhooks::replay::{DeliveryList, DeliveryQuery, ReplaySelection};

use crate::{
    access::{
        client_lookups::ClientLookups, issuer::Issuer, origins::OriginCache,
        scope_usage::ScopeUsage, used_proofs::UsedProofs,
    },
    audit::{CheckpointFile, chain_keys::ChainKeys},
    call::{record_quota::RecordQuotas, threads::CallThreads},
    credentials::{data_keys::DataKeys, grants::PersonDirectory},
    inbound::DecoyApp,
    keys::{destruction::SettledKeks, reseal::ResealRests},
    operators::passwords::PasswordHasher,
    reconnect::progress::Progress,
    tenants::{app_secrets::AppSecretCache, asset_counts::AssetCounts},
    tokens::{read_audit::ReadAudit, shared_reads::SharedReads},
    upkeep::erasure::ErasurePause,
    upkeep::lifecycle::BackgroundRuns,
    webhooks::endpoint_runs::EndpointRuns,
};

/// How long [`Vault::check_ready`] waits for the database. Orchestrators ask again; a call waits longer.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// What a vault needs to open.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Wraps the tenants' data keys.
    pub provider: KeyProvider,
    /// The client of the Graph API.
    pub graph: regrant_graph::Client,
    /// The source of the time.
    pub clock: Clock,
    /// Limits and times.
    pub settings: Settings,
}

/// The use cases and their shared state. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    data_keys: Arc<DataKeys>,
    person_directory: PersonDirectory,
    decoy: Arc<DecoyApp>,
    graph: regrant_graph::Client,
    clock: Clock,
    settings: Arc<Settings>,
    issuer: Arc<Issuer>,
    progress: Progress<ReconnectId>,
    discovery_progress: Progress<DiscoveryId>,
    preview_progress: Progress<PreviewId>,
    shared_reads: Arc<SharedReads>,
    read_audit: Arc<ReadAudit>,
    scope_usage: Arc<ScopeUsage>,
    passwords: PasswordHasher,
    runs: BackgroundRuns,
    webhooks: regrant_webhook::Sender,
    delivery_permits: Permits<TenantId>,
    endpoint_runs: EndpointRuns,
    consent_permits: Permits<TenantId>,
    preview_permits: Permits<TenantId>,
    check_permits: Permits<TenantId>,
    discovery_permits: Permits<TenantId>,
    list_permits: Permits<TenantId>,
    checkpoint_file: Arc<CheckpointFile>,
    origins: OriginCache,
    clients: Arc<ClientLookups>,
    used_proofs: Arc<UsedProofs>,
    app_secrets: Arc<AppSecretCache>,
    refusal_window: Arc<Mutex<RefusalWindow>>,
    erasure_pause: ErasurePause,
    record_quotas: RecordQuotas,
    asset_counts: AssetCounts,
    reseal_rests: ResealRests,
    settled_keks: SettledKeks,
    chain_keys: ChainKeys,
    _call_threads: Arc<CallThreads>,
}

impl Vault {
    /// Opens a vault; creates the installation's data key and signing key if there are none yet.
    ///
    /// Must be called on the runtime that is to run reconnects.
    ///
    /// # Errors
    /// The database does not respond, or its records do not open under these keys.
    pub async fn open(parts: Parts) -> Result<Self, Error> {
        let keys = DataKeys::new(parts.store.clone(), parts.provider);
        // Boxed here and below, so that the future of opening stays small.
        Box::pin(keys.check_keks()).await?;
        Box::pin(keys.ensure_system_key(parts.clock.now())).await?;
        let directory = PersonDirectory::load(&keys, parts.clock.now()).await?;
        let decoy = DecoyApp::new(&*keys.active(&parts.store.system_scope()).await?)?;
        let chain_keys = Box::pin(ChainKeys::open(&keys, parts.clock.now())).await?;
        let store = parts.store.with_chain(chain_keys.chain());
        let store = Box::pin(audit::open_sealed_store(&keys, store, parts.clock.now())).await?;
        let issuer = Issuer::load_or_create(&keys, &parts.settings, parts.clock.now());
        let issuer = Box::pin(issuer).await?;
        let jobs = BackgroundRuns::new(parts.settings.reconnect.at_once);
        let webhooks = regrant_webhook::Sender::new(parts.settings.webhooks.sender.clone())?;
        let passwords = PasswordHasher::new(parts.settings.operators.password_strength)?;
        let calls = CallThreads::start().map_err(Error::from_cause)?;
        let (tracker, runtime) = (&jobs.tracker, &calls.handle);
        let reads = SharedReads::new(store.clone(), tracker.clone(), runtime.clone());
        let audit = ReadAudit::new(store.clone(), tracker.clone(), runtime.clone());
        let clients = ClientLookups::new(store.clone(), tracker.clone(), runtime.clone());
        let proofs = UsedProofs::new(store.clone(), tracker.clone(), runtime.clone());
        let usage = ScopeUsage::new(
            store.in_background(),
            jobs.tracker.clone(),
            jobs.runtime.clone(),
        );
        Ok(Self {
            delivery_permits: Permits::new(webhooks::deliver::limits(webhooks.settings())),
            endpoint_runs: EndpointRuns::default(),
            consent_permits: Permits::new(consents::LIMITS),
            preview_permits: Permits::new(reconnect::preview::LIMITS),
            check_permits: Permits::new(watch::check::LIMITS),
            discovery_permits: Permits::new(tokens::discovery::LIMITS),
            list_permits: Permits::new(call::apart::LIST_LIMITS),
            origins: OriginCache::new(),
            refusal_window: Arc::default(),
            erasure_pause: ErasurePause::default(),
            record_quotas: RecordQuotas::new(),
            asset_counts: AssetCounts::new(),
            reseal_rests: ResealRests::default(),
            settled_keks: SettledKeks::default(),
            chain_keys,
            webhooks,
            store,
            data_keys: Arc::new(keys),
            person_directory: directory,
            decoy: Arc::new(decoy),
            graph: parts.graph,
            clock: parts.clock,
            checkpoint_file: Arc::new(CheckpointFile::new(
                parts.settings.audit.checkpoint_file.clone(),
            )),
            settings: Arc::new(parts.settings),
            issuer: Arc::new(issuer),
            progress: Progress::default(),
            discovery_progress: Progress::default(),
            preview_progress: Progress::default(),
            shared_reads: Arc::new(reads),
            read_audit: Arc::new(audit),
            clients: Arc::new(clients),
            used_proofs: Arc::new(proofs),
            app_secrets: Arc::default(),
            scope_usage: Arc::new(usage),
            passwords,
            runs: jobs,
            _call_threads: Arc::new(calls),
        })
    }

    /// What this process lets all tenants do at the same time, and what one of them: each limit by name.
    #[must_use]
    pub fn shared_limits(&self) -> Vec<(&'static str, Limits)> {
        let [reads, writes, statements] = self.store.turn_limits();
        vec![
            ("transactions that read", reads),
            ("transactions that write", writes),
            ("short statements", statements),
            ("rounds of reconnects", self.runs.permits.limits()),
            ("batches in flight", self.graph.batch_limits()),
            ("log-ins", self.consent_permits.limits()),
            ("previews", self.preview_permits.limits()),
            ("checks", self.check_permits.limits()),
            ("discoveries", self.discovery_permits.limits()),
            ("long lists", self.list_permits.limits()),
            ("webhooks in flight", self.delivery_permits.limits()),
        ]
    }

    /// The limits and times.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The source of the time.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Checks that the vault can serve; takes at most five seconds.
    ///
    /// # Errors
    /// The database does not respond, or not in time, or it cannot be used, or could not a moment ago.
    pub async fn check_ready(&self) -> Result<(), Error> {
        let store = self.store.clone();
        // A task, so that a statement on a silent connection still ends by its own limit without a caller.
        let check = tokio::spawn(async move { store.check_usable().await });
        let outage = match timeout(READY_WITHIN, check).await {
            Ok(checked) => checked.map_err(Error::from_cause)??,
            Err(_) => Some(Outage::Lost),
        };
        match outage {
            None => Ok(()),
            Some(outage) => Err(Error::Unavailable(outage, "not ready".into())),
        }
    }
}
