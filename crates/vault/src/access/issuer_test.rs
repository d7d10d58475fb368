//! Tokens with unknown keys, tokens for other holders and listeners, and key rotation across
//! processes.

use std::time::{Duration, Instant};

use regrant_crypto::{Claims, KeyProvider, Keyring, SigningKey, Strength};
use regrant_domain::{
    AppId, AppSecret, ClientId, Clock, OperatorId, Passphrase, Permissions, ReconnectSessionId,
    TenantId,
};
use regrant_storage::Store;
use regrant_testdb::TestDatabase;

use crate::{
    Actor, Error, NewApp, NewTenantSpec, Onboarding, Parts, RequestCredentials, Settings, Vault,
    access::claims::{Audience, NewToken},
};

/// A database and a keyring that several vaults share.
struct Bench {
    clock: Clock,
    database: TestDatabase,
    directory: tempfile::TempDir,
}

impl Bench {
    fn on(database: TestDatabase) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Keyring::create(
            &directory.path().join("keyring"),
            &passphrase(),
            Strength::floor(),
        )
        .unwrap();
        Self {
            clock: Clock::fixed_at(Clock::system_time()),
            database,
            directory,
        }
    }

    async fn vault(&self) -> Vault {
        let settings = regrant_storage::Settings {
            url: self.database.url().to_owned(),
            max_connections: 4,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(10),
        };
        let graph = regrant_graph::Settings::default();
        let keyring = Keyring::open(&self.directory.path().join("keyring"), &passphrase()).unwrap();
        let parts = Parts {
            store: Store::connect(&settings).await.unwrap(),
            provider: KeyProvider::from(keyring),
            graph: regrant_graph::Client::new(graph, self.clock.clone()).unwrap(),
            clock: self.clock.clone(),
            settings: Settings::default(),
        };
        Vault::open(parts).await.unwrap()
    }
}

fn passphrase() -> Passphrase {
    Passphrase::parse("correct horse battery staple".to_owned()).unwrap()
}

async fn onboard(vault: &Vault) -> Onboarding {
    let (id, secret): (AppId, _) = (
        "1".parse().unwrap(),
        AppSecret::parse("secret".to_owned()).unwrap(),
    );
    let app = NewApp {
        id: id.clone(),
        name: "App".to_owned(),
        secret,
        verify_token: None,
    };
    vault
        .create_app(Actor::CommandLine, app, None)
        .await
        .unwrap();
    let new = NewTenantSpec::with_scopes("One", id, Permissions::all());
    vault
        .create_tenant(Actor::CommandLine, new, None)
        .await
        .unwrap()
}

async fn request_token(vault: &Vault, it: &Onboarding) -> String {
    let log_in = crate::ClientLogIn::from_localhost(it.client.id, it.secret.as_ref().unwrap());
    let client = vault.authenticate_client(log_in).await.unwrap();
    vault
        .issue_token(&client, None, None)
        .await
        .unwrap()
        .access_token
}

async fn is_accepted(vault: &Vault, token: &str) -> bool {
    match vault
        .authenticate_request(RequestCredentials::from_localhost(token))
        .await
    {
        Ok(_) => true,
        Err(Error::Unauthenticated) => false,
        Err(other) => panic!("{other:?}"),
    }
}

fn key_id_of(token: &str) -> String {
    regrant_crypto::Verifier::read_key_id(token).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_keys_does_not_reach_the_database() {
    let bench = Bench::on(TestDatabase::create_sqlite().await);
    let vault = bench.vault().await;
    let begun = Instant::now();
    let key = SigningKey::generate().unwrap().private_pkcs8();
    let claims = Claims {
        iss: vault.settings().access.issuer.clone(),
        aud: vault.settings().access.audience.clone(),
        sub: ClientId::mint().to_string(),
        client_id: ClientId::mint().to_string(),
        tenant: TenantId::mint(),
        ver: 0,
        scope: String::new(),
        jti: "1".to_owned(),
        iat: bench.clock.now().timestamp(),
        nbf: bench.clock.now().timestamp(),
        exp: bench.clock.now().timestamp() + 60,
        cnf: None,
    };
    for n in 0..2_000 {
        let forged = SigningKey::from_pkcs8(&format!("unknown-{n}"), &key)
            .unwrap()
            .sign_claims(&claims)
            .unwrap();
        assert!(!is_accepted(&vault, &forged).await);
    }
    let most = 1 + begun.elapsed().as_secs() / 10 + 1;
    assert!(
        vault.issuer.count_reads() <= most,
        "{} reads",
        vault.issuer.count_reads()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_another_holder_or_listener_is_refused() {
    let bench = Bench::on(TestDatabase::create_sqlite().await);
    let vault = bench.vault().await;
    let it = onboard(&vault).await;
    vault
        .revoke_client_tokens(Actor::CommandLine, it.tenant.tenant.id, it.client.id, None)
        .await
        .unwrap();
    let good = || NewToken {
        audience: Audience::Api,
        sub: it.client.id.to_string(),
        client_id: it.client.id.to_string(),
        tenant: it.tenant.tenant.id,
        ver: 1,
        scope: "assets:read".to_owned(),
        jti: "1".to_owned(),
        key: None,
        lifetime: Duration::from_mins(15),
    };
    let sign = async |token| {
        vault
            .issuer
            .sign_token(token, bench.clock.now())
            .await
            .unwrap()
    };
    assert!(is_accepted(&vault, &sign(good()).await).await);
    for bad in [
        NewToken {
            audience: Audience::Browser,
            ..good()
        },
        NewToken {
            audience: Audience::Admin,
            ..good()
        },
        NewToken {
            sub: ClientId::mint().to_string(),
            ..good()
        },
        NewToken {
            sub: ReconnectSessionId::mint().to_string(),
            ..good()
        },
        NewToken {
            sub: OperatorId::mint().to_string(),
            tenant: TenantId::SYSTEM,
            ..good()
        },
        NewToken {
            sub: String::new(),
            ..good()
        },
        NewToken {
            tenant: TenantId::mint(),
            ..good()
        },
        NewToken {
            tenant: TenantId::SYSTEM,
            ..good()
        },
        NewToken { ver: 0, ..good() },
        NewToken { ver: -1, ..good() },
        NewToken {
            scope: "everything".to_owned(),
            ..good()
        },
        NewToken {
            jti: String::new(),
            ..good()
        },
        NewToken {
            lifetime: Duration::ZERO,
            ..good()
        },
        NewToken {
            lifetime: Duration::from_hours(2),
            ..good()
        },
    ] {
        let description = format!("{bad:?}");
        assert!(
            !is_accepted(&vault, &sign(bad).await).await,
            "{description}"
        );
    }
    for audience in [Audience::Api, Audience::Browser, Audience::Admin] {
        let token = sign(NewToken { audience, ..good() }).await;
        for listener in [Audience::Api, Audience::Browser, Audience::Admin] {
            let verified = vault
                .issuer
                .verify_token(listener, &token, bench.clock.now())
                .await;
            assert_eq!(
                verified.is_ok(),
                audience == listener,
                "{audience:?} at {listener:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_process_signs_with_a_key_that_another_does_not_know() {
    for database in TestDatabase::create_all().await {
        let bench = Bench::on(database);
        let (one, other) = (bench.vault().await, bench.vault().await);
        let it = onboard(&one).await;
        let before = key_id_of(&request_token(&one, &it).await);
        one.rotate_signing_keys(Actor::CommandLine, false, None)
            .await
            .unwrap();
        // Until the other process surely knows the new key, both sign with the old one.
        bench.clock.advance_by(chrono::Duration::minutes(9));
        for vault in [&one, &other] {
            let token = request_token(vault, &it).await;
            assert_eq!(key_id_of(&token), before);
            assert!(is_accepted(&one, &token).await && is_accepted(&other, &token).await);
        }
        // A minute later the other process has reloaded the keys.
        other.issuer.reload_keys().await;
        bench.clock.advance_by(chrono::Duration::minutes(1));
        for vault in [&one, &other] {
            let token = request_token(vault, &it).await;
            assert_ne!(key_id_of(&token), before);
            assert!(is_accepted(&one, &token).await && is_accepted(&other, &token).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_starting_processes_creates_the_first_key() {
    for database in TestDatabase::create_all().await {
        let bench = Bench::on(database);
        let (one, other) = tokio::join!(bench.vault(), bench.vault());
        assert_eq!(one.list_signing_keys().await.unwrap().len(), 1);
        let it = onboard(&one).await;
        assert!(is_accepted(&other, &request_token(&one, &it).await).await);
        // An immediate rotation reaches the other process when that one reloads the keys.
        let old = request_token(&other, &it).await;
        one.rotate_signing_keys(Actor::CommandLine, true, None)
            .await
            .unwrap();
        assert!(!is_accepted(&one, &old).await);
        other.issuer.reload_keys().await;
        assert!(!is_accepted(&other, &old).await);
        assert!(is_accepted(&other, &request_token(&one, &it).await).await);
    }
}
