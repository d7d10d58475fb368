//! The client: one connection pool, one table of pauses and one circuit breaker for all apps and
//! tenants.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use regrant_domain::{AccessToken, AppId, Clock};
use reqwest::redirect;
use tokio::sync::Semaphore;

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
}

pub(crate) struct ClientInner {
    pub(crate) http: reqwest::Client,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) pauses: ScopePauses,
    pub(crate) breaker: Breaker,
    pub(crate) unknown_errors: UnknownErrors,
    pub(crate) batch_permits: Semaphore,
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
            batch_permits: Semaphore::new(settings.max_in_flight.min(Semaphore::MAX_PERMITS)),
            settings,
            clock,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
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
