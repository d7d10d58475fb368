//! Who speaks in a call, and which scopes that spends.

use regrant_domain::{AccessToken, PersonId};

use crate::{AppCredentials, budget::Scope, redact::Redactor};

/// Who speaks in a call: an app, with whose token, for whom.
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a AppCredentials,
    /// The token in the `Authorization` header; none where the parameters carry the credentials.
    pub(crate) bearer: Option<&'a AccessToken>,
    pub(crate) person: Option<&'a PersonId>,
    pub(crate) redactor: Redactor,
    /// What rests when this caller is throttled as a whole.
    pub(crate) scopes: Vec<Scope>,
}

impl<'a> Caller<'a> {
    /// A caller whose texts are redacted of its own secrets and of `others`.
    pub(crate) fn new(
        app: &'a AppCredentials,
        bearer: Option<&'a AccessToken>,
        person: Option<&'a PersonId>,
        others: &[&AccessToken],
    ) -> Self {
        let tokens = bearer.into_iter().chain(others.iter().copied()).map(AccessToken::expose);
        let person_scope = person.map(|it| Scope::Person(app.id.clone(), it.clone()));
        Self {
            app,
            bearer,
            person,
            redactor: Redactor::new(tokens.chain([app.secret.expose()])),
            scopes: [Scope::App(app.id.clone())].into_iter().chain(person_scope).collect(),
        }
    }
}
