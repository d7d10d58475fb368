//! The context of a call: app, token, person, and the scopes whose pauses hold for it.

use std::sync::Arc;

use regrant_domain::{AccessToken, AuthorizationCode, PersonId, errors::Caller};

use crate::{
    AppCredentials, errors::redact::Redactor, limits::scopes::PauseScope, probe::batch::BatchRead,
};

/// Which app makes a call, with which token, for which person.
pub(crate) struct CallContext<'a> {
    pub(crate) app: &'a AppCredentials,
    /// The token in the `Authorization` header; `None` where the parameters carry the credentials.
    pub(crate) bearer: Option<&'a AccessToken>,
    pub(crate) person: Option<&'a PersonId>,
    /// Whose token it is.
    pub(crate) caller: Caller,
    /// Redacts every secret of the call, including the tokens of all batch items.
    pub(crate) redactor: Arc<Redactor>,
    /// The call waits while one of these is paused.
    pub(crate) scopes: Vec<PauseScope>,
}

impl<'a> CallContext<'a> {
    /// A context that redacts its own secrets and `others` from Graph's texts. Without a person, the app calls.
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
            caller: person.map_or(Caller::App, |_| Caller::Person),
            redactor,
            scopes: scopes_of_call(app, person),
        }
    }

    /// The same for a call that carries a code: it is redacted, too.
    pub(crate) fn with_code(self, code: &AuthorizationCode) -> Self {
        let secrets = [code.expose(), self.app.secret.expose()];
        Self {
            redactor: Arc::new(Redactor::new(secrets)),
            ..self
        }
    }

    /// The same with a token of this kind of caller.
    pub(crate) fn called_by(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// The context of one item of a batch that this context sends.
    pub(crate) fn for_batch_item(&self, read: &BatchRead<'a>) -> Self {
        Self {
            app: self.app,
            bearer: Some(read.token),
            person: read.person,
            caller: read.caller,
            redactor: self.redactor.clone(),
            scopes: scopes_of_call(self.app, read.person),
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
