//! One HTTP call: sent, answered, read.
//!
//! The rule: nothing of a request or an answer is logged; what becomes a message goes through the
//! caller's redactor first.

use std::time::Duration;

use backon::Retryable;
use regrant_domain::{Refusal, RefusalKind};
use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{
    Client,
    caller::Caller,
    error::{GraphError, refusal},
    usage::spent,
    verdict::Circumstances,
};

/// What came back, whatever it says.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The longest wait the usage headers told.
    pub(crate) regain: Option<Duration>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// No answer of Graph is longer.
const LONGEST_BODY: usize = 16 << 20;
/// Room for most batches: a buffer that grows leaves its old self behind.
const USUAL_BODY: usize = 256 << 10;

impl Client {
    /// Reads `path`, trying again while nobody can say.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        caller: &Caller<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        let answer = self.read_patiently(caller, path, query).await;
        if answer
            .as_ref()
            .is_err_and(|it| it.kind == RefusalKind::AppFault)
        {
            self.confirm_fault(caller.app, caller.bearer).await;
        }
        answer
    }

    /// The same without asking further when Graph blames the app.
    pub(crate) async fn read_patiently<T: DeserializeOwned>(
        &self,
        caller: &Caller<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        (|| self.read_once(caller, path, query))
            .retry(self.backoff_plan())
            .sleep(tokio::time::sleep)
            .when(|it: &Refusal| it.kind == RefusalKind::Unavailable)
            .await
    }

    /// Reads `path`, once.
    pub(crate) async fn read_once<T: DeserializeOwned>(
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
        let read = match answer.error(caller) {
            Some(error) => Err(self.refuse(caller, &error, answer.circumstances())),
            None => serde_json::from_slice(&answer.body).map_err(|_| unreadable(answer.status)),
        };
        self.weigh_one(caller, read)
    }

    /// Sends one request and reads the whole answer. No error names the address: it may hold a token.
    pub(crate) async fn send(
        &self,
        caller: &Caller<'_>,
        request: RequestBuilder,
    ) -> Result<Answer, Refusal> {
        let request = match caller.bearer {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        };
        let response = request.send().await.map_err(|it| silent(&it))?;
        let status = response.status().as_u16();
        let regain = self.note_headers(caller, &response);
        Ok(Answer {
            status,
            regain,
            body: body(response).await?,
        })
    }

    fn note_headers(&self, caller: &Caller<'_>, response: &Response) -> Option<Duration> {
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
        let texts = headers
            .iter()
            .filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
        texts
            .filter_map(|(name, value)| self.note_usage(caller, None, spent(name.as_str(), value)))
            .max()
    }

    fn proof_pairs(&self, caller: &Caller<'_>) -> Vec<(&'static str, String)> {
        caller.bearer.map_or_else(Vec::new, |token| {
            self.appsecret_proof(caller.app, token).pairs().into()
        })
    }
}

impl Answer {
    /// The error the body holds, if it holds one.
    pub(crate) fn error(&self, caller: &Caller<'_>) -> Option<GraphError> {
        GraphError::in_body(&self.body, &caller.redactor)
    }

    pub(crate) const fn circumstances(&self) -> Circumstances<'static> {
        Circumstances {
            status: self.status,
            about: None,
            regain: self.regain,
        }
    }
}

async fn body(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut body = Zeroizing::new(Vec::with_capacity(USUAL_BODY));
    while let Some(piece) = response.chunk().await.map_err(|it| silent(&it))? {
        if body.len() + piece.len() > LONGEST_BODY {
            return Err(refusal(
                RefusalKind::Unavailable,
                "Graph's answer is too long.",
            ));
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
