//! Reads beside long work: they do not stand behind it on its threads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use regrant_testdb::TestDatabase;
use reqwest::Method;

use crate::harness::{Fleet, Harness, Tenant, http, on_both};

/// How often the threads are kept busy. Work that they cut off may hold SQLite's only writer, and its audit waits for that.
const ROUNDS: usize = 3;

on_both!(a_token_is_read_while_every_thread_of_long_work_computes);

async fn a_token_is_read_while_every_thread_of_long_work_computes(database: TestDatabase) {
    let fleet = Fleet::new(1, 1, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
    let url = format!("{}{path}", harness.api);
    for _ in 0..ROUNDS {
        // After other work wrote to the tenant's audit, the next read takes a connection that work shares.
        assert_eq!(tenant.status(&path).await, 200);
        let threads = BusyThreads::start();
        let status = read_from_another_thread(&tenant, &url).recv_timeout(Duration::from_secs(10));
        threads.stop().await;
        if let Ok(status) = status {
            assert_eq!(status, 200);
            return;
        }
    }
    panic!("no read was answered before the work ended");
}

/// Long work on each thread of the runtime that opened the vault, where long work runs.
struct BusyThreads {
    has_ended: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl BusyThreads {
    /// Returns when every thread is busy.
    fn start() -> Self {
        let has_ended = Arc::new(AtomicBool::new(false));
        let computing = Arc::new(AtomicUsize::new(0));
        let threads = thread::available_parallelism().expect("a number").get();
        let compute = |_| {
            let (has_ended, computing) = (Arc::clone(&has_ended), Arc::clone(&computing));
            tokio::spawn(async move {
                computing.fetch_add(1, Ordering::SeqCst);
                wait_until(|| has_ended.load(Ordering::SeqCst));
            })
        };
        let tasks = (0..threads).map(compute).collect();
        wait_until(|| computing.load(Ordering::SeqCst) == threads);
        Self { has_ended, tasks }
    }

    async fn stop(self) {
        self.has_ended.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("the work ends");
        }
    }
}

fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        thread::sleep(Duration::from_millis(5));
    }
}

/// The status of a call that needs no thread of the test's runtime.
fn read_from_another_thread(tenant: &Tenant, url: &str) -> mpsc::Receiver<u16> {
    let (status, read) = mpsc::channel();
    let call = http().request(Method::GET, url).bearer_auth(&tenant.bearer);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let answer = runtime
            .expect("a runtime")
            .block_on(async { call.send().await });
        let _too_late = status.send(answer.expect("an answer").status().as_u16());
    });
    read
}
