//! Batches: up to 50 reads in one call, each with a result.
//!
//! The rule: an item that is null, empty or aborted (960) was not completed; its result is unknown, so
//! it is sent again. An array of the wrong length is no valid response. A dead token that sends a
//! batch fails every item, so where tokens differ the app's own token sends the batch and each item
//! carries its token and proof.

use regrant_domain::{AccessToken, AssetId, PersonId, Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Client,
    call::context::Caller,
    call::unreadable,
    call::wire,
    errors::graph_error::{GraphError, refusal},
    errors::interpret::Circumstances,
    limits::usage::spent,
};

/// The limit of Graph for one batch.
pub(crate) const MOST: usize = 50;

/// One read of a batch, with its own token.
pub(crate) struct Question<'a> {
    pub(crate) id: &'a AssetId,
    pub(crate) fields: &'a str,
    pub(crate) token: &'a AccessToken,
    pub(crate) person: Option<&'a PersonId>,
}

/// The body of an item without an error, or the refusal of the item.
pub(crate) type Reply = Result<Zeroizing<String>, Refusal>;

#[derive(Serialize)]
struct Read<'a> {
    method: &'static str,
    relative_url: &'a str,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "wire::parse_integer")]
    code: Option<i64>,
    #[serde(default)]
    headers: Option<Vec<Header>>,
    #[serde(default, deserialize_with = "wire::parse_secret_text")]
    body: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Header {
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
    pub(crate) async fn batch(
        &self,
        context: &Caller<'_>,
        token: &AccessToken,
        reads: &[Question<'_>],
    ) -> Result<Vec<Reply>, Refusal> {
        let _permit = self.admit_batch(context).await?;
        let batch = self.reads(context, token, reads)?;
        let proof = self.appsecret_proof(context.app, token).pairs();
        let mut form = vec![("batch", batch.as_str()), ("include_headers", "true")];
        form.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
        let request = self
            .inner
            .http
            .post(self.inner.settings.url(""))
            .form(&form);
        let response = self.send(context, request).await?;
        match serde_json::from_slice::<Vec<Option<Item>>>(&response.body) {
            Ok(items) if items.len() == reads.len() => {
                let results = items.into_iter().zip(reads);
                let mut results: Vec<_> = results
                    .map(|(item, it)| {
                        self.reply(&context.in_item(it.token, it.person), item, it.id)
                    })
                    .collect();
                self.weigh(
                    &context.app.id,
                    reads.iter().map(|it| it.person),
                    &mut results,
                );
                Ok(results)
            }
            Ok(_) => Err(refusal(
                RefusalKind::Unavailable,
                "Graph responded with another number of items.",
            )),
            Err(_) => match response.error(context) {
                Some(error) => self.weigh_one(
                    context,
                    Err(self.refuse(context, &error, response.circumstances())),
                ),
                None => Err(unreadable(response.status)),
            },
        }
    }

    /// The reads as the JSON of the parameter `batch`.
    fn reads(
        &self,
        context: &Caller<'_>,
        token: &AccessToken,
        reads: &[Question<'_>],
    ) -> Result<Zeroizing<String>, Refusal> {
        let addresses: Vec<_> = reads
            .iter()
            .map(|it| self.relative(context, token, it))
            .collect();
        let reads: Vec<_> = addresses
            .iter()
            .map(|it| Read {
                method: "GET",
                relative_url: it.as_str(),
            })
            .collect();
        serde_json::to_string(&reads)
            .map(Zeroizing::new)
            .map_err(|_| unreadable(0))
    }

    /// The relative URL of one read, with the proof of its token. It contains the token only where that
    /// differs from the token of the batch. It is part of the request body, so no URL holds a token.
    fn relative(
        &self,
        context: &Caller<'_>,
        token: &AccessToken,
        read: &Question<'_>,
    ) -> Zeroizing<String> {
        let own = (read.token.expose() != token.expose()).then(|| read.token.expose());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("fields", read.fields)
            .extend_pairs(own.map(|it| ("access_token", it)))
            .extend_pairs(self.appsecret_proof(context.app, read.token).pairs())
            .finish();
        let query = Zeroizing::new(query);
        Zeroizing::new(format!("{}?{}", read.id, query.as_str()))
    }

    fn reply(&self, context: &Caller<'_>, item: Option<Item>, id: &AssetId) -> Reply {
        let item = item.ok_or_else(|| {
            refusal(
                RefusalKind::Unavailable,
                "Graph did not complete this item.",
            )
        })?;
        let waits = item.headers.iter().flatten().filter_map(|it| {
            self.note_usage(context, Some(id), spent(&it.name, it.value.as_deref()?))
        });
        let regain = waits.max();
        let status = item
            .code
            .and_then(|it| u16::try_from(it).ok())
            .unwrap_or_default();
        let body = item
            .body
            .filter(|it| !it.is_empty())
            .ok_or_else(|| unreadable(status))?;
        match GraphError::in_body(body.as_bytes(), &context.redactor) {
            Some(error) => Err(self.refuse(
                context,
                &error,
                Circumstances {
                    status,
                    about: Some(id),
                    regain,
                },
            )),
            None if (200..300).contains(&status) => Ok(body),
            None => Err(unreadable(status)),
        }
    }
}
