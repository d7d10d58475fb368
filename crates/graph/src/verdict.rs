//! From an error of Graph to a refusal: classified, noted in the budget, weighed by the breaker.
//!
//! The rule: a fault of the app stops it only after its own token was refused too; a token of
//! another app alone, in one tenant's hands, must not stop the others.

use std::time::Duration;

use regrant_domain::{AccessToken, AppId, AssetId, PersonId, Refusal, RefusalKind};
use serde::de::IgnoredAny;

use crate::{
    AppCredentials, Client, Death,
    breaker::{RestCause, Word},
    budget::Scope,
    caller::Caller,
    classify::{Class, Limit, classify},
    error::{GraphError, refusal},
};

/// What an error was answered to, and how.
#[derive(Clone, Copy, Default)]
pub(crate) struct Circumstances<'a> {
    pub(crate) status: u16,
    /// The object the call was about.
    pub(crate) about: Option<&'a AssetId>,
    /// The longest wait its usage headers told.
    pub(crate) regain: Option<Duration>,
}

/// How long a person blocked by policy rests: Graph does not say.
const BLOCKED_FOR: Duration = Duration::from_hours(2);

impl Client {
    /// What an error means for this caller, noted in the budget.
    pub(crate) fn refuse(
        &self,
        caller: &Caller<'_>,
        error: &GraphError,
        circumstances: Circumstances<'_>,
    ) -> Refusal {
        let verdict = match classify(error, circumstances.status) {
            Class::Throttled(limit) => refusal(
                self.throttled(caller, limit, circumstances),
                error.sentence(),
            ),
            Class::Refused(kind) => refusal(kind, error.sentence()),
        };
        tracing::debug!(
            graph.code = error.code,
            graph.subcode = error.subcode,
            http.status = circumstances.status,
            kind = ?verdict.kind,
            "Graph refused"
        );
        Refusal {
            fbtrace_id: error.fbtrace_id.clone(),
            ..verdict
        }
    }

    fn throttled(
        &self,
        caller: &Caller<'_>,
        limit: Limit,
        circumstances: Circumstances<'_>,
    ) -> RefusalKind {
        let scopes = limited(caller, limit, circumstances.about);
        let budget = &self.inner.budget;
        if budget.rest(&scopes).is_none() {
            let length = match limit {
                Limit::Blocked => BLOCKED_FOR,
                Limit::Object => circumstances
                    .regain
                    .unwrap_or(self.inner.settings.throttle_pause),
                _ => self.inner.settings.throttle_pause,
            };
            for scope in &scopes {
                self.pause(scope.clone(), length);
            }
        }
        let rest = budget.rest(&scopes).unwrap_or_default();
        RefusalKind::Throttled {
            retry_at: budget.retry_at(rest),
        }
    }

    /// Tells the breaker whose tokens lived and died by the answers of one call, all of them together;
    /// where the app is suspected now, no death is reported.
    pub(crate) fn weigh<'a, T>(
        &self,
        app: &AppId,
        persons: impl IntoIterator<Item = Option<&'a PersonId>>,
        answers: &mut [Result<T, Refusal>],
    ) {
        let heard =
            persons
                .into_iter()
                .zip(&*answers)
                .filter_map(|(person, answer)| match answer {
                    Ok(_) => Some((person?, Word::Alive)),
                    Err(refusal) if refusal.kind == RefusalKind::TokenDead => {
                        Some((person?, Word::Dead))
                    }
                    Err(_) => None,
                });
        let Some(cause) = self.inner.breaker.hear(app, heard) else {
            return;
        };
        for refusal in answers.iter_mut().filter_map(|it| it.as_mut().err()) {
            if refusal.kind == RefusalKind::TokenDead {
                refusal.kind = RefusalKind::AppFault;
                refusal.message = format!("{} Graph said: {}", cause.sentence(), refusal.message);
            }
        }
    }

    /// The same for a call that one person's token made.
    pub(crate) fn weigh_one<T>(
        &self,
        caller: &Caller<'_>,
        answer: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut answers = [answer];
        self.weigh(&caller.app.id, [caller.person], &mut answers);
        let [answer] = answers;
        answer
    }

    /// After Graph blamed the app: makes sure, once in a while, and lets it rest if that is so.
    ///
    /// An app whose rest is over stays suspected until its own token is accepted, a person's token works,
    /// or a second word confirms that `token` is dead, so that the deaths are real.
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

    /// Asks, with the app's own token, whether Graph accepts the app at all.
    ///
    /// # Errors
    /// Graph refuses the app, which rests from now on; or it could not be asked.
    pub(crate) async fn vouch(&self, app: &AppCredentials) -> Result<(), Refusal> {
        let token = app
            .token()
            .map_err(|_| refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let caller = Caller::new(app, Some(&token), None, &[]);
        let asked = [("input_token", token.expose())];
        let Err(refused) = self
            .read_once::<IgnoredAny>(&caller, "debug_token", &asked)
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

/// The scopes a limit pauses. Where it names none that is known, the widest of the caller's.
fn limited(caller: &Caller<'_>, limit: Limit, about: Option<&AssetId>) -> Vec<Scope> {
    let app = &caller.app.id;
    let person = || caller.person.map(|it| Scope::person(app, it));
    let object = about.map(|it| Scope::object(app, it));
    let named: Vec<_> = match limit {
        Limit::App => vec![],
        Limit::Person | Limit::Blocked => person().into_iter().collect(),
        Limit::Page => person().into_iter().chain(object).collect(),
        Limit::Object => object.or_else(person).into_iter().collect(),
    };
    if named.is_empty() {
        vec![Scope::App(app.clone())]
    } else {
        named
    }
}
