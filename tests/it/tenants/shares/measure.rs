//! What a tenant's calls take beside the noise of another one: a measurement, which prints its figures.

use std::time::{Duration, Instant};

use regrant_testdb::TestDatabase;
use reqwest::{Method, RequestBuilder};

use super::noise::{Neighbours, fleet, send_all};
use crate::harness::{Readings, ServerProcess};

/// How long Graph takes for a call while fifty reconnects run, in milliseconds.
const LATENCY: u64 = 3_000;

/// Prints the quiet tenant's token reads alone and beside each noise, and the memory of the server, on both databases.
///
/// `cargo test -p regrant-e2e --test e2e neighbours_are_measured -- --ignored --nocapture --test-threads=1`, after
/// `cargo build -p regrant-cli`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of minutes"]
async fn neighbours_are_measured() {
    for database in TestDatabase::create_all().await {
        // Boxed, because these futures are large.
        let measurement = Box::pin(Measurement::start(database)).await;
        Box::pin(measurement.run()).await;
    }
}

struct Measurement {
    name: String,
    server: ServerProcess,
    neighbours: Neighbours,
}

impl Measurement {
    async fn start(database: TestDatabase) -> Self {
        let name = format!("{:?}", database.kind());
        let server = ServerProcess::start(database, &fleet().world_of_many(), "error").await;
        let (noisy, quiet) = (server.tenant("Noisy").await, server.tenant("Quiet").await);
        let neighbours = Neighbours::connect(noisy, quiet, &server.sandbox).await;
        Self {
            name,
            server,
            neighbours,
        }
    }

    async fn run(self) {
        let neighbours = &self.neighbours;
        self.read("alone", tokio::time::sleep(Duration::from_secs(5)))
            .await;
        let registrations = |calls| send_all(neighbours.registrations(calls, 1_000));
        self.read("12 registrations of 1,000", registrations(0..12))
            .await;
        self.read("40 registrations of 1,000", registrations(100..140))
            .await;
        let unknown = send_all(neighbours.reconnects_of_unknown(16));
        self.read("16 reconnects of 10,000 unknown ids", unknown)
            .await;
        self.rest().await;
        self.measure_reconnects().await;
    }

    /// The quiet tenant's reconnect and reads beside fifty running reconnects, and then beside 512 streams.
    async fn measure_reconnects(&self) {
        self.server.sandbox.latency(LATENCY).await;
        println!(
            "{}: reconnect of 20 alone: {:.1} s",
            self.name,
            self.reconnect().await
        );
        let statuses = send_all(self.neighbours.reconnects(50)).await;
        println!("{}: fifty reconnects: {statuses:?}", self.name);
        let (readings, seconds) = self.neighbours.read_beside(self.reconnect()).await;
        println!(
            "{}: beside 50 running reconnects: reconnect of 20 {seconds:.1} s; {readings}",
            self.name
        );
        let streams = send_all(self.streams(512).await);
        self.read("opening 512 streams", streams).await;
    }

    async fn reconnect(&self) -> f64 {
        let began = Instant::now();
        let (token, ids) = (&self.neighbours.quiet_token, &self.neighbours.quiet_ids);
        self.neighbours.quiet.reconnect(token, ids).await;
        began.elapsed().as_secs_f64()
    }

    /// Calls of five clients of the noisy tenant that open streams of a running reconnect.
    async fn streams(&self, n: usize) -> Vec<RequestBuilder> {
        let noisy = &self.neighbours.noisy;
        let all = noisy.get("/v1/reconnects?limit=1").await;
        let id = all["data"][0]["id"].as_str().expect("an id").to_owned();
        let mut calls = Vec::new();
        for _ in 0..5 {
            let client = self.server.another_client(noisy).await;
            let call = |_| client.call(Method::GET, &format!("/v1/reconnects/{id}/events"));
            calls.extend((0..n.div_ceil(5)).map(call));
        }
        calls
    }

    async fn read<T: std::fmt::Debug>(&self, what: &str, noise: impl Future<Output = T>) {
        let before = self.server.resident_mib();
        let (mut peak, began) = (before, Instant::now());
        let watched = async {
            tokio::pin!(noise);
            loop {
                tokio::select! {
                    done = &mut noise => return done,
                    () = tokio::time::sleep(Duration::from_millis(50)) => {
                        peak = peak.max(self.server.resident_mib());
                    }
                }
            }
        };
        let (readings, done): (Readings, T) = self.neighbours.read_beside(watched).await;
        println!(
            "{}: {what} ({:.1} s, {done:?}): {readings}, memory {before} MiB + {}",
            self.name,
            began.elapsed().as_secs_f64(),
            peak - before
        );
    }

    /// Waits until the noisy tenant's reconnects have ended.
    async fn rest(&self) {
        for _ in 0..600 {
            let all = self.neighbours.noisy.get("/v1/reconnects?limit=200").await;
            let list = all["data"].as_array().expect("a list");
            if list.iter().all(|it| it["status"] != "running") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
