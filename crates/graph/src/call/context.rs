//! The context of a call: app, token, person, and the scopes whose pauses hold for it.

use std::sync::Arc;

use regrant_domain::{AccessToken, PersonId};

use crate::{AppCredentials, errors::redact::Redactor, limits::pauses::PauseScope};

/// Which app makes a call, with which token, for which person.
pub(crate) struct CallContext<'a> {
    pub(crate) app: &'a AppCredentials,
    /// The token in the `Authorization` header; `None` where the parameters carry the credentials.
    pub(crate) bearer: Option<&'a AccessToken>,
    pub(crate) person: Option<&'a PersonId>,
    /// Redacts every secret of the call, including the tokens of all batch items.
    pub(crate) redactor: Arc<Redactor>,
    /// The call waits while one of these is paused.
    pub(crate) scopes: Vec<PauseScope>,
}

impl<'a> CallContext<'a> {
    /// A context that redacts its own secrets and `others` from Graph's texts.
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
            scopes: scopes_of_call(app, person),
        }
    }

    /// The context of one item of a batch that this context sends.
    pub(crate) fn for_batch_item(
        &self,
        bearer: &'a AccessToken,
        person: Option<&'a PersonId>,
    ) -> Self {
        Self {
            app: self.app,
            bearer: Some(bearer),
            person,
            redactor: self.redactor.clone(),
            scopes: scopes_of_call(self.app, person),
        }
    }
}

fn scopes_of_call(app: &AppCredentials, person: Option<&PersonId>) -> Vec<PauseScope> {
    let person = person.map(|it| PauseScope::for_person(&app.id, it));
    [PauseScope::App(app.id.clone())]
        .into_iter()
        .chain(person)
        .collect()
}
