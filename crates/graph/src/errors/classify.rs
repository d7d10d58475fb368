//! The meaning of every error of Graph (graph-facts §5). No other module reads Graph's codes.
//!
//! The rule: code, subcode and message decide before the HTTP status does; an error in no table is
//! `Unclassified`, never "dead". The type `OAuthException` is ignored: nearly every error has it.

use regrant_domain::{AssetId, RefusalKind};

use crate::errors::graph_error::GraphError;

/// The meaning of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ErrorClass {
    /// A refusal: the kind says what to do. Only `Unavailable` may be retried at once.
    Refused(RefusalKind),
    /// A limit was hit; its scope must be paused.
    Throttled(Limit),
}

/// Which calls the limit covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Every call of the app.
    App,
    /// Every call with tokens of this person.
    Person,
    /// The person is blocked by policy for hours.
    Blocked,
    /// Calls about the page, and calls of the person.
    Page,
    /// Calls about the business or asset.
    Object,
}

/// The meaning of `error` in a response with `http_status`.
pub(crate) fn classify_error(error: &GraphError, http_status: u16) -> ErrorClass {
    let message = error.message.to_lowercase();
    let Some(code) = error.code else {
        return classify_unknown_error(error, http_status);
    };
    classify_by_message(&message)
        .or_else(|| classify_by_code(code, error, &message))
        .unwrap_or_else(|| classify_unknown_error(error, http_status))
}

/// Faults of the app or of our request: Graph reports them under codes with other meanings.
fn classify_by_message(message: &str) -> Option<ErrorClass> {
    let says = |texts: &[&str]| texts.iter().any(|it| message.contains(it));
    if says(&APP_FAULTS) || (message.contains("api access") && says(&["blocked", "deactivated"])) {
        return Some(refused_class(RefusalKind::AppFault));
    }
    if says(&REQUEST_FAULTS) {
        return Some(refused_class(RefusalKind::RequestFault));
    }
    says(&["cannot call api for app"]).then(|| refused_class(RefusalKind::TokenDead))
}

const APP_FAULTS: [&str; 5] = [
    "appsecret_proof",
    "error validating client secret",
    "error validating application",
    "application has been deleted",
    "cannot get application info",
];
const REQUEST_FAULTS: [&str; 4] = [
    "nonexisting field",
    "ids query parameter",
    "too many ids",
    "too many requests in batch message",
];

fn classify_by_code(code: i64, error: &GraphError, message: &str) -> Option<ErrorClass> {
    use RefusalKind as Kind;
    Some(match code {
        1 if error.subcode == Some(2_853_001) => refused_class(Kind::NotReached),
        1 | 2 | 960 => refused_class(Kind::Unavailable),
        3 | 101 | 104 | 270 => refused_class(Kind::AppFault),
        4 | 341 => ErrorClass::Throttled(Limit::App),
        10 => refused_class(Kind::MissingScope(find_permissions(message))),
        17 | 613 => ErrorClass::Throttled(Limit::Person),
        21 => refused_class(Kind::PageMoved(find_new_page_id(message))),
        32 => ErrorClass::Throttled(Limit::Page),
        100 => return classify_parameter_error(error, message),
        102 => refused_class(classify_session_error(error.subcode).unwrap_or(Kind::TokenDead)),
        190 if message.contains("must be granted before impersonating") => {
            refused_class(Kind::MissingScope(find_permissions(message)))
        }
        190 => return classify_session_error(error.subcode).map(refused_class),
        459 | 460 | 463 | 467 => return classify_session_error(Some(code)).map(refused_class),
        200..=299 => refused_class(classify_permission_error(error, message)),
        368 => ErrorClass::Throttled(Limit::Blocked),
        415 => refused_class(Kind::TwoFactorRequired),
        506 | 2500 | 2635 => refused_class(Kind::RequestFault),
        803 | 3900..=3999 => refused_class(Kind::NotReached),
        80_000..=80_006 | 80_008 | 80_009 | 80_014 => ErrorClass::Throttled(Limit::Object),
        _ => return None,
    })
}

/// Code 100 has five meanings; `by_message` has already recognised proof and request faults.
fn classify_parameter_error(error: &GraphError, message: &str) -> Option<ErrorClass> {
    use RefusalKind as Kind;
    let kind = match error.subcode {
        Some(33) => Kind::NotReached,
        Some(21) => Kind::PageMoved(find_new_page_id(message)),
        _ if message.contains("does not exist") => Kind::NotReached,
        _ if message.contains("missing permission") => {
            Kind::MissingScope(find_permissions(message))
        }
        _ => return None,
    };
    Some(refused_class(kind))
}

/// Code 190: the token is dead, the person must act first, or the token is not at fault.
fn classify_session_error(subcode: Option<i64>) -> Option<RefusalKind> {
    use RefusalKind as Kind;
    Some(match subcode {
        None | Some(452 | 456 | 457 | 458 | 460 | 461 | 462 | 463 | 465 | 466 | 467 | 468) => {
            Kind::TokenDead
        }
        Some(459) => Kind::Checkpoint,
        Some(464) => Kind::Unconfirmed,
        Some(483) => Kind::ConsentRequired,
        Some(493) => Kind::DataAccessExpired,
        Some(492) => Kind::NoRole,
        Some(2_069_032) => Kind::RequestFault,
        Some(_) => return None,
    })
}

fn classify_permission_error(error: &GraphError, message: &str) -> RefusalKind {
    if matches!(error.subcode, Some(2_069_030 | 2_069_031 | 2_069_033)) {
        RefusalKind::RequestFault
    } else if message.contains("not grant ads_management") {
        RefusalKind::NotReached
    } else {
        RefusalKind::MissingScope(find_permissions(message))
    }
}

fn classify_unknown_error(error: &GraphError, http_status: u16) -> ErrorClass {
    let down = error.is_transient || (http_status >= 500 && error.code != Some(100));
    match http_status {
        _ if down => refused_class(RefusalKind::Unavailable),
        429 => ErrorClass::Throttled(Limit::Person),
        _ if error.kind == "GraphBatchException" => refused_class(RefusalKind::RequestFault),
        _ => refused_class(RefusalKind::Unclassified),
    }
}

fn refused_class(kind: RefusalKind) -> ErrorClass {
    ErrorClass::Refused(kind)
}

/// The permissions that a message names.
fn find_permissions(message: &str) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for name in message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
        let is_permission = PERMISSION_PREFIXES.iter().any(|it| name.starts_with(it));
        if is_permission && !named.iter().any(|it| it == name) {
            named.push(name.to_owned());
        }
    }
    named
}

const PERMISSION_PREFIXES: [&str; 10] = [
    "ads_",
    "business_",
    "catalog_",
    "commerce_",
    "instagram_",
    "leads_",
    "pages_",
    "read_insights",
    "threads_",
    "whatsapp_",
];

/// The id after "migrated to" in the message.
fn find_new_page_id(message: &str) -> Option<String> {
    let (_, after) = message.split_once("migrated to")?;
    let digits = after
        .split(|c: char| !c.is_ascii_digit())
        .find(|it| !it.is_empty())?;
    digits.parse::<AssetId>().ok().map(String::from)
}

#[cfg(test)]
mod tests;
