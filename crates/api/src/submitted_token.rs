//! Tokens that callers submit, or name by a consent.
//!
//! The rule: no submitted token holds `|`. It separates a token from a time in what the app secret signs, and an app from
//! its secret in an app token; no person's, page's or system user's token has one.

use regrant_domain::{AccessToken, ConsentId};
use regrant_vault::TokenSource;
use serde::Deserialize;

use crate::problem::Problem;

/// A token in a request body.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SubmittedToken(AccessToken);

impl SubmittedToken {
    pub(crate) fn into_token(self) -> AccessToken {
        self.0
    }
}

impl TryFrom<String> for SubmittedToken {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let token = AccessToken::parse(text).map_err(|fault| fault.to_string())?;
        if token.expose().contains('|') {
            return Err("expected a token without `|`: an app token serves no asset".to_owned());
        }
        Ok(Self(token))
    }
}

/// The token of a request, which must give exactly one of `access_token` and `consent_id`.
pub(crate) fn choose_token_source(
    access_token: Option<SubmittedToken>,
    consent_id: Option<ConsentId>,
) -> Result<TokenSource, Problem> {
    match (access_token, consent_id) {
        (Some(token), None) => Ok(TokenSource::Token(token.into_token())),
        (None, Some(consent)) => Ok(TokenSource::Consent(consent)),
        (token, _) => Err(Problem::not_exactly_one(
            "access_token",
            "consent_id",
            token.is_some(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_a_bar_is_refused_and_not_quoted() {
        assert!(serde_json::from_str::<SubmittedToken>(r#""EAABcanary""#).is_ok());
        for text in ["|", "EAABcanary|1", "1|EAABcanary", "EAAB|canary|1"] {
            let refused = SubmittedToken::try_from(text.to_owned()).unwrap_err();
            assert!(refused.contains("without `|`"), "{refused}");
            assert!(!refused.contains("canary"), "{refused}");
        }
    }
}
