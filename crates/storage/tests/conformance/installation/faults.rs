//! Goal G47: with injected errors and latency, repeated transactions lead to the same rows as without them.
//!
//! The faults come from outside, so that the program under test is the released one: a proxy that delays and cuts the
//! connections to PostgreSQL, another process that holds the write lock of SQLite.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use regrant_domain::Slot;
use regrant_storage::{AuditEvent, AuditFilter, Error, Settings, Store};
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::bench::{Bench, activation, chain, day, id, on_both, page, settings};

on_both!(repeated_transactions_lead_to_the_same_rows_despite_errors_and_latency);

/// How many assets are registered and served.
const ASSETS: i64 = 60;
/// How often one transaction is tried at most.
const ATTEMPTS: usize = 200;

/// Numbers that look random and are the same in every run.
#[derive(Clone, Default)]
struct Dice(Arc<AtomicU64>);

impl Dice {
    /// True in `percent` of the calls.
    fn hits(&self, percent: u64) -> bool {
        let n = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (n ^ (n >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 33) % 100 < percent
    }
}

/// How many attempts there were, and how many of them failed.
#[derive(Default)]
struct Tally {
    attempts: usize,
    failed: usize,
}

impl Tally {
    /// Repeats a transaction until it succeeds. A repeated transaction may find that it was committed before.
    /// With the connection of another process to SQLite, this process holds the write lock during every third attempt.
    async fn repeat(
        &mut self,
        mut other: Option<&mut SqliteConnection>,
        transaction: impl AsyncFn() -> Result<(), Error>,
    ) {
        for _ in 0..ATTEMPTS {
            self.attempts += 1;
            let holder = other.as_mut().filter(|_| self.attempts.is_multiple_of(3));
            let done = match holder {
                Some(other) => {
                    other.execute("BEGIN IMMEDIATE").await.unwrap();
                    let done = transaction().await;
                    other.execute("ROLLBACK").await.unwrap();
                    done
                }
                None => transaction().await,
            };
            match done {
                Ok(()) | Err(Error::Stale) => return,
                Err(Error::Busy | Error::Db(_) | Error::Unavailable(..)) => self.failed += 1,
                Err(other) => panic!("not a fault that was injected: {other}"),
            }
        }
        panic!("a transaction never succeeds");
    }
}

/// The proxy may cut the first connections too.
async fn connect_despite_faults(url: &str) -> Store {
    for _ in 0..ATTEMPTS {
        if let Ok(store) = Store::connect(&settings(url)).await {
            return store;
        }
    }
    panic!("the database is never reached");
}

async fn repeated_transactions_lead_to_the_same_rows_despite_errors_and_latency(bench: Bench) {
    let is_sqlite = bench.store.is_sqlite();
    let mut other = None;
    let (store, proxy) = if is_sqlite {
        let busy = Settings {
            busy_timeout: Duration::from_millis(5),
            ..settings(bench.database.url())
        };
        let store = Store::connect(&busy).await.unwrap();
        other = Some(
            SqliteConnection::connect(bench.database.url())
                .await
                .unwrap(),
        );
        (store, None)
    } else {
        let (url, proxy) = start_proxy(bench.database.url()).await;
        (connect_despite_faults(&url).await, Some(proxy))
    };
    let store = store.with_chain(chain()).with_seals(crate::bench::seals());
    let mut tally = Tally::default();
    for n in 1..=ASSETS {
        let registering = || register(&bench, &store, n);
        tally.repeat(other.as_mut(), registering).await;
        tally
            .repeat(other.as_mut(), || serve(&bench, &store, n))
            .await;
    }
    if let Some(proxy) = proxy {
        proxy.abort();
    }
    let share = tally.failed * 100 / tally.attempts;
    assert!(
        share >= 15,
        "{share} % of {} attempts failed",
        tally.attempts
    );
    assert_same_rows(&bench).await;
}

/// Registers an asset with its audit event, in one transaction.
async fn register(bench: &Bench, store: &Store, n: i64) -> Result<(), Error> {
    let tx = store.begin(&bench.acme).await?;
    tx.register_assets(&[page(&n.to_string())]).await?;
    tx.write_audit_events(&[event("assets.registered", n)], day(1))
        .await?;
    tx.commit().await
}

/// Gives the asset its first credential; a second time is [`Error::Stale`].
async fn serve(bench: &Bench, store: &Store, n: i64) -> Result<(), Error> {
    let tx = store.begin(&bench.acme).await?;
    tx.activate_credentials(&[activation(&n.to_string(), 0, n)], n, day(2))
        .await?;
    tx.write_audit_events(&[event("credential.activated", n)], day(2))
        .await?;
    tx.commit().await
}

fn event(action: &'static str, n: i64) -> AuditEvent {
    AuditEvent {
        actor: "worker".to_owned(),
        action,
        subject: n.to_string(),
        detail: serde_json::json!({}).into(),
    }
}

/// Every asset has its one credential of the first generation and its events, as without faults. The chain has no gap.
async fn assert_same_rows(bench: &Bench) {
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let mut served = BTreeMap::<i64, usize>::new();
    let filter = AuditFilter::default();
    let events = tx.list_audit_events(&filter, 10_000).await.unwrap().rows;
    for it in events
        .iter()
        .filter(|it| it.action == "credential.activated")
    {
        *served.entry(it.subject.parse().unwrap()).or_default() += 1;
    }
    for n in 1..=ASSETS {
        let asset = tx.find_asset(&id(&n.to_string())).await.unwrap();
        assert_eq!((asset.generation, asset.intent_seq), (1, n), "{n}");
        let credentials = tx.list_credentials(&asset.id).await.unwrap();
        let slots: Vec<_> = credentials.iter().map(|it| it.credential.slot).collect();
        assert_eq!(slots, [Slot::Active], "{n}");
        assert_eq!(
            served.get(&n),
            Some(&1),
            "one event of the one activation of {n}"
        );
    }
    let gaps = events.windows(2).filter(|it| it[1].seq != it[0].seq + 1);
    assert_eq!(gaps.count(), 0);
}

/// A proxy in front of PostgreSQL: a fifth of the messages come late, some cut their connection.
async fn start_proxy(url: &str) -> (String, tokio::task::JoinHandle<()>) {
    let (head, rest) = url.split_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxied = format!("{head}@{}/{database}", listener.local_addr().unwrap());
    let (server, dice) = (server.to_owned(), Dice::default());
    let proxy = tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let upstream = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(forward(client, upstream, dice.clone()));
        }
    });
    (proxied, proxy)
}

/// Forwards both ways until one side closes or the connection is cut.
async fn forward(mut client: TcpStream, mut server: TcpStream, dice: Dice) {
    let (mut sent, mut received) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let forwarded = tokio::select! {
            n = client.read(&mut sent) => match n {
                Ok(n @ 1..) => {
                    if dice.hits(20) {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    // Cut before or after the server gets the message: the outcome of a commit is unknown then.
                    let (is_cut, is_sent) = (dice.hits(4), dice.hits(50));
                    if is_cut && !is_sent {
                        return;
                    }
                    let written = server.write_all(&sent[..n]).await;
                    if is_cut {
                        return;
                    }
                    written
                }
                _ => return,
            },
            n = server.read(&mut received) => match n {
                Ok(n @ 1..) => client.write_all(&received[..n]).await,
                _ => return,
            },
        };
        if forwarded.is_err() {
            return;
        }
    }
}
