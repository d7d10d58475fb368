//! Batches: up to 50 reads in one call, each with a result.
//!
//! The rule: an item that is null, empty, unreadable or aborted (960) was not completed; its result is unknown, so
//! it is sent again, and no other. An array of the wrong length is no valid response. A dead token that sends a
//! batch fails every item, so where tokens differ the app's own token sends the batch and each item
//! carries its token and proof.

use std::borrow::Cow;

use regrant_domain::{AccessToken, PersonId, Refusal, RefusalKind, errors::Caller};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{
    Client, Target,
    app_health::check::TokenOfPerson,
    call::context::CallContext,
    call::unreadable_response,
    call::wire,
    errors::graph_error::{GraphError, build_refusal},
    errors::interpret::ErrorContext,
    limits::usage::parse_usage_header,
};

/// The limit of Graph for one batch.
pub(crate) const MAX_BATCH_SIZE: usize = 50;

/// One read of a batch, with its own token.
pub(crate) struct BatchRead<'a> {
    /// The object, with the id in its canonical form.
    pub(crate) target: &'a Target,
    pub(crate) fields: Cow<'static, str>,
    pub(crate) token: &'a AccessToken,
    pub(crate) person: Option<&'a PersonId>,
    /// Whose token it is.
    pub(crate) caller: Caller,
}

impl<'a> BatchRead<'a> {
    const fn token_of_person(&self) -> TokenOfPerson<'a> {
        TokenOfPerson {
            person: self.person,
            token: Some(self.token),
        }
    }
}

/// The body of an item without an error, or the refusal of the item.
pub(crate) type ItemResult = Result<Zeroizing<String>, Refusal>;

#[derive(Serialize)]
struct WireRead<'a> {
    method: &'static str,
    relative_url: &'a str,
}

#[derive(Deserialize)]
struct WireItem {
    #[serde(default, deserialize_with = "wire::parse_integer")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "wire::parse_items")]
    headers: Vec<WireHeader>,
    #[serde(default, deserialize_with = "wire::parse_secret_text")]
    body: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct WireHeader {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "wire::parse_text")]
    value: Option<String>,
}

impl Client {
    /// Sends all reads in one call with `token`; as many results, in the same order.
    ///
    /// # Errors
    /// Graph refused the batch as a whole, or gave no valid response.
    pub(crate) async fn send_batch(
        &self,
        context: &CallContext<'_>,
        token: &AccessToken,
        reads: &[BatchRead<'_>],
    ) -> Result<Vec<ItemResult>, Refusal> {
        let _permit = self.admit_batch(context).await?;
        let batch = self.serialize_reads(context, token, reads)?;
        let proof = self
            .sign_appsecret_proof(context.app, token)
            .into_parameters();
        let mut form = vec![("batch", batch.as_str()), ("include_headers", "true")];
        form.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
        let request = self
            .inner
            .http
            .post(self.inner.settings.url_of_path(""))
            .form(&form);
        let response = self.send_request(context, request).await?;
        match serde_json::from_slice::<Vec<&RawValue>>(&response.body) {
            Ok(items) if items.len() == reads.len() => {
                let results = items.into_iter().zip(reads);
                let mut results: Vec<_> = results
                    .map(|(item, it)| self.read_item(&context.for_batch_item(it), item, it.target))
                    .collect();
                let callers: Vec<_> = reads.iter().map(BatchRead::token_of_person).collect();
                self.observe_tokens(context.app, &callers, &mut results)
                    .await;
                Ok(results)
            }
            Ok(_) => Err(build_refusal(
                RefusalKind::Unavailable,
                "Graph responded with another number of items.",
            )),
            Err(_) => match response.graph_error(context) {
                Some(error) => {
                    let refusal = self.interpret_error(context, &error, response.error_context());
                    self.observe_token(context, Err(refusal)).await
                }
                None => Err(unreadable_response(response.status)),
            },
        }
    }

    /// The reads as the JSON of the parameter `batch`.
    fn serialize_reads(
        &self,
        context: &CallContext<'_>,
        token: &AccessToken,
        reads: &[BatchRead<'_>],
    ) -> Result<Zeroizing<String>, Refusal> {
        let addresses: Vec<_> = reads
            .iter()
            .map(|it| self.relative_url(context, token, it))
            .collect();
        let reads: Vec<_> = addresses
            .iter()
            .map(|it| WireRead {
                method: "GET",
                relative_url: it.as_str(),
            })
            .collect();
        serde_json::to_string(&reads)
            .map(Zeroizing::new)
            .map_err(|_| unreadable_response(0))
    }

    /// The relative URL of one read, with the proof of its token. It contains the token only where that
    /// differs from the token of the batch. It is part of the request body, so no URL holds a token.
    fn relative_url(
        &self,
        context: &CallContext<'_>,
        token: &AccessToken,
        read: &BatchRead<'_>,
    ) -> Zeroizing<String> {
        let own = (read.token.expose() != token.expose()).then(|| read.token.expose());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("fields", &read.fields)
            .extend_pairs(own.map(|it| ("access_token", it)))
            .extend_pairs(
                self.sign_appsecret_proof(context.app, read.token)
                    .into_parameters(),
            )
            .finish();
        let query = Zeroizing::new(query);
        Zeroizing::new(format!("{}?{}", read.target.id, query.as_str()))
    }

    fn read_item(&self, context: &CallContext<'_>, item: &RawValue, target: &Target) -> ItemResult {
        let item: WireItem = serde_json::from_str(item.get()).map_err(|_| {
            build_refusal(
                RefusalKind::Unavailable,
                "Graph did not complete this item.",
            )
        })?;
        let waits = item.headers.iter().filter_map(|it| {
            self.pause_exhausted_scopes(
                context,
                Some(target),
                parse_usage_header(&it.name, it.value.as_deref()?),
            )
        });
        let retry_after = waits.max();
        let status = item
            .code
            .and_then(|it| u16::try_from(it).ok())
            .unwrap_or_default();
        let body = item
            .body
            .filter(|it| !it.is_empty())
            .ok_or_else(|| unreadable_response(status))?;
        match GraphError::parse_body(body.as_bytes(), &context.redactor) {
            Some(error) => Err(self.interpret_error(
                context,
                &error,
                ErrorContext {
                    status,
                    about: Some(target),
                    retry_after,
                },
            )),
            None if (200..300).contains(&status) => Ok(body),
            None => Err(unreadable_response(status)),
        }
    }
}
