//! Checks of an app: by the tokens that work and die, and by a call with the app's own token.
//!
//! The rule: a fault of the app suspends its calls only after its own token was refused too. A
//! wrong token that one tenant submits must not suspend the other tenants of the app.
//! Start at `Client::observe_tokens` and `Client::check_app_after_fault`.

use regrant_domain::{AccessToken, AppId, PersonId, Refusal, RefusalKind};
use serde::de::IgnoredAny;

use crate::{
    AppCredentials, Client, DeathVerdict,
    app_health::breaker::{TokenObservation, TripCause},
    call::context::CallContext,
    errors::graph_error::build_refusal,
};

impl Client {
    /// Records in the breaker which persons' tokens worked or died in one call, all together. While
    /// the app is suspected, every death is reported as a fault of the app.
    pub(crate) fn observe_tokens<'a, T>(
        &self,
        app: &AppId,
        persons: impl IntoIterator<Item = Option<&'a PersonId>>,
        results: &mut [Result<T, Refusal>],
    ) {
        let observations = persons
            .into_iter()
            .zip(&*results)
            .filter_map(|(person, result)| match result {
                Ok(_) => Some((person?, TokenObservation::Alive)),
                Err(refusal) if refusal.kind == RefusalKind::TokenDead => {
                    Some((person?, TokenObservation::Dead))
                }
                Err(_) => None,
            });
        let Some(cause) = self.inner.breaker.record_observations(app, observations) else {
            return;
        };
        for refusal in results.iter_mut().filter_map(|it| it.as_mut().err()) {
            if refusal.kind == RefusalKind::TokenDead {
                refusal.kind = RefusalKind::AppFault;
                refusal.message =
                    format!("{} Graph said: {}", cause.as_sentence(), refusal.message);
            }
        }
    }

    /// The same for a call that one person's token made.
    pub(crate) fn observe_token<T>(
        &self,
        context: &CallContext<'_>,
        result: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut results = [result];
        self.observe_tokens(&context.app.id, [context.person], &mut results);
        let [result] = results;
        result
    }

    /// After Graph blamed the app: verifies the app, at most once in a few seconds, and trips the
    /// breaker if the app is at fault.
    ///
    /// After the cool-down an app stays suspected until Graph accepts its own token, a person's token
    /// works, or `debug_token` confirms that `token` is dead, so that the deaths are real.
    pub(crate) async fn check_app_after_fault(
        &self,
        app: &AppCredentials,
        token: Option<&AccessToken>,
    ) {
        let breaker = &self.inner.breaker;
        if breaker.active_trip(&app.id).is_some() || !breaker.claim_check(&app.id) {
            return;
        }
        match (breaker.suspicion_cause(&app.id), token) {
            (Some(TripCause::Deaths), Some(token)) => match self.confirm_death(app, token).await {
                Ok(DeathVerdict::Confirmed { .. }) => breaker.accept_deaths(&app.id),
                Ok(DeathVerdict::Denied) => breaker.trip_app(&app.id, TripCause::Deaths),
                Err(_) => {}
            },
            (Some(TripCause::Deaths), None) => {}
            (suspected, _) => {
                if self.verify_app(app).await.is_ok() && suspected.is_some() {
                    breaker.clear_suspicion(&app.id);
                }
            }
        }
    }

    /// Checks with the app's own token whether Graph accepts the app. One call; while the app's calls are
    /// suspended, none.
    ///
    /// # Errors
    /// `AppFault`: Graph refuses the app, and the breaker trips. `Unavailable`, `Throttled`: unknown.
    pub async fn verify_app(&self, app: &AppCredentials) -> Result<(), Refusal> {
        if let Some(cause) = self.inner.breaker.active_trip(&app.id) {
            return Err(build_refusal(RefusalKind::AppFault, cause.as_sentence()));
        }
        let token = app
            .app_token()
            .map_err(|_| build_refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let context = CallContext::new(app, Some(&token), None, &[]);
        let query = [("input_token", token.expose())];
        let Err(refused) = self
            .read_once::<IgnoredAny>(&context, "debug_token", &query)
            .await
        else {
            return Ok(());
        };
        match refused.kind {
            RefusalKind::AppFault | RefusalKind::TokenDead => {
                self.inner.breaker.trip_app(&app.id, TripCause::Refused);
                Err(Refusal {
                    kind: RefusalKind::AppFault,
                    ..refused
                })
            }
            RefusalKind::Unavailable | RefusalKind::Throttled { .. } => Err(refused),
            _ => Ok(()),
        }
    }
}
