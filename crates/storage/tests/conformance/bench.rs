//! A store with two tenants, and helpers that create the rows tests need.

use std::{future::Future, time::Duration};

use chrono::DateTime;
use regrant_crypto::AuditKey;
use regrant_domain::{
    AssetId, AssetKind, ClientId, Credential, CredentialId, CredentialKind, Grant, GrantId,
    Permissions, ReconnectId, SealedRecord, Slot, TenantId, Timestamp, TokenFacts,
};
use regrant_storage::{
    Activation, AuditChain, AuditEvent, ClientSpec, Error, NewApp, NewAsset, NewClient, NewDataKey,
    NewItem, NewReconnect, NewTenant, RowSeals, Settings, Store, StoredCredential, Tenant,
    TenantLimits, TenantScope, TenantStatus, TenantTx,
};
use regrant_testdb::TestDatabase;
use uuid::Uuid;

/// Runs each body on both databases.
macro_rules! on_both {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {
        mod sqlite {
            $($(#[$attribute])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::bench::on_sqlite(super::$name).await;
            })+
        }
        mod postgres {
            $($(#[$attribute])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::bench::on_postgres(super::$name).await;
            })+
        }
    };
}
pub(crate) use on_both;

pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) acme: TenantScope,
    pub(crate) bolt: TenantScope,
    pub(crate) client: ClientId,
    pub(crate) database: TestDatabase,
}

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Bench) -> F) {
    body(Bench::on(TestDatabase::create_sqlite().await).await).await;
}

pub(crate) async fn on_postgres<F: Future<Output = ()>>(body: impl FnOnce(Bench) -> F) {
    if let Some(database) = TestDatabase::create_postgres().await {
        body(Bench::on(database).await).await;
    }
}

pub(crate) fn settings(url: &str) -> Settings {
    Settings {
        url: url.to_owned(),
        max_connections: 12,
        acquire_timeout: Duration::from_secs(10),
        busy_timeout: Duration::from_secs(10),
    }
}

/// Inserts an app as the installation does.
pub(crate) async fn insert_app(store: &Store, app: &NewApp) -> Result<(), Error> {
    let tx = store.begin(&store.system_scope()).await?;
    tx.insert_app(app).await?;
    tx.commit().await
}

/// Creates a tenant with an audit event.
pub(crate) async fn insert_tenant(store: &Store, tenant: &NewTenant) -> Result<(), Error> {
    let tx = store.begin_with_new_tenant(tenant).await?;
    let created = AuditEvent {
        actor: "operator".to_owned(),
        action: "tenant.created",
        subject: tenant.id.to_string(),
        detail: serde_json::json!({ "name": tenant.name, "app_id": tenant.app_id }).into(),
    };
    tx.write_audit_events(&[created], tenant.created_at).await?;
    tx.commit().await
}

/// Suspends a tenant or activates it again.
pub(crate) async fn set_status(store: &Store, tenant: TenantId, status: TenantStatus) {
    let scope = store.find_scope_for_operator(tenant).await.unwrap();
    let tx = store.begin(&scope).await.unwrap();
    let is = tx.lock_tenant().await.unwrap();
    tx.update_tenant(&Tenant { status, ..is }).await.unwrap();
    tx.commit().await.unwrap();
}

impl Bench {
    async fn on(database: TestDatabase) -> Self {
        let store = Store::connect(&settings(database.url()))
            .await
            .unwrap()
            .with_chain(chain())
            .with_seals(seals());
        insert_app(&store, &new_app("1")).await.unwrap();
        let (acme, bolt) = (new_tenant("acme"), new_tenant("bolt"));
        insert_tenant(&store, &acme).await.unwrap();
        insert_tenant(&store, &bolt).await.unwrap();
        Self {
            acme: store.find_scope_for_operator(acme.id).await.unwrap(),
            bolt: store.find_scope_for_operator(bolt.id).await.unwrap(),
            client: acme.client.id,
            store,
            database,
        }
    }

    pub(crate) async fn acme(&self) -> TenantTx {
        self.store.begin(&self.acme).await.unwrap()
    }

    pub(crate) async fn bolt(&self) -> TenantTx {
        self.store.begin(&self.bolt).await.unwrap()
    }

    /// Registers pages of acme.
    pub(crate) async fn pages(&self, ids: &[&str]) {
        let pages: Vec<_> = ids.iter().map(|id| page(id)).collect();
        let tx = self.acme().await;
        tx.register_assets(&pages).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Accepts a reconnect of acme for these assets, leased to `worker`.
    pub(crate) async fn accept(
        &self,
        ids: &[&str],
    ) -> (ReconnectId, regrant_storage::AcceptedReconnect) {
        let reconnect = new_reconnect(self.client);
        let items: Vec<_> = ids.iter().map(|id| item(id)).collect();
        let tx = self.acme().await;
        let due = Some(("worker", day(2), day(1)));
        let accepted = tx.accept_reconnect(&reconnect, &items, due).await.unwrap();
        tx.commit().await.unwrap();
        (reconnect.id, accepted)
    }
}

/// A chain with three keys of its own.
pub(crate) fn chain() -> AuditChain {
    let keys = [(); 3].map(|()| AuditKey::generate().unwrap());
    AuditChain::new(move |number, tenant, message| {
        let key = keys.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
        Some(key.compute_link(tenant, message))
    })
}

pub(crate) fn seals() -> RowSeals {
    let key = AuditKey::generate().unwrap();
    RowSeals::new(move |tenant, message| key.compute_link(tenant, message))
}

pub(crate) fn day(n: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + chrono::Duration::days(n)
}

pub(crate) fn id(text: &str) -> AssetId {
    text.parse().unwrap()
}

pub(crate) fn new_app(id: &str) -> NewApp {
    NewApp {
        id: id.parse().unwrap(),
        name: "app".to_owned(),
        secret: sealed(1),
        verify_token: None,
        created_at: day(0),
    }
}

pub(crate) fn new_key() -> NewDataKey {
    NewDataKey {
        id: Uuid::now_v7(),
        version: 1,
        wrapped: vec![7; 80],
        created_at: day(0),
    }
}

pub(crate) fn new_tenant(name: &str) -> NewTenant {
    let id = TenantId::mint();
    NewTenant {
        id,
        name: name.to_owned(),
        app_id: "1".parse().unwrap(),
        limits: TenantLimits::default(),
        origins: Vec::new(),
        created_at: day(0),
        key: new_key(),
        client: new_client(id),
    }
}

pub(crate) fn new_client(tenant: TenantId) -> NewClient {
    NewClient {
        id: ClientId::mint(),
        tenant,
        spec: ClientSpec::with_scopes("backend", Permissions::all()),
        secret_hash: vec![3; 32],
        created_at: day(0),
    }
}

pub(crate) fn page(id: &str) -> NewAsset {
    NewAsset {
        id: id.parse().unwrap(),
        kind: AssetKind::Page,
        name: None,
        business_id: None,
        first_credential: None,
        notified: None,
        created_at: day(0),
    }
}

/// The head of a sealed record and some ciphertext.
pub(crate) fn sealed(filler: u8) -> SealedRecord {
    let head = [b"RG\x01\x01".as_slice(), &[9; 16], &1_u32.to_be_bytes()].concat();
    SealedRecord::from_bytes([head, vec![filler; 40]].concat())
}

pub(crate) fn credential(
    asset: &str,
    slot: Slot,
    generation: i64,
    intent_seq: i64,
) -> StoredCredential {
    StoredCredential {
        credential: Credential {
            id: CredentialId::mint(),
            asset_id: id(asset),
            asset_kind: AssetKind::Page,
            kind: CredentialKind::Page,
            generation,
            slot,
            grant_id: None,
            person_id: Some("77".parse().unwrap()),
            intent_seq,
            sealed: sealed(2),
            fingerprint: vec![5; 16],
            expires_at: Some(day(60)),
            data_access_expires_at: Some(day(90)),
            proved_at: Some(day(1)),
            created_at: day(1),
        },
        tasks: vec!["MANAGE".to_owned()],
        is_unreadable: false,
    }
}

pub(crate) fn activation(asset: &str, expected_generation: i64, intent_seq: i64) -> Activation {
    Activation {
        credential: credential(asset, Slot::Active, expected_generation + 1, intent_seq),
        expected_generation,
        cut_off: None,
        dates_read_at: None,
        condition: None,
    }
}

pub(crate) fn grant() -> Grant {
    Grant {
        id: GrantId::mint(),
        facts: TokenFacts {
            app_id: "1".parse().unwrap(),
            kind: CredentialKind::User,
            person_id: "77".parse().unwrap(),
            profile_id: None,
            person_name: Some("Ada".to_owned()),
            is_work_account: Some(true),
            scopes: vec![regrant_domain::GrantedScope {
                scope: "pages_show_list".to_owned(),
                target_ids: Some(vec!["1".to_owned()]),
            }],
            issued_at: Some(day(0)),
            expires_at: Some(day(60)),
            data_access_expires_at: None,
            read_at: day(0),
        },
    }
}

pub(crate) fn new_reconnect(client: ClientId) -> NewReconnect {
    NewReconnect {
        id: ReconnectId::mint(),
        expect_person: Some("77".parse().unwrap()),
        submitted: Some(sealed(4)),
        created_by: client,
        session: None,
        cause: regrant_storage::ReconnectCause::Call,
        undo: None,
        created_at: day(1),
    }
}

pub(crate) fn item(asset: &str) -> NewItem {
    NewItem {
        asset_id: id(asset),
        requested_id: format!("as written: {asset}"),
        result: None,
    }
}
