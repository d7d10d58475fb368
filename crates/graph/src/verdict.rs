//! From an error of Graph to a refusal: classified, and noted in budget and breaker.
//!
//! The rule: a fault of the app stops it only after its own token was refused too; a token of
//! another app alone, in one tenant's hands, must not stop the others.

use std::time::Duration;

use regrant_domain::{AssetId, Refusal, RefusalKind};
use serde::de::IgnoredAny;

use crate::{
    AppCredentials, Client,
    breaker::Cause,
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
    /// What an error means for this caller, noted in budget and breaker.
    pub(crate) fn refuse(
        &self,
        caller: &Caller<'_>,
        error: &GraphError,
        circumstances: Circumstances<'_>,
    ) -> Refusal {
        let verdict = match classify(error, circumstances.status) {
            Class::Throttled(limit) => {
                refusal(self.throttled(caller, limit, circumstances), error.sentence())
            }
            Class::Refused(RefusalKind::TokenDead) => self.dead(caller, error),
            Class::Refused(kind) => refusal(kind, error.sentence()),
        };
        tracing::debug!(
            graph.code = error.code,
            graph.subcode = error.subcode,
            http.status = circumstances.status,
            kind = ?verdict.kind,
            "Graph refused"
        );
        Refusal { fbtrace_id: error.fbtrace_id.clone(), ..verdict }
    }

    fn throttled(&self, caller: &Caller<'_>, limit: Limit, circumstances: Circumstances<'_>) -> RefusalKind {
        let scopes = limited(caller, limit, circumstances.about);
        let budget = &self.inner.budget;
        if budget.rest(&scopes).is_none() {
            let length = match limit {
                Limit::Blocked => BLOCKED_FOR,
                Limit::Object => circumstances.regain.unwrap_or(self.inner.settings.throttle_pause),
                _ => self.inner.settings.throttle_pause,
            };
            for scope in &scopes {
                self.pause(scope.clone(), length);
            }
        }
        let rest = budget.rest(&scopes).unwrap_or_default();
        RefusalKind::Throttled { retry_at: budget.retry_at(rest) }
    }

    /// A person's token died; many at once are the app's fault.
    fn dead(&self, caller: &Caller<'_>, error: &GraphError) -> Refusal {
        let app = &caller.app.id;
        if let Some(person) = caller.person {
            self.inner.breaker.note_death(app, person);
        }
        match self.inner.breaker.tripped(app) {
            None => refusal(RefusalKind::TokenDead, error.sentence()),
            Some(cause) => {
                let message = format!("{} Graph said: {}", cause.sentence(), error.sentence());
                refusal(RefusalKind::AppFault, message)
            }
        }
    }

    /// After Graph blamed the app: makes sure, once in a while, and lets it rest if that is so.
    pub(crate) async fn confirm_fault(&self, app: &AppCredentials) {
        if !self.app_is_tripped(&app.id) && self.inner.breaker.doubt(&app.id) {
            drop(self.vouch(app).await);
        }
    }

    /// Asks, with the app's own token, whether Graph accepts the app at all.
    ///
    /// # Errors
    /// Graph refuses the app, which rests from now on; or it could not be asked.
    pub(crate) async fn vouch(&self, app: &AppCredentials) -> Result<(), Refusal> {
        let token =
            app.token().map_err(|_| refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let caller = Caller::new(app, Some(&token), None, &[]);
        let asked = [("input_token", token.expose())];
        let Err(refused) = self.read_once::<IgnoredAny>(&caller, "debug_token", &asked).await else {
            return Ok(());
        };
        match refused.kind {
            RefusalKind::AppFault | RefusalKind::TokenDead => {
                self.inner.breaker.trip(&app.id, Cause::Refused);
                Err(Refusal { kind: RefusalKind::AppFault, ..refused })
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
    if named.is_empty() { vec![Scope::App(app.clone())] } else { named }
}
