//! The token reads of one tenant beside the noise of others: how long they took, and which failed.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;

use super::Tenant;

/// How many readers a tenant has at the same time.
const READERS: usize = 4;
/// How long a reader rests between two reads.
const PAUSE: Duration = Duration::from_millis(20);

/// The token reads of one tenant.
#[derive(Debug, Default)]
pub struct Readings {
    /// How long each successful read took, the shortest first.
    times: Vec<Duration>,
    /// How often each other response came, by status.
    failures: BTreeMap<String, usize>,
}

impl Readings {
    /// Reads the token of this asset while `noise` lasts.
    pub async fn take_beside<T>(
        tenant: &Tenant,
        asset: &str,
        noise: impl Future<Output = T>,
    ) -> (Self, T) {
        let has_ended = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let (tenant, ended) = (tenant.clone(), Arc::clone(&has_ended));
                let path = format!("/v1/assets/{asset}/token");
                tokio::spawn(async move { read_until(&tenant, &path, &ended).await })
            })
            .collect();
        let result = noise.await;
        has_ended.store(true, Ordering::SeqCst);
        let mut all = Self::default();
        for reader in readers {
            all.add(reader.await.expect("the reader does not panic"));
        }
        all.times.sort_unstable();
        (all, result)
    }

    /// How many reads succeeded.
    pub fn count(&self) -> usize {
        self.times.len()
    }

    /// The responses other than 200, with how often each came.
    pub fn failures(&self) -> &BTreeMap<String, usize> {
        &self.failures
    }

    /// The time within which this part of the reads ended, in thousandths.
    pub fn quantile(&self, thousandths: usize) -> Duration {
        let at = (self.times.len() * thousandths / 1_000).min(self.times.len().saturating_sub(1));
        self.times.get(at).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        for (status, n) in other.failures {
            *self.failures.entry(status).or_default() += n;
        }
    }
}

impl fmt::Display for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |it: Duration| it.as_secs_f64() * 1_000.0;
        write!(
            f,
            "{} reads, p50 {:.0} ms, p99 {:.0} ms, max {:.0} ms, failures {:?}",
            self.count(),
            ms(self.quantile(500)),
            ms(self.quantile(990)),
            ms(self.quantile(1_000)),
            self.failures
        )
    }
}

async fn read_until(tenant: &Tenant, path: &str, has_ended: &AtomicBool) -> Readings {
    let mut readings = Readings::default();
    while !has_ended.load(Ordering::SeqCst) {
        let began = Instant::now();
        let failure = match tenant.call(Method::GET, path).send().await {
            Ok(answer) if answer.status().is_success() => {
                let body = answer.bytes().await;
                body.err().map(|error| error.to_string())
            }
            Ok(answer) => Some(answer.status().as_u16().to_string()),
            Err(error) => Some(error.to_string()),
        };
        match failure {
            None => readings.times.push(began.elapsed()),
            Some(failure) => *readings.failures.entry(failure).or_default() += 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
    readings
}
