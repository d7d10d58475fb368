//! Checks of an app: by the tokens that work and die, and by a call with the app's own token.
//!
//! The rule: a fault of the app suspends its calls only after its own token was refused too. A
//! wrong token that one tenant submits must not suspend the other tenants of the app.
//! Start at `Client::observe_tokens` and `Client::check_app_after_fault`.

use futures_util::future::BoxFuture;
use regrant_domain::{AccessToken, PersonId, Refusal, RefusalKind};
use serde::de::IgnoredAny;

use crate::{
    AppCredentials, Client, DeathVerdict,
    app_health::breaker::{AppStanding, TokenObservation, TripCause},
    call::context::CallContext,
    errors::graph_error::build_refusal,
};

/// The person and the token of one call or batch item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenOfPerson<'a> {
    pub(crate) person: Option<&'a PersonId>,
    pub(crate) token: Option<&'a AccessToken>,
}

impl Client {
    /// Records in the breaker which persons' tokens worked or died in one call, all together. While
    /// the app is suspected, every death is reported as a fault of the app.
    pub(crate) async fn observe_tokens<T>(
        &self,
        app: &AppCredentials,
        callers: &[TokenOfPerson<'_>],
        results: &mut [Result<T, Refusal>],
    ) {
        let observations = callers.iter().zip(&*results).filter_map(observe_result);
        let cause = match self
            .inner
            .breaker
            .record_observations(&app.id, observations)
        {
            AppStanding::Trusted => None,
            AppStanding::Suspected(cause) => Some(cause),
            AppStanding::Doubted => {
                let dead = callers.iter().zip(&*results).find(|(it, result)| {
                    it.person.is_some() && result.as_ref().is_err_and(is_death)
                });
                match dead.map(|(it, _)| *it) {
                    Some(dead) => self.confirm_doubted_death(app, dead).await,
                    None => None,
                }
            }
        };
        if let Some(cause) = cause {
            blame_app_for_deaths(cause, results);
        }
    }

    /// The same for a call that one person's token made; a call that carries no token in its header shows nothing.
    pub(crate) async fn observe_token<T>(
        &self,
        context: &CallContext<'_>,
        result: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let caller = TokenOfPerson {
            person: context.bearer.and(context.person),
            token: context.bearer,
        };
        let mut results = [result];
        self.observe_tokens(context.app, &[caller], &mut results)
            .await;
        let [result] = results;
        result
    }

    /// Asks `debug_token` about one of many tokens that died. A real death suspends nothing. Returns why
    /// the app is to blame for the deaths of this call, if it is or if Graph gave no answer.
    ///
    /// Boxed, because the question is a call whose result is observed like any other.
    fn confirm_doubted_death<'a>(
        &'a self,
        app: &'a AppCredentials,
        dead: TokenOfPerson<'a>,
    ) -> BoxFuture<'a, Option<TripCause>> {
        Box::pin(async move {
            let breaker = &self.inner.breaker;
            let (person, token) = dead.person.zip(dead.token)?;
            match self.confirm_death(app, token).await {
                Ok(DeathVerdict::Confirmed { .. }) => {
                    breaker.forget_person(&app.id, person);
                    None
                }
                Ok(DeathVerdict::Denied) => {
                    breaker.trip_app(&app.id, TripCause::Deaths);
                    Some(TripCause::Deaths)
                }
                Err(refusal) if refusal.kind == RefusalKind::AppFault => {
                    // The app's own token was refused: this check suspends the calls if that is so again.
                    drop(self.verify_app(app).await);
                    Some(TripCause::Refused)
                }
                // Graph ends the token for another reason, or gave no answer: neither is the app's fault.
                Err(_) => None,
            }
        })
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

fn is_death(refusal: &Refusal) -> bool {
    refusal.kind == RefusalKind::TokenDead
}

/// Whether the token of a person worked or died; `None` where the result says neither.
fn observe_result<'a, T>(
    (caller, result): (&TokenOfPerson<'a>, &Result<T, Refusal>),
) -> Option<(&'a PersonId, TokenObservation)> {
    match result {
        Ok(_) => Some((caller.person?, TokenObservation::Alive)),
        Err(refusal) if is_death(refusal) => Some((caller.person?, TokenObservation::Dead)),
        Err(_) => None,
    }
}

fn blame_app_for_deaths<T>(cause: TripCause, results: &mut [Result<T, Refusal>]) {
    let refusals = results.iter_mut().filter_map(|it| it.as_mut().err());
    for refusal in refusals.filter(|it| is_death(it)) {
        refusal.kind = RefusalKind::AppFault;
        refusal.message = format!("{} Graph said: {}", cause.as_sentence(), refusal.message);
    }
}
