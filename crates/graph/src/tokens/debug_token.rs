//! The response of `debug_token`: facts of a valid token, or why it is not acceptable.
//!
//! The rule: check the app of the token first, then whether it is valid, then the kind. Absent
//! targets of a scope mean all targets; an expiry of 0 means none.

use regrant_domain::{
    AccessToken, CredentialKind, GrantedScope, Refusal, RefusalKind, Timestamp, TokenFacts,
};
use serde::Deserialize;

use crate::{
    AppCredentials, CallError, DeathVerdict, InspectError,
    call::context::CallContext,
    call::wire,
    errors::classify::{ErrorClass, classify_error},
    errors::graph_error::{GraphError, WireError, build_refusal},
};

/// The response of `debug_token`.
#[derive(Deserialize)]
pub(crate) struct DebugTokenResponse {
    pub(crate) data: DebugTokenData,
}

/// The fields about one token; of a text that Graph cannot read almost all are absent.
#[derive(Deserialize)]
pub(crate) struct DebugTokenData {
    #[serde(default, deserialize_with = "wire::parse_text")]
    app_id: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "wire::parse_text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "wire::parse_text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "wire::parse_moment")]
    issued_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::parse_moment")]
    expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::parse_moment")]
    data_access_expires_at: Option<Timestamp>,
    #[serde(default)]
    is_valid: bool,
    #[serde(default, deserialize_with = "wire::parse_texts")]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    granular_scopes: Vec<GranularScope>,
    #[serde(default)]
    error: Option<WireError>,
}

#[derive(Deserialize)]
struct GranularScope {
    scope: String,
    #[serde(default, deserialize_with = "wire::parse_texts")]
    target_ids: Option<Vec<String>>,
}

impl DebugTokenData {
    /// The facts of a valid token of our app that belongs to a person or a system user.
    ///
    /// # Errors
    /// The variant says which of these conditions the token does not meet.
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
            .ok_or_else(missing_person_error)?;
        Ok(TokenFacts {
            kind,
            app_id: app_id.parse().map_err(|_| InspectError::ForeignApp)?,
            person_id,
            person_name: None,
            is_work_account: None,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            data_access_expires_at: self.data_access_expires_at,
            scopes: self.granted_scopes(),
        })
    }

    /// Whether the response calls the token dead.
    ///
    /// # Errors
    /// The response is about another app's token or is not final.
    pub(crate) fn into_death(
        self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<DeathVerdict, Refusal> {
        if self
            .app_id
            .as_deref()
            .is_some_and(|it| it != app.id.as_str())
        {
            return Err(build_refusal(
                RefusalKind::Unclassified,
                "The token belongs to another app.",
            ));
        }
        if self.is_valid {
            return Ok(DeathVerdict::Denied);
        }
        let error = self.redacted_error(app, token);
        match classify_error(&error, 200) {
            ErrorClass::Refused(RefusalKind::TokenDead) => Ok(DeathVerdict::Confirmed {
                reason: error.to_sentence(),
            }),
            ErrorClass::Refused(kind) => Err(build_refusal(kind, message_of_error(&error))),
            ErrorClass::Throttled(_) => Err(build_refusal(
                RefusalKind::Unavailable,
                message_of_error(&error),
            )),
        }
    }

    /// The error about the token, without secrets; an empty one where Graph gives none.
    fn redacted_error(self, app: &AppCredentials, token: &AccessToken) -> GraphError {
        let redactor = CallContext::new(app, None, None, &[token]).redactor;
        self.error
            .map(|it| it.into_graph_error(&redactor))
            .unwrap_or_default()
    }

    fn into_error(self, app: &AppCredentials, token: &AccessToken) -> InspectError {
        if self.app_id.is_none() && self.user_id.is_none() {
            return InspectError::Undecipherable;
        }
        let error = self.redacted_error(app, token);
        let kind = match classify_error(&error, 200) {
            // Invalid without any error code: Graph gives no other reason than the token itself.
            ErrorClass::Refused(RefusalKind::Unclassified) if error.code.is_none() => {
                RefusalKind::TokenDead
            }
            ErrorClass::Refused(kind) => kind,
            ErrorClass::Throttled(_) => RefusalKind::Unavailable,
        };
        Refusal {
            kind,
            message: message_of_error(&error),
            fbtrace_id: error.fbtrace_id.clone(),
        }
        .into()
    }

    /// Scopes with their targets; absent targets mean all targets.
    fn granted_scopes(self) -> Vec<GrantedScope> {
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

fn message_of_error(error: &GraphError) -> String {
    if error.message.is_empty() {
        "Graph calls the token invalid.".to_owned()
    } else {
        error.to_sentence()
    }
}

fn missing_person_error() -> InspectError {
    CallError::Refused(build_refusal(
        RefusalKind::Unclassified,
        "Graph did not say whose token it is.",
    ))
    .into()
}
