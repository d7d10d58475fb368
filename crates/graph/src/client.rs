//! The client: one connection pool, one table of pauses and one circuit breaker for all apps and
//! tenants.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use regrant_domain::{AccessToken, AppId, Clock};
use regrant_permits::{Limits, Permits};
use reqwest::redirect;

use crate::{
    AppCredentials, AppSecretProof, ConfigError, Settings,
    app_health::breaker::{Breaker, SuspectedApp},
    errors::unknown::UnknownErrors,
    limits::pauses::ScopePauses,
};

/// The client of the Graph API. Cheap to clone; clones share pool, pauses and breaker.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<ClientInner>,
    /// Whose batches these are; batches in flight are shared fairly.
    pub(crate) sharer: u128,
}

pub(crate) struct ClientInner {
    pub(crate) http: reqwest::Client,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) pauses: ScopePauses,
    pub(crate) breaker: Breaker,
    pub(crate) unknown_errors: UnknownErrors,
    pub(crate) batch_permits: Permits<u128>,
}

impl Client {
    /// A client of the Graph API at `settings.base_url`.
    ///
    /// # Errors
    /// The settings would leak tokens, or no call could succeed with them.
    pub fn new(settings: Settings, clock: Clock) -> Result<Self, ConfigError> {
        settings.check_usable()?;
        let inner = ClientInner {
            http: build_http_client(&settings)?,
            pauses: ScopePauses::new(clock.clone()),
            breaker: Breaker::new(clock.clone(), settings.deaths_to_trip, settings.cool_down),
            unknown_errors: UnknownErrors::default(),
            batch_permits: Permits::new(batch_limits(&settings)),
            settings,
            clock,
        };
        Ok(Self {
            inner: Arc::new(inner),
            sharer: 0,
        })
    }

    /// The same client for calls of one tenant, named by any number of its own. Tenants take turns with batches, and an
    /// eighth of the batches in flight is left to the others.
    #[must_use]
    pub fn for_sharer(&self, sharer: u128) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            sharer,
        }
    }

    /// How many batches may be in flight, in all and for one tenant.
    #[must_use]
    pub fn batch_limits(&self) -> Limits {
        self.inner.batch_permits.limits()
    }

    /// A new proof for a caller that receives `token`; Graph accepts it for five minutes.
    #[must_use]
    pub fn sign_appsecret_proof(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> AppSecretProof {
        AppSecretProof::sign_token(&app.secret, token, self.inner.clock.now().timestamp())
    }

    /// Whether calls of the app are suspended now.
    #[must_use]
    pub fn is_app_tripped(&self, app: &AppId) -> bool {
        self.inner.breaker.active_trip(app).is_some()
    }

    /// The apps that are suspected, with cause and start. Operators must be alerted to each.
    #[must_use]
    pub fn suspected_apps(&self) -> Vec<SuspectedApp> {
        self.inner.breaker.suspected_apps()
    }

    /// The version of the Graph API, such as `v26.0`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.inner.settings.version
    }

    /// The delays between attempts: doubling, with jitter, one fewer than attempts.
    pub(crate) fn build_backoff(&self) -> ExponentialBackoff {
        self.backoff_builder().build()
    }

    /// The same as a builder, for `backon::Retryable`.
    pub(crate) fn backoff_builder(&self) -> ExponentialBuilder {
        let pauses = self.inner.settings.max_attempts.saturating_sub(1);
        ExponentialBuilder::new()
            .with_min_delay(self.inner.settings.backoff)
            .with_max_delay(LONGEST_BACKOFF)
            .with_max_times(usize::try_from(pauses).unwrap_or(usize::MAX))
            .with_jitter()
    }
}

const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// No proxy from the environment, no redirects, no referer: a token must reach no other host.
fn batch_limits(settings: &Settings) -> Limits {
    let total = settings.max_in_flight;
    Limits {
        total,
        of_key: total.saturating_sub(total.div_ceil(8).min(total / 2)),
    }
}

fn build_http_client(settings: &Settings) -> Result<reqwest::Client, ConfigError> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .https_only(settings.base_url.scheme() == "https")
        .timeout(settings.timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("regrant/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ConfigError::Http(error.without_url()))
}
