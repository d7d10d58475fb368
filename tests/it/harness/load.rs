//! Reads of tokens and reconnects of several tenants, at a steady rate, beside a rotation.
//!
//! The rule: a response other than a success is a failure. A process that was killed does not respond, which is counted
//! apart.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

use super::{Fleet, SandboxControl, Tenant};

/// Every so many calls one is a reconnect.
const RECONNECT_EVERY: usize = 10;
/// How many assets a reconnect names.
const RECONNECTED: usize = 2;
/// Calls that wait for a response at the same time; more are not sent.
const IN_FLIGHT: usize = 200;

/// Calls that are sent until [`Load::stop`].
pub struct Load {
    calls: Arc<Mutex<Calls>>,
    tenants: Arc<Mutex<Vec<Tenant>>>,
    stop: Arc<AtomicBool>,
    sending: JoinHandle<()>,
}

/// What came of the calls.
#[derive(Debug, Default, Clone)]
pub struct Calls {
    /// How long each successful read of a token took.
    pub reads: Vec<Duration>,
    /// Each accepted reconnect, in the order of the responses.
    pub reconnects: Vec<Reconnect>,
    /// The responses other than success, with how often each came.
    pub failures: BTreeMap<String, usize>,
    /// Calls that a process did not respond to.
    pub unanswered: usize,
    /// When a call last succeeded.
    last_success: Option<Instant>,
}

/// A reconnect that was accepted.
#[derive(Debug, Clone)]
pub struct Reconnect {
    /// Which of the tenants.
    pub tenant: usize,
    /// Its id.
    pub id: String,
    /// Whose token it applies.
    pub person: &'static str,
    /// The assets that it names.
    pub assets: Vec<String>,
}

impl Load {
    /// Starts to send this many calls a second, to each of the tenants in turn.
    pub fn start(
        tenants: &[Tenant],
        fleet: &Fleet,
        sandbox: &SandboxControl,
        per_second: u32,
    ) -> Self {
        let calls = Arc::<Mutex<Calls>>::default();
        let tenants = Arc::new(Mutex::new(tenants.to_vec()));
        let sender = Sender {
            tenants: Arc::clone(&tenants),
            ids: fleet.ids(),
            sandbox: sandbox.clone(),
            calls: Arc::clone(&calls),
        };
        let stop = Arc::<AtomicBool>::default();
        let sending = tokio::spawn(send(Arc::new(sender), per_second, Arc::clone(&stop)));
        Self {
            calls,
            tenants,
            stop,
            sending,
        }
    }

    /// The tenants that call, each with its newest access token.
    pub fn tenants(&self) -> Vec<Tenant> {
        self.tenants.lock().expect("not poisoned").clone()
    }

    /// Logs every tenant in again: access tokens end after a quarter of an hour.
    pub async fn log_in_again(&self) {
        let mut tenants = self.tenants();
        for tenant in &mut tenants {
            *tenant = tenant.log_in_again().await;
        }
        *self.tenants.lock().expect("not poisoned") = tenants;
    }

    /// When a call last succeeded.
    pub fn last_success(&self) -> Option<Instant> {
        self.calls.lock().expect("not poisoned").last_success
    }

    /// What came of the calls since the last time this was asked.
    pub fn take(&self) -> Calls {
        let mut calls = self.calls.lock().expect("not poisoned");
        let last_success = calls.last_success;
        let taken = std::mem::take(&mut *calls);
        calls.last_success = last_success;
        taken
    }

    /// Sends no more, and waits for the responses to what was sent.
    pub async fn stop(self) -> Calls {
        self.stop.store(true, Ordering::SeqCst);
        self.sending.await.expect("the calls end");
        let calls = self.calls.lock().expect("not poisoned");
        calls.clone()
    }
}

impl Calls {
    /// The time within which this part of the reads ended, in thousandths.
    pub fn quantile(&self, thousandths: usize) -> Duration {
        let mut times = self.reads.clone();
        times.sort_unstable();
        let at = (times.len() * thousandths / 1_000).min(times.len().saturating_sub(1));
        times.get(at).copied().unwrap_or_default()
    }

    /// These and those.
    pub fn and(mut self, other: Self) -> Self {
        self.reads.extend(other.reads);
        self.reconnects.extend(other.reconnects);
        self.unanswered += other.unanswered;
        for (status, n) in other.failures {
            *self.failures.entry(status).or_default() += n;
        }
        self
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |it: Duration| it.as_secs_f64() * 1_000.0;
        write!(
            f,
            "{} reads (p50 {:.0} ms, p99 {:.0} ms), {} reconnects, {} without a response, failures {:?}",
            self.reads.len(),
            ms(self.quantile(500)),
            ms(self.quantile(990)),
            self.reconnects.len(),
            self.unanswered,
            self.failures
        )
    }
}

/// What a call needs.
struct Sender {
    tenants: Arc<Mutex<Vec<Tenant>>>,
    ids: Vec<String>,
    sandbox: SandboxControl,
    calls: Arc<Mutex<Calls>>,
}

async fn send(sender: Arc<Sender>, per_second: u32, stop: Arc<AtomicBool>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut in_flight = JoinSet::new();
    for n in 0.. {
        ticks.tick().await;
        if stop.load(Ordering::SeqCst) {
            break;
        }
        while in_flight.try_join_next().is_some() {}
        if in_flight.len() >= IN_FLIGHT {
            continue;
        }
        let sender = Arc::clone(&sender);
        in_flight.spawn(async move {
            if n % RECONNECT_EVERY == 0 {
                sender.reconnect(n / RECONNECT_EVERY).await;
            } else {
                sender.read(n).await;
            }
        });
    }
    in_flight.join_all().await;
}

impl Sender {
    /// The tenant of the n-th call, which of the tenants that is, and how often all had their turn before.
    fn next_tenant(&self, n: usize) -> (Tenant, usize, usize) {
        let tenants = self.tenants.lock().expect("not poisoned");
        let at = n % tenants.len();
        (tenants[at].clone(), at, n / tenants.len())
    }

    async fn read(&self, n: usize) {
        let (tenant, _, round) = self.next_tenant(n);
        let id = &self.ids[round % self.ids.len()];
        let began = Instant::now();
        let call = tenant.call(Method::GET, &format!("/v1/assets/{id}/token"));
        let Some((status, body)) = self.response(call).await else {
            return;
        };
        let mut calls = self.calls.lock().expect("not poisoned");
        if status == StatusCode::OK && body["access_token"].is_string() {
            calls.reads.push(began.elapsed());
            calls.last_success = Some(Instant::now());
        } else {
            calls.note_failure(status, &body);
        }
    }

    async fn reconnect(&self, n: usize) {
        let (tenant, at, round) = self.next_tenant(n);
        let person = [Fleet::PERSON, Fleet::MANAGED][round % 2];
        let token = self.sandbox.token(person).await;
        let from = (round * RECONNECTED) % (self.ids.len() - RECONNECTED);
        let assets = &self.ids[from..from + RECONNECTED];
        let order = json!({ "access_token": token, "asset_ids": assets, "wait_seconds": 0 });
        let call = tenant.call(Method::POST, "/v1/reconnects").json(&order);
        let Some((status, body)) = self.response(call).await else {
            return;
        };
        let mut calls = self.calls.lock().expect("not poisoned");
        match body["id"].as_str() {
            Some(id) if status.is_success() => {
                calls.reconnects.push(Reconnect {
                    tenant: at,
                    id: id.to_owned(),
                    person,
                    assets: assets.to_vec(),
                });
                calls.last_success = Some(Instant::now());
            }
            _ => calls.note_failure(status, &body),
        }
    }

    /// The response; `None` if the process ended before it sent all of it.
    async fn response(
        &self,
        call: reqwest::RequestBuilder,
    ) -> Option<(StatusCode, serde_json::Value)> {
        let received = async {
            let answer = call.send().await.ok()?;
            let status = answer.status();
            Some((status, answer.json().await.ok()?))
        };
        let received = received.await;
        if received.is_none() {
            self.calls.lock().expect("not poisoned").unanswered += 1;
        }
        received
    }
}

impl Reconnect {
    /// It has ended, and replaced what it named, unless a later one did.
    pub async fn check(&self, tenants: &[Tenant]) {
        let ended = tenants[self.tenant].ended(&self.id).await;
        let counts = ended["counts"].as_object().expect("counts");
        let mut outcomes = counts.keys().map(String::as_str);
        assert!(
            outcomes.all(|it| ["replaced", "superseded"].contains(&it)),
            "{ended}"
        );
    }
}

impl Calls {
    fn note_failure(&mut self, status: StatusCode, body: &serde_json::Value) {
        let code = super::problem_code(body);
        let name = format!("{} {code}", status.as_u16());
        *self.failures.entry(name).or_default() += 1;
    }
}
