//! Batches: up to 50 reads in one call, answered one by one.
//!
//! The rule: an item that is null, empty or aborted (960) was not completed; nobody can say, so it is
//! sent again. An array of the wrong length is no answer at all. A dead token on top fails every item,
//! so where tokens differ the app's own goes on top and each item brings its token with its proof.

use regrant_domain::{AccessToken, AssetId, PersonId, Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Client,
    call::unreadable,
    caller::Caller,
    error::{GraphError, refusal},
    usage::spent,
    verdict::Circumstances,
    wire,
};

/// No batch holds more.
pub(crate) const MOST: usize = 50;

/// One read of a batch, and who asks it.
pub(crate) struct Question<'a> {
    pub(crate) id: &'a AssetId,
    pub(crate) fields: &'a str,
    pub(crate) token: &'a AccessToken,
    pub(crate) person: Option<&'a PersonId>,
}

/// The body of an item that was answered without an error.
pub(crate) type Reply = Result<Zeroizing<String>, Refusal>;

#[derive(Serialize)]
struct Read<'a> {
    method: &'static str,
    relative_url: &'a str,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "wire::integer")]
    code: Option<i64>,
    #[serde(default)]
    headers: Option<Vec<Header>>,
    #[serde(default, deserialize_with = "wire::secret_text")]
    body: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "wire::text")]
    value: Option<String>,
}

impl Client {
    /// Asks all questions in one call, made with `token`; as many replies, in their order.
    ///
    /// # Errors
    /// The batch as a whole was refused, or nobody can say.
    pub(crate) async fn batch(
        &self,
        caller: &Caller<'_>,
        token: &AccessToken,
        questions: &[Question<'_>],
    ) -> Result<Vec<Reply>, Refusal> {
        let _permit = self.admit_batch(caller).await?;
        let reads = self.reads(caller, token, questions)?;
        let proof = self.appsecret_proof(caller.app, token).pairs();
        let mut form = vec![("batch", reads.as_str()), ("include_headers", "true")];
        form.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
        let request = self
            .inner
            .http
            .post(self.inner.settings.url(""))
            .form(&form);
        let answer = self.send(caller, request).await?;
        match serde_json::from_slice::<Vec<Option<Item>>>(&answer.body) {
            Ok(items) if items.len() == questions.len() => {
                let replies = items.into_iter().zip(questions);
                let mut replies: Vec<_> = replies
                    .map(|(item, it)| self.reply(&caller.in_item(it.token, it.person), item, it.id))
                    .collect();
                self.weigh(
                    &caller.app.id,
                    questions.iter().map(|it| it.person),
                    &mut replies,
                );
                Ok(replies)
            }
            Ok(_) => Err(refusal(
                RefusalKind::Unavailable,
                "Graph answered another number of items.",
            )),
            Err(_) => match answer.error(caller) {
                Some(error) => self.weigh_one(
                    caller,
                    Err(self.refuse(caller, &error, answer.circumstances())),
                ),
                None => Err(unreadable(answer.status)),
            },
        }
    }

    /// The items as the batch carries them.
    fn reads(
        &self,
        caller: &Caller<'_>,
        token: &AccessToken,
        questions: &[Question<'_>],
    ) -> Result<Zeroizing<String>, Refusal> {
        let addresses: Vec<_> = questions
            .iter()
            .map(|it| self.relative(caller, token, it))
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

    /// The address of one read, with the proof of its token. It names the token only where it is not the
    /// batch's own; the address travels inside the body of the call, never as an address of ours.
    fn relative(
        &self,
        caller: &Caller<'_>,
        token: &AccessToken,
        question: &Question<'_>,
    ) -> Zeroizing<String> {
        let own = (question.token.expose() != token.expose()).then(|| question.token.expose());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("fields", question.fields)
            .extend_pairs(own.map(|it| ("access_token", it)))
            .extend_pairs(self.appsecret_proof(caller.app, question.token).pairs())
            .finish();
        let query = Zeroizing::new(query);
        Zeroizing::new(format!("{}?{}", question.id, query.as_str()))
    }

    fn reply(&self, caller: &Caller<'_>, item: Option<Item>, id: &AssetId) -> Reply {
        let item = item.ok_or_else(|| {
            refusal(
                RefusalKind::Unavailable,
                "Graph did not complete this item.",
            )
        })?;
        let told = item.headers.iter().flatten().filter_map(|it| {
            self.note_usage(caller, Some(id), spent(&it.name, it.value.as_deref()?))
        });
        let regain = told.max();
        let status = item
            .code
            .and_then(|it| u16::try_from(it).ok())
            .unwrap_or_default();
        let body = item
            .body
            .filter(|it| !it.is_empty())
            .ok_or_else(|| unreadable(status))?;
        match GraphError::in_body(body.as_bytes(), &caller.redactor) {
            Some(error) => Err(self.refuse(
                caller,
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
