//! The errors of Graph, verbatim in text, code, subcode and type.
//!
//! The rule: the messages are quotations; do not edit them.

mod not_simulated;

use super::{Method, Reply};
use crate::token::{CodeRefusal, TokenEnding};
use serde_json::{Map, Value, json};

pub(crate) const OAUTH: &str = "OAuthException";
pub(crate) const METHOD: &str = "GraphMethodException";

/// An error object of Graph, with the HTTP status of its response.
#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    pub status: u16,
    pub kind: String,
    pub code: i64,
    pub subcode: Option<i64>,
    pub message: String,
    pub is_transient: bool,
    /// `error_data` and other members that few errors have.
    pub details: Map<String, Value>,
    /// What the simulator lacks, if that is why the call fails.
    pub not_simulated: Option<Box<str>>,
}

impl GraphError {
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        let (kind, message) = (OAUTH.to_owned(), message.into());
        Self {
            status: 400,
            kind,
            code,
            subcode: None,
            message,
            is_transient: false,
            details: Map::new(),
            not_simulated: None,
        }
    }

    fn with_type(self, kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            ..self
        }
    }

    fn subcode(self, subcode: i64) -> Self {
        Self {
            subcode: Some(subcode),
            ..self
        }
    }

    fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub fn to_reply(&self) -> Reply {
        let mut error = json!({
            "message": self.message, "type": self.kind, "code": self.code, "fbtrace_id": new_trace_id(),
        });
        if let Some(fields) = error.as_object_mut() {
            self.subcode
                .map(|subcode| fields.insert("error_subcode".to_owned(), subcode.into()));
            self.is_transient
                .then(|| fields.insert("is_transient".to_owned(), true.into()));
            fields.extend(self.details.clone());
        }
        let mark = ("x-regrant-sandbox".into(), "not-simulated".to_owned());
        Reply {
            status: self.status,
            headers: self.not_simulated.iter().map(|_| mark.clone()).collect(),
            ..Reply::json(&json!({ "error": error }))
        }
    }

    /// No such object, no permission or no such operation: Graph does not say which.
    pub fn unsupported_request(method: Method, id: &str) -> Self {
        let verb = method.as_str();
        let text = format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        Self::new(100, text).with_type(METHOD).subcode(33)
    }

    /// The error of an asset after the cut-off of a migration.
    pub fn past_cut_off() -> Self {
        Self::new(
            100,
            "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does \
             not support this operation. This endpoint requires the 'pages_read_engagement' permission or the 'Page \
             Public Content Access' feature or the 'Page Public Metadata Access' feature. Refer to \
             https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages and \
             https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details.",
        )
    }

    pub fn nonexisting_field(field: &str, node_type: &str) -> Self {
        Self::new(
            100,
            format!(
                "(#100) Tried accessing nonexisting field ({field}) on node type ({node_type})"
            ),
        )
    }

    pub fn missing_parameter(parameter: &str) -> Self {
        Self::new(100, format!("(#100) The parameter {parameter} is required"))
    }

    pub fn ids_refused() -> Self {
        Self::new(
            100,
            "(#100) The ids query parameter is deprecated in v26.0+",
        )
        .status(500)
    }

    pub fn unknown_alias(alias: &str) -> Self {
        let text = format!("(#803) Some of the aliases you requested do not exist: {alias}");
        Self::new(803, text).status(404)
    }

    pub fn no_token(on_me: bool) -> Self {
        if on_me {
            return Self::new(
                2500,
                "An active access token must be used to query information about the current user.",
            );
        }
        Self::new(104, "An access token is required to request this resource.")
    }

    /// Graph repeats the text that it could not read: clients must redact it.
    pub fn malformed_token(text: &str) -> Self {
        Self::new(190, format!("Malformed access token {text}"))
    }

    pub fn wrong_app_secret() -> Self {
        Self::new(190, "Invalid OAuth access token signature.")
    }

    pub fn wrong_proof() -> Self {
        Self::new(100, "Invalid appsecret_proof provided in the API argument").with_type(METHOD)
    }

    pub fn proof_required() -> Self {
        Self::new(
            100,
            "API calls from the server require an appsecret_proof argument",
        )
        .with_type(METHOD)
    }

    /// The error of a dead token.
    pub fn token_ended(ending: TokenEnding, app: &str, now: chrono::DateTime<chrono::Utc>) -> Self {
        let (subcode, why) = match ending {
            TokenEnding::Expired(at) => (463, format!("Session has expired on {}. The current time is {}.", format_time(at), format_time(now))),
            TokenEnding::Deauthorized => (458, format!("The user has not authorized application {app}.")),
            TokenEnding::PasswordChanged => (
                460,
                "The session has been invalidated because the user changed their password or Facebook has changed the \
                 session for security reasons."
                    .to_owned(),
            ),
            TokenEnding::Invalidated => (466, "The session was explicitly invalidated by an API call.".to_owned()),
        };
        Self::new(190, format!("Error validating access token: {why}")).subcode(subcode)
    }

    /// The error of a code that is not exchanged.
    pub fn code_refused(why: CodeRefusal) -> Self {
        match why {
            CodeRefusal::Unknown => Self::new(100, "Invalid verification code format."),
            CodeRefusal::Used => {
                Self::new(100, "This authorization code has been used.").subcode(36_009)
            }
            CodeRefusal::Expired => {
                Self::new(100, "This authorization code has expired.").subcode(36_007)
            }
            CodeRefusal::OtherRedirect => Self::new(
                100,
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you used \
                 in the OAuth dialog request",
            )
            .subcode(36_008),
        }
    }

    pub fn data_access_lapsed() -> Self {
        Self::new(
            190,
            "The user hasn't engaged the app in longer than 90 days.",
        )
        .subcode(493)
    }

    pub fn no_page_role() -> Self {
        let text = "The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the \
                    page business requires Two Factor Authentication, the user also needs to enable Two Factor Authentication.";
        Self::new(190, text).subcode(492)
    }

    pub fn page_token_required() -> Self {
        Self::new(
            190,
            "A Page access token is required to request this resource.",
        )
        .subcode(2_069_032)
    }

    pub fn page_not_granted() -> Self {
        Self::new(
            190,
            "Any of the pages_read_engagement, pages_manage_metadata, pages_read_user_content, pages_manage_ads, \
             pages_show_list or pages_messaging permission(s) must be granted before impersonating a user's page.",
        )
    }

    pub fn ad_account_refused() -> Self {
        Self::new(
            200,
            "(#200) Ad account owner has NOT grant ads_management or ads_read permission",
        )
        .status(403)
    }

    pub fn missing_permissions() -> Self {
        Self::new(100, "(#100) Missing permissions")
    }

    pub fn permission_denied(code: i64, text: &str) -> Self {
        Self::new(code, format!("(#{code}) {text}")).status(403)
    }

    pub fn two_factor() -> Self {
        Self::new(
            415,
            "(#415) Two factor authentication is required to access this business.",
        )
    }

    pub fn batch_error(message: &str) -> Self {
        Self::new(100, message).with_type("GraphBatchException")
    }

    /// An item of a batch that did not run, because an item failed on which it depends.
    pub fn item_aborted() -> Self {
        let text = "Request aborted. This could happen if a dependent request failed or the entire request timed out.";
        Self::new(960, text).with_type("FacebookApiException")
    }

    /// A rate limit.
    pub fn throttled_with(code: i64) -> Self {
        let text = match code {
            4 => "(#4) Application request limit reached".to_owned(),
            17 => "(#17) User request limit reached".to_owned(),
            32 => "(#32) Page request limit reached".to_owned(),
            341 => "(#341) Application limit reached".to_owned(),
            613 => "(#613) Calls to this api have exceeded the rate limit.".to_owned(),
            other => format!(
                "(#{other}) There have been too many calls from this business. Wait a bit and try again. For more info, \
                 please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
            ),
        };
        let status = if code == 4 { 403 } else { 400 };
        Self {
            is_transient: matches!(code, 4 | 17 | 32),
            ..Self::new(code, text).status(status)
        }
    }
}

/// A trace id, by which Meta's support finds a call.
pub(crate) fn new_trace_id() -> String {
    let text = crate::token::random_hex();
    format!("A{}", text.get(..22).unwrap_or(&text))
}

fn format_time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%A, %d-%b-%y %H:%M:%S UTC").to_string()
}
