//! Who speaks in a call, and which scopes that spends.

use std::sync::Arc;

use regrant_domain::{AccessToken, PersonId};

use crate::{AppCredentials, budget::Scope, redact::Redactor};

/// Who speaks in a call: an app, with whose token, for whom.
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a AppCredentials,
    /// The token in the `Authorization` header; none where the parameters carry the credentials.
    pub(crate) bearer: Option<&'a AccessToken>,
    pub(crate) person: Option<&'a PersonId>,
    /// Knows every secret of the call, those of all items of a batch too.
    pub(crate) redactor: Arc<Redactor>,
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
        let tokens = bearer
            .into_iter()
            .chain(others.iter().copied())
            .map(AccessToken::expose);
        let redactor = Arc::new(Redactor::new(tokens.chain([app.secret.expose()])));
        Self {
            app,
            bearer,
            person,
            redactor,
            scopes: scopes(app, person),
        }
    }

    /// Who speaks in one item of this caller's batch.
    pub(crate) fn in_item(&self, bearer: &'a AccessToken, person: Option<&'a PersonId>) -> Self {
        Self {
            app: self.app,
            bearer: Some(bearer),
            person,
            redactor: self.redactor.clone(),
            scopes: scopes(self.app, person),
        }
    }
}

fn scopes(app: &AppCredentials, person: Option<&PersonId>) -> Vec<Scope> {
    let person = person.map(|it| Scope::person(&app.id, it));
    [Scope::App(app.id.clone())]
        .into_iter()
        .chain(person)
        .collect()
}
