//! Checks of an app: by the tokens that work and die, and by a call with the app's own token.
//!
//! The rule: a fault of the app suspends its calls only after its own token was refused too. A
//! wrong token that one tenant submits must not suspend the other tenants of the app.
//! Start at `Client::observe_tokens` and `Client::check_app_after_fault`.

use regrant_domain::{AccessToken, AppId, PersonId, Refusal, RefusalKind};
use serde::de::IgnoredAny;

use crate::{
    AppCredentials, Client, Death,
    app_health::breaker::{RestCause, Word},
    call::context::Caller,
    errors::graph_error::refusal,
};

impl Client {
    /// Records in the breaker which persons' tokens worked or died in one call, all together. While
    /// the app is suspected, every death is reported as a fault of the app.
    pub(crate) fn weigh<'a, T>(
        &self,
        app: &AppId,
        persons: impl IntoIterator<Item = Option<&'a PersonId>>,
        results: &mut [Result<T, Refusal>],
    ) {
        let observations = persons
            .into_iter()
            .zip(&*results)
            .filter_map(|(person, result)| match result {
                Ok(_) => Some((person?, Word::Alive)),
                Err(refusal) if refusal.kind == RefusalKind::TokenDead => {
                    Some((person?, Word::Dead))
                }
                Err(_) => None,
            });
        let Some(cause) = self.inner.breaker.hear(app, observations) else {
            return;
        };
        for refusal in results.iter_mut().filter_map(|it| it.as_mut().err()) {
            if refusal.kind == RefusalKind::TokenDead {
                refusal.kind = RefusalKind::AppFault;
                refusal.message = format!("{} Graph said: {}", cause.sentence(), refusal.message);
            }
        }
    }

    /// The same for a call that one person's token made.
    pub(crate) fn weigh_one<T>(
        &self,
        context: &Caller<'_>,
        result: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut results = [result];
        self.weigh(&context.app.id, [context.person], &mut results);
        let [result] = results;
        result
    }

    /// After Graph blamed the app: verifies the app, at most once in a few seconds, and trips the
    /// breaker if the app is at fault.
    ///
    /// After the cool-down an app stays suspected until Graph accepts its own token, a person's token
    /// works, or `debug_token` confirms that `token` is dead, so that the deaths are real.
    pub(crate) async fn confirm_fault(&self, app: &AppCredentials, token: Option<&AccessToken>) {
        let breaker = &self.inner.breaker;
        if breaker.tripped(&app.id).is_some() || !breaker.doubt(&app.id) {
            return;
        }
        match (breaker.suspected(&app.id), token) {
            (Some(RestCause::Deaths), Some(token)) => match self.confirm_death(app, token).await {
                Ok(Death::Confirmed { .. }) => breaker.believe(&app.id),
                Ok(Death::Denied) => breaker.trip(&app.id, RestCause::Deaths),
                Err(_) => {}
            },
            (Some(RestCause::Deaths), None) => {}
            (suspected, _) => {
                if self.vouch(app).await.is_ok() && suspected.is_some() {
                    breaker.close(&app.id);
                }
            }
        }
    }

    /// Checks with the app's own token whether Graph accepts the app.
    ///
    /// # Errors
    /// `AppFault`: Graph refuses the app, and the breaker trips. `Unavailable`, `Throttled`: unknown.
    pub(crate) async fn vouch(&self, app: &AppCredentials) -> Result<(), Refusal> {
        let token = app
            .token()
            .map_err(|_| refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let context = Caller::new(app, Some(&token), None, &[]);
        let query = [("input_token", token.expose())];
        let Err(refused) = self
            .read_once::<IgnoredAny>(&context, "debug_token", &query)
            .await
        else {
            return Ok(());
        };
        match refused.kind {
            RefusalKind::AppFault | RefusalKind::TokenDead => {
                self.inner.breaker.trip(&app.id, RestCause::Refused);
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
