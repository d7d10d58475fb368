//! A log-in that is handed over.

use regrant_domain::{AuthorizationCode, RedirectUri};
use regrant_vault::{ConsentRequest, Login};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    extract::IdempotencyHeader, json::CanonicalJson, problem::Problem,
    submitted_token::SubmittedToken,
};

/// A log-in at Meta. Give exactly one of `code` and `access_token`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConsent {
    /// Code that Meta's log-in dialog returned. It is sent to Meta once.
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 4096)]
    code: Option<AuthorizationCode>,
    /// Only with `code`: the address that the dialog returned the code to, exactly as the dialog was given it. Its origin
    /// must be one of the tenant's. An empty text is sent to Meta as it is; null is not sent.
    #[schema(value_type = Option<String>, max_length = 2048, example = "https://app.example.com/facebook")]
    redirect_uri: Option<RedirectUri>,
    /// Token of a person or a system user.
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 4096)]
    access_token: Option<SubmittedToken>,
}

/// Converts the body into the request of the use case.
pub(super) fn consent_request(
    route: &'static str,
    body: CanonicalJson<NewConsent>,
    idempotency: IdempotencyHeader,
) -> Result<ConsentRequest, Problem> {
    Ok(ConsentRequest {
        login: choose_login(body.value)?,
        repeatable: idempotency.into_call(route, &body.canonical),
    })
}

fn choose_login(it: NewConsent) -> Result<Login, Problem> {
    match (it.code, it.access_token, it.redirect_uri) {
        (Some(code), None, redirect_uri) => Ok(Login::Code { code, redirect_uri }),
        (None, Some(token), None) => Ok(Login::Token(token.into_token())),
        (None, Some(_), Some(_)) => Err(Problem::invalid_field(
            "redirect_uri",
            "cannot be combined with `access_token`",
        )),
        (code, _, _) => Err(Problem::not_exactly_one(
            "code",
            "access_token",
            code.is_some(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use regrant_domain::ConsentForm;

    use super::*;
    use crate::json::{Node, read_request};

    fn parsed(text: &str) -> Result<Login, Problem> {
        let node = Node::parse_document(text.as_bytes()).unwrap();
        choose_login(read_request(node).map_err(Problem::invalid_fields)?)
    }

    #[test]
    fn a_log_in_is_a_code_or_a_token() {
        let form = |text: &str| match parsed(text).unwrap() {
            Login::Code { .. } => ConsentForm::Code,
            Login::Token(_) => ConsentForm::Token,
        };
        for text in [
            r#"{"code":"AQ"}"#,
            r#"{"code":"AQ","redirect_uri":""}"#,
            r#"{"code":"AQ","redirect_uri":null}"#,
            r#"{"code":"AQ","redirect_uri":"https://app.example.com/a?b=c"}"#,
        ] {
            assert_eq!(form(text), ConsentForm::Code, "{text}");
        }
        assert_eq!(form(r#"{"access_token":"E"}"#), ConsentForm::Token);
    }

    #[test]
    fn any_other_request_is_refused() {
        for text in [
            "{}",
            r#"{"redirect_uri":""}"#,
            r#"{"code":"AQ","access_token":"E"}"#,
            r#"{"access_token":"E","redirect_uri":""}"#,
            r#"{"code":""}"#,
            r#"{"code":"A Q"}"#,
            r#"{"code":"AQ","redirect_uri":"app.example.com"}"#,
            r#"{"code":"AQ","redirect_uri":"http://app.example.com/"}"#,
            r#"{"code":"AQ","state":"s"}"#,
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
