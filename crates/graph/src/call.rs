//! One HTTP call: who speaks, whether it may, what was answered.
//!
//! The rule: nothing of a request or an answer is logged; what becomes a message goes through the
//! caller's redactor first. Every answer's usage headers and every error reach budget and breaker here.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder, Retryable};
use regrant_domain::{AccessToken, AssetId, PersonId, Refusal, RefusalKind};
use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;
use tokio::sync::SemaphorePermit;
use zeroize::Zeroizing;

use crate::{
    AppCredentials, Client,
    breaker::Cause,
    budget::Scope,
    classify::{Class, Limit, classify},
    error::{GraphError, refusal},
    redact::Redactor,
    usage::{Spent, Whose, spent},
};

/// Who speaks in a call: an app, with whose token, for whom.
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a AppCredentials,
    /// The token in the `Authorization` header; none where the parameters carry the credentials.
    pub(crate) bearer: Option<&'a AccessToken>,
    pub(crate) person: Option<&'a PersonId>,
    pub(crate) redactor: Redactor,
    scopes: Vec<Scope>,
}

impl<'a> Caller<'a> {
    /// A caller whose texts are redacted of its own secrets and of `others`.
    pub(crate) fn new(
        app: &'a AppCredentials,
        bearer: Option<&'a AccessToken>,
        person: Option<&'a PersonId>,
        others: &[&AccessToken],
    ) -> Self {
        let tokens = bearer
            .into_iter()
            .chain(others.iter().copied())
            .map(AccessToken::expose);
        let person_scope = person.map(|it| Scope::Person(app.id.clone(), it.clone()));
        Self {
            app,
            bearer,
            person,
            redactor: Redactor::new(tokens.chain([app.secret.expose()])),
            scopes: [Scope::App(app.id.clone())]
                .into_iter()
                .chain(person_scope)
                .collect(),
        }
    }
}

/// What came back, whatever it says.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// No answer of Graph is longer.
const LONGEST_BODY: usize = 16 << 20;
/// How long a person blocked by policy rests where Graph does not say.
const BLOCKED_FOR: Duration = Duration::from_hours(2);

impl Client {
    /// Reads `path`, trying again while nobody can say.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        caller: &Caller<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        let answer = (|| self.read_once(caller, path, query))
            .retry(self.backoff_plan())
            .sleep(tokio::time::sleep)
            .when(|it: &Refusal| it.kind == RefusalKind::Unavailable)
            .await;
        if answer.as_ref().is_err_and(|it| it.kind == RefusalKind::AppFault) {
            self.confirm_fault(caller.app).await;
        }
        answer
    }

    async fn read_once<T: DeserializeOwned>(
        &self,
        caller: &Caller<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        self.admit(caller).await?;
        let mut url = self.inner.settings.url(path);
        url.query_pairs_mut()
            .extend_pairs(query)
            .extend_pairs(self.proof_pairs(caller));
        let answer = self.send(caller, self.inner.http.get(url)).await?;
        if let Some(error) = GraphError::in_body(&answer.body, &caller.redactor) {
            return Err(self.refuse(caller, &error, answer.status, None));
        }
        serde_json::from_slice(&answer.body).map_err(|_| unreadable(answer.status))
    }

    /// Sends one request and reads the whole answer. No error names the address: it may hold a token.
    pub(crate) async fn send(&self, caller: &Caller<'_>, request: RequestBuilder) -> Result<Answer, Refusal> {
        let request = match caller.bearer {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        };
        let response = request.send().await.map_err(|it| silent(&it))?;
        let status = response.status().as_u16();
        self.note_headers(caller, &response);
        Ok(Answer {
            status,
            body: body(response).await?,
        })
    }

    fn note_headers(&self, caller: &Caller<'_>, response: &Response) {
        let headers = response.headers();
        let text = |name| {
            headers
                .get(name)
                .and_then(|it| it.to_str().ok())
                .unwrap_or_default()
        };
        tracing::debug!(
            http.status = response.status().as_u16(),
            graph.version = %caller.redactor.text(text("facebook-api-version")),
            graph.trace_id = %caller.redactor.text(text("x-fb-trace-id")),
            "Graph answered"
        );
        for (name, value) in headers {
            if let Ok(value) = value.to_str() {
                self.note_usage(caller, None, spent(name.as_str(), value));
            }
        }
    }

    /// Pauses what the usage headers of a call about `about` say is spent.
    pub(crate) fn note_usage(&self, caller: &Caller<'_>, about: Option<&AssetId>, all: Vec<Spent>) {
        let app = &caller.app.id;
        for Spent { whose, regain } in all {
            let scope = match whose {
                Whose::App => Some(Scope::App(app.clone())),
                Whose::Object(id) => Some(Scope::Object(
                    app.clone(),
                    id.trim_start_matches("act_").to_owned(),
                )),
                Whose::About => about.map(|it| Scope::object(app, it)),
            };
            if let Some(scope) = scope {
                self.inner.budget.pause(
                    scope,
                    spread(regain.unwrap_or(self.inner.settings.throttle_pause)),
                );
            }
        }
    }

    /// Waits until the caller may call. Short pauses are waited out, long ones are refused.
    pub(crate) async fn admit(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            if let Some(cause) = self.inner.breaker.tripped(&caller.app.id) {
                return Err(refusal(RefusalKind::AppFault, cause.sentence()));
            }
            match self.inner.budget.rest(&caller.scopes) {
                None => return Ok(()),
                Some(rest) if rest <= self.inner.settings.max_wait => tokio::time::sleep(rest).await,
                Some(_) => break,
            }
        }
        match self.inner.budget.rest(&caller.scopes) {
            None => Ok(()),
            Some(rest) => Err(self.resting(rest)),
        }
    }

    /// The same for a batch, which also waits for its turn among all batches.
    pub(crate) async fn admit_batch(&self, caller: &Caller<'_>) -> Result<SemaphorePermit<'_>, Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            self.admit(caller).await?;
            let closed = |_| refusal(RefusalKind::Unavailable, "The client is closed.");
            let permit = self.inner.batches.acquire().await.map_err(closed)?;
            let tripped = self.inner.breaker.tripped(&caller.app.id).is_some();
            if !tripped && self.inner.budget.rest(&caller.scopes).is_none() {
                return Ok(permit);
            }
        }
        self.admit(caller).await?;
        Err(refusal(
            RefusalKind::Unavailable,
            "The limits of the app leave no room.",
        ))
    }

    /// What a call refused for a running pause says.
    pub(crate) fn resting(&self, rest: Duration) -> Refusal {
        let retry_at = self.inner.budget.retry_at(rest);
        refusal(
            RefusalKind::Throttled { retry_at },
            "A limit of Graph was reached; its scope rests.",
        )
    }

    /// What an error means for this caller, noted in budget and breaker.
    pub(crate) fn refuse(
        &self,
        caller: &Caller<'_>,
        error: &GraphError,
        status: u16,
        about: Option<&AssetId>,
    ) -> Refusal {
        let kind = match classify(error, status) {
            Class::Throttled(limit) => self.throttled(caller, limit, about),
            Class::Refused(RefusalKind::TokenDead) => self.dead(caller),
            Class::Refused(kind) => kind,
        };
        tracing::debug!(
            graph.code = error.code,
            graph.subcode = error.subcode,
            http.status = status,
            ?kind,
            "Graph refused"
        );
        Refusal {
            kind,
            message: error.sentence(),
            fbtrace_id: error.fbtrace_id.clone(),
        }
    }

    fn throttled(&self, caller: &Caller<'_>, limit: Limit, about: Option<&AssetId>) -> RefusalKind {
        let scopes = limited(caller, limit, about);
        let budget = &self.inner.budget;
        if budget.rest(&scopes).is_none() {
            let length = if limit == Limit::Blocked {
                BLOCKED_FOR
            } else {
                self.inner.settings.throttle_pause
            };
            for scope in &scopes {
                budget.pause(scope.clone(), spread(length));
            }
        }
        RefusalKind::Throttled {
            retry_at: budget.retry_at(budget.rest(&scopes).unwrap_or_default()),
        }
    }

    /// A person's token died; many at once are the app's fault.
    fn dead(&self, caller: &Caller<'_>) -> RefusalKind {
        if let Some(person) = caller.person {
            self.inner.breaker.note_death(&caller.app.id, person);
        }
        match self.inner.breaker.tripped(&caller.app.id) {
            Some(_) => RefusalKind::AppFault,
            None => RefusalKind::TokenDead,
        }
    }

    /// Asks, with the app's own token, whether Graph refuses the app. A token of another app alone
    /// must not stop this one. Returns whether the app is well.
    pub(crate) async fn confirm_fault(&self, app: &AppCredentials) -> bool {
        if self.app_is_tripped(&app.id) || !self.inner.breaker.doubt(&app.id) {
            return !self.app_is_tripped(&app.id);
        }
        let Ok(token) = app.token() else { return false };
        let caller = Caller::new(app, Some(&token), None, &[]);
        let asked = [("input_token", token.expose())];
        let answer = self
            .read_once::<serde::de::IgnoredAny>(&caller, "debug_token", &asked)
            .await;
        let refused =
            answer.is_err_and(|it| matches!(it.kind, RefusalKind::AppFault | RefusalKind::TokenDead));
        if refused {
            self.inner.breaker.trip(&app.id, Cause::Refused);
        }
        !refused
    }

    fn proof_pairs(&self, caller: &Caller<'_>) -> Vec<(&'static str, String)> {
        caller.bearer.map_or_else(Vec::new, |token| {
            self.appsecret_proof(caller.app, token).pairs().into()
        })
    }
}

/// The scopes a limit pauses.
fn limited(caller: &Caller<'_>, limit: Limit, about: Option<&AssetId>) -> Vec<Scope> {
    let app = &caller.app.id;
    let person = || caller.person.map(|it| Scope::Person(app.clone(), it.clone()));
    let object = || about.map(|it| Scope::object(app, it));
    let named: Vec<_> = match limit {
        Limit::App => vec![],
        Limit::Person | Limit::Blocked => person().into_iter().collect(),
        Limit::Page => person().into_iter().chain(object()).collect(),
        Limit::Object => object().into_iter().collect(),
    };
    if named.is_empty() {
        vec![Scope::App(app.clone())]
    } else {
        named
    }
}

/// A little longer than told, so that not everybody comes back at once.
fn spread(pause: Duration) -> Duration {
    let jitter = ConstantBuilder::new()
        .with_delay(pause / 40)
        .with_jitter()
        .build()
        .next();
    pause.saturating_add(jitter.unwrap_or_default())
}

async fn body(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = response.chunk().await.map_err(|it| silent(&it))? {
        if body.len() + piece.len() > LONGEST_BODY {
            return Err(refusal(RefusalKind::Unavailable, "Graph's answer is too long."));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Graph could not be heard. The error itself is not repeated: it holds the address.
fn silent(error: &reqwest::Error) -> Refusal {
    let message = match error {
        it if it.is_timeout() => "Graph did not answer in time.",
        it if it.is_connect() => "Graph could not be reached.",
        _ => "The connection to Graph broke.",
    };
    refusal(RefusalKind::Unavailable, message)
}

/// What stands for an answer that is no JSON of the expected form: HTML, nothing, half of it.
pub(crate) fn unreadable(status: u16) -> Refusal {
    refusal(
        RefusalKind::Unavailable,
        format!("Graph answered something unreadable (HTTP {status})."),
    )
}
