//! The answer of `debug_token`, and what it makes of a token.
//!
//! The rule: whose token it is comes first, whether it lives second, what kind it is last. Absent
//! targets of a scope mean all of them; an end of 0 means none.

use regrant_domain::{
    AccessToken, CredentialKind, GrantedScope, Refusal, RefusalKind, Timestamp, TokenFacts,
};
use serde::Deserialize;

use crate::{
    AppCredentials, CallError, Death, InspectError,
    caller::Caller,
    classify::{Class, classify},
    error::{GraphError, WireError, refusal},
    wire,
};

/// The answer of `debug_token`.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    pub(crate) data: Debugged,
}

/// What it says of one token; of an undecipherable one nearly nothing.
#[derive(Deserialize)]
pub(crate) struct Debugged {
    #[serde(default, deserialize_with = "wire::text")]
    app_id: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "wire::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "wire::moment")]
    issued_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::moment")]
    expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::moment")]
    data_access_expires_at: Option<Timestamp>,
    #[serde(default)]
    is_valid: bool,
    #[serde(default, deserialize_with = "wire::texts")]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    granular_scopes: Vec<Granular>,
    #[serde(default)]
    error: Option<WireError>,
}

#[derive(Deserialize)]
struct Granular {
    scope: String,
    #[serde(default, deserialize_with = "wire::texts")]
    target_ids: Option<Vec<String>>,
}

impl Debugged {
    /// The facts of a living token of ours that is a person's or a system user's.
    ///
    /// # Errors
    /// It is none of that; the variants tell what it is.
    pub(crate) fn into_facts(
        mut self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<TokenFacts, InspectError> {
        if self
            .app_id
            .as_deref()
            .is_some_and(|it| it != app.id.as_str())
        {
            return Err(InspectError::ForeignApp);
        }
        if !self.is_valid {
            return Err(self.into_error(app, token));
        }
        let kind = match self.kind.as_deref() {
            Some("USER") => CredentialKind::User,
            Some("SYSTEM_USER") => CredentialKind::SystemUser,
            _ => return Err(InspectError::NotAPersonToken),
        };
        let app_id = self.app_id.take().ok_or(InspectError::Undecipherable)?;
        let person_id = self
            .user_id
            .take()
            .and_then(|it| it.parse().ok())
            .ok_or_else(nameless)?;
        Ok(TokenFacts {
            kind,
            app_id: app_id.parse().map_err(|_| InspectError::ForeignApp)?,
            person_id,
            person_name: None,
            is_work_account: None,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            data_access_expires_at: self.data_access_expires_at,
            scopes: self.granted(),
        })
    }

    /// Whether it calls the token dead.
    ///
    /// # Errors
    /// It says something else: nothing of this token, or nothing final.
    pub(crate) fn into_death(
        self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<Death, Refusal> {
        if self
            .app_id
            .as_deref()
            .is_some_and(|it| it != app.id.as_str())
        {
            return Err(refusal(
                RefusalKind::Unclassified,
                "The token belongs to another app.",
            ));
        }
        if self.is_valid {
            return Ok(Death::Denied);
        }
        let redactor = Caller::new(app, None, None, &[token]).redactor;
        let error = self
            .error
            .map(|it| it.redacted(&redactor))
            .unwrap_or_default();
        match classify(&error, 200) {
            Class::Refused(RefusalKind::TokenDead) => Ok(Death::Confirmed {
                reason: error.sentence(),
            }),
            Class::Refused(kind) => Err(refusal(kind, sentence(&error))),
            Class::Throttled(_) => Err(refusal(RefusalKind::Unavailable, sentence(&error))),
        }
    }

    fn into_error(self, app: &AppCredentials, token: &AccessToken) -> InspectError {
        if self.app_id.is_none() && self.user_id.is_none() {
            return InspectError::Undecipherable;
        }
        let redactor = Caller::new(app, None, None, &[token]).redactor;
        let error = self
            .error
            .map(|it| it.redacted(&redactor))
            .unwrap_or_default();
        let kind = match classify(&error, 200) {
            Class::Refused(RefusalKind::Unclassified) if error.code.is_none() => {
                RefusalKind::TokenDead
            }
            Class::Refused(kind) => kind,
            Class::Throttled(_) => RefusalKind::Unavailable,
        };
        Refusal {
            kind,
            message: sentence(&error),
            fbtrace_id: error.fbtrace_id.clone(),
        }
        .into()
    }

    /// Scopes with their targets; absent targets mean all of them.
    fn granted(self) -> Vec<GrantedScope> {
        let mut granted: Vec<_> = self
            .granular_scopes
            .into_iter()
            .map(|it| GrantedScope {
                scope: it.scope,
                target_ids: it.target_ids,
            })
            .collect();
        for scope in self.scopes.unwrap_or_default() {
            if !granted.iter().any(|it| it.scope == scope) {
                granted.push(GrantedScope {
                    scope,
                    target_ids: None,
                });
            }
        }
        granted
    }
}

fn sentence(error: &GraphError) -> String {
    if error.message.is_empty() {
        "Graph calls the token invalid.".to_owned()
    } else {
        error.sentence()
    }
}

fn nameless() -> InspectError {
    CallError::Refused(refusal(
        RefusalKind::Unclassified,
        "Graph did not say whose token it is.",
    ))
    .into()
}
