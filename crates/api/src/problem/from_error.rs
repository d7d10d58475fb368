//! The problem for each error of the use cases.
//!
//! The rule: the match is exhaustive, so that a new error does not compile until it has a response.

use actix_web::http::header;
use regrant_domain::{error_chain, errors::CodeFault};
use regrant_vault::{CodeRefusal, Error, Outage, TokenRefusal};

use super::{
    Code, Fault, MAX_FAULTS, Problem,
    challenge::{REALM, missing_scope, nonce_problem, proof_problem, unauthenticated_problem},
};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(resource) => Self::not_found(resource),
            Error::Invalid { field, reason } => Self::invalid_field(field, reason),
            Error::TooMany { field, limit } => too_many(field, limit),
            Error::UnknownAssets(indexes) => unknown_assets(indexes),
            Error::RecordsFull(limit) => records_full(limit),
            Error::TooManyRunning(limit) => too_many_reconnects(limit),
            Error::TooManyPreviews => too_many_previews(),
            Error::PreviewInterrupted => preview_interrupted(),
            Error::TooManyChecks => Self::new(
                Code::TooManyChecks,
                "Too many checks are running. The Graph API was not asked.",
            )
            .with_header(header::RETRY_AFTER, 5),
            Error::TooManyDiscoveries => Self::new(
                Code::TooManyDiscoveries,
                "A discovery of this tenant is running. Nothing was changed.",
            )
            .with_header(header::RETRY_AFTER, 10),
            Error::Unauthenticated => {
                unauthenticated_problem("invalid_token", "The access token is not valid.")
            }
            Error::Forbidden(permission) => missing_scope(permission),
            Error::NotSigned => Self::new(
                Code::NotSigned,
                "The message is not signed by this app, or it is too old.",
            ),
            Error::Restricted => Self::new(
                Code::Restricted,
                "The access token is limited to some assets or calls of the tenant; this call is outside that limit.",
            ),
            Error::AddressNotAllowed => Self::new(
                Code::AddressNotAllowed,
                "The client may not call from this address.",
            ),
            Error::ProofRefused => proof_problem(),
            Error::NonceRequired => nonce_problem(),
            Error::WrongCredentials => {
                Self::new(Code::WrongCredentials, "The name or the password is wrong.")
                    .with_header(header::WWW_AUTHENTICATE, format!("Bearer {REALM}"))
            }
            Error::LockedOut { retry_after } => Self::new(
                Code::LockedOut,
                "Too many log-ins with this name failed in a row.",
            )
            .with_header(header::RETRY_AFTER, retry_after.as_secs().saturating_add(1)),
            Error::Busy => Self::new(
                Code::TooManyLogins,
                "Too many log-ins are waiting. Try again in a moment.",
            )
            .with_header(header::RETRY_AFTER, 1),
            Error::TenantBusy => Self::new(
                Code::TenantBusy,
                "Too many calls of the tenant are waiting. Nothing was changed.",
            )
            .with_header(header::RETRY_AFTER, 1),
            Error::DatabaseBusy => Self::new(
                Code::DatabaseBusy,
                "The database did not become free in time. Nothing was changed.",
            )
            .with_header(header::RETRY_AFTER, 1),
            Error::ReadOnly => Self::new(Code::ReadOnly, "Your role is read-only."),
            Error::Raced => Self::new(
                Code::CallUnderWay,
                "Another call with the same Idempotency-Key is still running. Try again in a moment.",
            )
            .with_header(header::RETRY_AFTER, 1),
            Error::ScopeNotHeld => Self::new(
                Code::ScopeNotHeld,
                "The client does not hold a requested scope.",
            ),
            Error::ReasonRequired => Self::new(
                Code::ReasonRequired,
                "This tenant requires a reason for reading a token: send it as `X-Regrant-Reason`.",
            ),
            Error::Conflict(conflict) => conflict.into(),
            Error::TokenRefused(refusal) => refusal.into(),
            Error::CodeRefused(refusal) => refusal.into(),
            Error::ConsentFormNotAllowed(form) => Self::new(
                Code::ConsentFormNotAllowed,
                format!("This tenant accepts no log-in in the form `{form}` from a browser session."),
            ),
            Error::Upstream { retry_after } => {
                let seconds = retry_after.map_or(5, |it| it.as_secs().max(1));
                Self::new(
                    Code::GraphUnavailable,
                    "The Graph API does not respond. Nothing was changed.",
                )
                .with_header(header::RETRY_AFTER, seconds)
            }
            Error::Tampered(row) => Self::new(
                Code::RowTampered,
                format!("The stored row {row} was changed around Regrant."),
            ),
            Error::Unavailable(outage, cause) => unavailable_problem(outage, &*cause),
            Error::KeysUnavailable(cause) => keys_problem(&cause),
            Error::Stale => internal_problem(&Error::Stale),
            Error::Internal(cause) => internal_problem(&*cause),
        }
    }
}

/// The problem of a database that cannot be used; the cause is logged and not shown.
fn unavailable_problem(outage: Outage, cause: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(
        error = error_chain(cause),
        "the database cannot be used: {outage}"
    );
    let problem = if outage == Outage::Full {
        Problem::new(Code::DatabaseFull, "The database has no space left.")
    } else {
        Problem::new(Code::NotReady, "The database cannot be used at the moment.")
    };
    problem.with_header(header::RETRY_AFTER, 10)
}

/// The problem of a key provider that cannot be used; the cause is logged and not shown.
fn keys_problem(cause: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(
        alarm = "key_provider_down",
        error = error_chain(cause),
        "the key provider cannot be used"
    );
    Problem::new(
        Code::KeysUnavailable,
        "The provider of the encryption keys cannot be used at the moment.",
    )
    .with_header(header::RETRY_AFTER, 5)
}

fn records_full(limit: u64) -> Problem {
    Problem::new(
        Code::RecordsFull,
        format!("The records of a tenant's calls may hold at most {limit} bytes."),
    )
    .with_header(header::RETRY_AFTER, 300)
}

fn too_many_reconnects(limit: usize) -> Problem {
    Problem::new(
        Code::TooManyReconnects,
        format!("A tenant may run at most {limit} reconnects at once. Nothing was accepted."),
    )
    .with_header(header::RETRY_AFTER, 5)
}

fn too_many_previews() -> Problem {
    Problem::new(
        Code::TooManyPreviews,
        "Too many previews are running. The Graph API was not asked.",
    )
    .with_header(header::RETRY_AFTER, 5)
}

/// The process that ran a preview stopped.
pub(crate) fn preview_interrupted() -> Problem {
    Problem::new(
        Code::PreviewInterrupted,
        "The process that ran the preview stopped. Nothing was changed.",
    )
    .with_header(header::RETRY_AFTER, 1)
}

/// The problem of an internal error; its cause is logged and not shown.
fn internal_problem(cause: &(dyn std::error::Error + 'static)) -> Problem {
    log_internal(cause);
    Problem::new(
        Code::Internal,
        "Internal error. Quote the request id when you ask for help.",
    )
}

impl From<TokenRefusal> for Problem {
    fn from(refusal: TokenRefusal) -> Self {
        let code = match refusal {
            TokenRefusal::Dead(_) => Code::TokenDead,
            TokenRefusal::ForeignApp => Code::TokenOfAnotherApp,
            TokenRefusal::Undecipherable => Code::TokenUndecipherable,
            TokenRefusal::WrongKind => Code::TokenOfWrongKind,
            TokenRefusal::NotAccepted(_) => Code::TokenNotAccepted,
            TokenRefusal::OtherPerson(_) => Code::TokenOfAnotherPerson,
        };
        let field = if code == Code::TokenOfAnotherPerson {
            "expect_person"
        } else {
            "access_token"
        };
        let errors = vec![Fault {
            field: field.to_owned(),
            detail: refusal.to_string(),
        }];
        Self {
            errors,
            ..Self::new(code, format!("Nothing was changed: {refusal}."))
        }
    }
}

impl From<CodeRefusal> for Problem {
    fn from(refusal: CodeRefusal) -> Self {
        let (code, field) = match &refusal {
            CodeRefusal::Spent
            | CodeRefusal::Faulty {
                fault: CodeFault::Used,
                ..
            } => (Code::LoginSpent, "code"),
            CodeRefusal::Faulty {
                fault: CodeFault::OtherRedirect,
                ..
            } => (Code::LoginRefused, "redirect_uri"),
            CodeRefusal::Faulty { .. } | CodeRefusal::AppRefused(_) => (Code::LoginRefused, "code"),
        };
        let errors = vec![Fault {
            field: field.to_owned(),
            detail: refusal.to_string(),
        }];
        Self {
            errors,
            ..Self::new(code, "No consent was kept; the person must log in again.")
        }
    }
}

/// The call names more assets than one call may.
fn too_many(field: &str, limit: usize) -> Problem {
    let errors = vec![Fault {
        field: field.to_owned(),
        detail: format!("at most {limit} per call"),
    }];
    Problem {
        errors,
        ..Problem::new(
            Code::TooMany,
            format!("One call may name at most {limit} assets."),
        )
    }
}

/// The assets at these indexes of `asset_ids` do not exist.
fn unknown_assets(indexes: Vec<usize>) -> Problem {
    let fault = |index| Fault {
        field: format!("asset_ids[{index}]"),
        detail: "no such asset".to_owned(),
    };
    Problem::invalid_fields(indexes.into_iter().take(MAX_FAULTS).map(fault).collect())
}

/// Logs an internal error with its causes.
fn log_internal(cause: &(dyn std::error::Error + 'static)) {
    tracing::error!(error = error_chain(cause), "internal error");
}
