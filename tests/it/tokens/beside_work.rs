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

use crate::harness::{Fleet, Harness, http, on_both};

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
    // After other work wrote to the tenant's audit, the next read takes a connection that work shares.
    assert_eq!(tenant.status(&path).await, 200);
    let has_ended = Arc::new(AtomicBool::new(false));
    let computing = Arc::new(AtomicUsize::new(0));
    // Long work runs on the threads of the runtime that opened the vault.
    let threads = thread::available_parallelism().expect("a number").get();
    for _ in 0..threads {
        let (has_ended, computing) = (Arc::clone(&has_ended), Arc::clone(&computing));
        tokio::spawn(async move {
            computing.fetch_add(1, Ordering::SeqCst);
            while !has_ended.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(5));
            }
        });
    }
    while computing.load(Ordering::SeqCst) < threads {
        thread::sleep(Duration::from_millis(5));
    }
    let (status, read) = mpsc::channel();
    let bearer = tenant.bearer.clone();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let call = async {
            http()
                .request(Method::GET, url)
                .bearer_auth(bearer)
                .send()
                .await
        };
        let answer = runtime.expect("a runtime").block_on(call);
        drop(status.send(answer.map(|it| it.status().as_u16())));
    });
    let read = read.recv_timeout(Duration::from_secs(20));
    has_ended.store(true, Ordering::SeqCst);
    assert_eq!(
        read.expect("it is answered before the work ends")
            .expect("an answer"),
        200
    );
}
