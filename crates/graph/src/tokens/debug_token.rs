//! The response of `debug_token`: the facts of a token, and whether Graph calls it valid.
//!
//! The rule: an absent fact is unknown, never wrong. Check the app of the token first, then whether it is valid, then
//! the kind. Absent targets of a scope mean all targets, unreadable ones none; an expiry of 0 means none, and an absent one leaves what was
//! known.
//! Start at `DebugTokenData::into_facts`.

use regrant_domain::{
    AccessToken, AppId, CredentialKind, GrantedScope, Refusal, RefusalKind, Timestamp, TokenFacts,
    errors::{Caller, ErrorClass},
};
use serde::Deserialize;

use crate::{
    AppCredentials, CallError, Client, InspectError,
    call::context::CallContext,
    call::wire,
    errors::classify::ErrorOrigin,
    errors::graph_error::{GraphError, WireError, build_refusal},
};

/// What a response says that names a valid token of our app and no person.
pub(crate) const NO_PERSON_MESSAGE: &str = "Graph did not say whose token it is.";

/// The response of `debug_token`.
#[derive(Deserialize)]
pub(crate) struct DebugTokenResponse {
    pub(crate) data: DebugTokenData,
}

/// The fields about one token; of a text that Graph cannot read almost all are absent.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct DebugTokenData {
    #[serde(deserialize_with = "wire::parse_text")]
    app_id: Option<String>,
    #[serde(rename = "type", deserialize_with = "wire::parse_text")]
    kind: Option<String>,
    #[serde(deserialize_with = "wire::parse_text")]
    user_id: Option<String>,
    #[serde(deserialize_with = "wire::parse_text")]
    profile_id: Option<String>,
    #[serde(deserialize_with = "wire::parse_moment")]
    issued_at: Option<Timestamp>,
    expires_at: wire::End,
    data_access_expires_at: wire::End,
    #[serde(deserialize_with = "wire::parse_flag")]
    is_valid: Option<bool>,
    scopes: wire::Texts,
    #[serde(deserialize_with = "wire::parse_items")]
    granular_scopes: Vec<GranularScope>,
    error: Option<WireError>,
}

#[derive(Deserialize)]
struct GranularScope {
    scope: String,
    #[serde(default)]
    target_ids: wire::Texts,
}

impl GranularScope {
    /// The scope with its targets. Absent targets mean all, unreadable ones none.
    fn to_granted(&self) -> GrantedScope {
        let is_limited = self.target_ids != wire::Texts::Absent;
        GrantedScope {
            scope: self.scope.clone(),
            target_ids: is_limited.then(|| self.target_ids.listed().to_vec()),
        }
    }
}

/// What Graph says of the validity of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Valid: Graph says so, or names the token's facts and no error.
    Valid,
    /// Invalid: Graph says so, or names an error.
    Invalid,
    /// Graph said nothing about the token.
    Unknown,
}

impl DebugTokenData {
    /// The facts of a valid token of our app: of a person, a system user or a page. Dates that the response does not
    /// say are those of `known`, what was known of the token before.
    ///
    /// # Errors
    /// The variant says which of these conditions the token does not meet.
    pub(crate) fn into_facts(
        self,
        client: &Client,
        app: &AppCredentials,
        token: &AccessToken,
        known: Option<&TokenFacts>,
    ) -> Result<TokenFacts, InspectError> {
        if self.is_of_another_app(&app.id) {
            return Err(InspectError::ForeignApp);
        }
        if self.validity() == Validity::Invalid {
            return Err(self.into_error(client, app, token, known));
        }
        self.find_facts(&app.id, client.inner.clock.now(), known)
    }

    /// Whether Graph names another app than ours. The question was asked with our app's token, so an answer that
    /// names no app is about ours.
    pub(crate) fn is_of_another_app(&self, app: &AppId) -> bool {
        self.app_id.as_deref().is_some_and(|it| it != app.as_str())
    }

    /// What Graph says of the token's validity.
    pub(crate) const fn validity(&self) -> Validity {
        let names_facts = self.app_id.is_some() || self.user_id.is_some() || self.kind.is_some();
        match self.is_valid {
            Some(true) => Validity::Valid,
            Some(false) => Validity::Invalid,
            None if self.error.is_some() => Validity::Invalid,
            None if names_facts => Validity::Valid,
            None => Validity::Unknown,
        }
    }

    /// The error about the token, without secrets; an empty one where Graph gives none.
    pub(crate) fn into_redacted_error(
        self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> GraphError {
        let redactor = CallContext::new(app, None, None, &[token]).redactor;
        self.error
            .map(|it| it.into_graph_error(&redactor))
            .unwrap_or_default()
    }

    /// The facts that the response names, whether the token is valid or not.
    fn find_facts(
        &self,
        app: &AppId,
        read_at: Timestamp,
        known: Option<&TokenFacts>,
    ) -> Result<TokenFacts, InspectError> {
        let kind = self
            .credential_kind()
            .ok_or(InspectError::NotAPersonToken)?;
        let person_id = self.user_id.as_deref().and_then(|it| it.parse().ok());
        let profile_id = self.profile_id.as_deref().and_then(|it| it.parse().ok());
        Ok(TokenFacts {
            kind,
            app_id: app.clone(),
            person_id: person_id.ok_or_else(missing_person_error)?,
            profile_id: profile_id.filter(|_| kind == CredentialKind::Page),
            person_name: None,
            is_work_account: None,
            issued_at: self.issued_at,
            expires_at: self.expires_at.or_known(known.and_then(|it| it.expires_at)),
            data_access_expires_at: self
                .data_access_expires_at
                .or_known(known.and_then(|it| it.data_access_expires_at)),
            scopes: self.granted_scopes(),
            read_at,
        })
    }

    /// The kind of the token; `None` for an app's token and for types that are not known.
    fn credential_kind(&self) -> Option<CredentialKind> {
        match self.kind.as_deref() {
            Some("USER") => Some(CredentialKind::User),
            Some("SYSTEM_USER") => Some(CredentialKind::SystemUser),
            Some("PAGE") => Some(CredentialKind::Page),
            Some(_) => None,
            None if self.profile_id.is_some() => Some(CredentialKind::Page),
            None => Some(CredentialKind::User),
        }
    }

    fn into_error(
        self,
        client: &Client,
        app: &AppCredentials,
        token: &AccessToken,
        known: Option<&TokenFacts>,
    ) -> InspectError {
        let is_bare = self.app_id.is_none() && self.user_id.is_none() && self.kind.is_none();
        let read_at = client.inner.clock.now();
        let facts = self.find_facts(&app.id, read_at, known).ok().map(Box::new);
        let error = self.into_redacted_error(app, token);
        if is_bare && error.subcode.is_none() {
            return InspectError::Undecipherable;
        }
        let kind = match client.classify_invalid(&app.id, &error) {
            // Invalid without any error code: Graph gives no other reason than the token itself.
            RefusalKind::TokenRefused if error.code.is_none() => RefusalKind::TokenDead,
            kind => kind,
        };
        InspectError::from(Refusal {
            kind,
            message: message_of_error(&error),
            fbtrace_id: error.fbtrace_id.clone(),
        })
        .with_facts(facts)
    }

    /// Scopes with their targets; absent targets mean all targets.
    fn granted_scopes(&self) -> Vec<GrantedScope> {
        let mut granted: Vec<_> = self
            .granular_scopes
            .iter()
            .map(GranularScope::to_granted)
            .collect();
        for scope in self.scopes.listed() {
            if !granted.iter().any(|it| it.scope == *scope) {
                granted.push(GrantedScope {
                    scope: scope.clone(),
                    target_ids: None,
                });
            }
        }
        granted
    }
}

impl Client {
    /// The kind of the error that `debug_token` gives of a token that it calls invalid.
    pub(crate) fn classify_invalid(&self, app: &AppId, error: &GraphError) -> RefusalKind {
        let origin = ErrorOrigin {
            app,
            http_status: 200,
            object: None,
            caller: Caller::App,
        };
        match self.classify_error(error, origin) {
            ErrorClass::Refused(RefusalKind::Unclassified) => RefusalKind::TokenRefused,
            ErrorClass::Refused(kind) => kind,
            ErrorClass::Throttled(_) => RefusalKind::Unavailable,
        }
    }
}

/// Graph's message about an invalid token, or ours where it gives none.
pub(crate) fn message_of_error(error: &GraphError) -> String {
    if error.message.is_empty() {
        "Graph calls the token invalid.".to_owned()
    } else {
        error.to_sentence()
    }
}

fn missing_person_error() -> InspectError {
    CallError::Refused(build_refusal(RefusalKind::Unclassified, NO_PERSON_MESSAGE)).into()
}

#[cfg(test)]
mod tests;
