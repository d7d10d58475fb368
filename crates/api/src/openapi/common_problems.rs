//! The problems that every call of an API may have, in words.
//!
//! The rule: every code of a problem is described here or by the routes that have it; a test here fails for others.

/// The text of the response that every call refers to.
pub(super) fn describe_common_problems(is_admin: bool) -> String {
    if is_admin {
        format!("{ADMIN_PROBLEMS}{SHARED_PROBLEMS}")
    } else {
        format!("{PUBLIC_PROBLEMS}{SHARED_PROBLEMS}{SUBMITTED_PROBLEMS}")
    }
}

const PUBLIC_PROBLEMS: &str = "\
A problem that every call may have, beside those that it lists.

- 403 `missing_scope`: the access token lacks the scope. `restricted`: the call is outside the limit of the caller. \
  `address_not_allowed`: the client may not call from this address. `origin_not_allowed`: the tenant does not list the \
  origin of the page.
- 429 `rate_limited`: the tenant, the caller or the address exceeds its rate limit. `tenant_busy`: too many calls of \
  the tenant wait for the database. `records_full`: what the tenant's calls left there takes as much as it may; only \
  calls that leave something.
";

const ADMIN_PROBLEMS: &str = "\
A problem that every call may have, beside those that it lists.

- 403 `read_only`: the operator's role is read-only, and the call changes something.
- 429 `tenant_busy`: too many calls of the tenant wait for the database.
";

const SHARED_PROBLEMS: &str = "\
- 409 `row_tampered`: a stored row was changed around Regrant.
- 500 `internal`: this installation has a fault.
- 503 `database_busy`: the database did not become free in time. `not_ready`: it does not respond, or accepts no writes. \
  `keys_unavailable`: the key provider does not respond. Nothing was changed.
- 507 `database_full`: the database has no space left. Nothing was changed.

A call with a body may have these, too.

- 400 `malformed_json`.
- 408 `request_timeout`: the body did not arrive in time.
- 413 `body_too_large`.
- 415 `unsupported_media_type`.
- 429 `too_many_bodies`: bodies of the tenant or of the address take as much memory as they may.
- 503 `bodies_full`: all bodies that are arriving do.";

const SUBMITTED_PROBLEMS: &str = "

A call that submits a token of Meta, or a code for one, may have these, too.

- 403 `consent_form_not_allowed`: the tenant accepts no log-in in this form from browser sessions.
- 422 `token_dead`, `token_of_another_app`, `token_of_wrong_kind`, `token_of_another_person`, `token_undecipherable`, \
  `token_not_accepted`, `code_refused`: it cannot be used. Nothing was changed.
- 429 `too_many_reconnects`: the tenant has reached its limit of running reconnects.";

#[cfg(test)]
mod tests {
    use crate::{openapi_admin_yaml, openapi_yaml, problem_codes};

    /// Codes that no description names.
    const UNNAMED: [(&str, &str); 4] = [
        (
            "method_not_allowed",
            "a call with a described method never has it",
        ),
        ("malformed_form", "under /oauth it is `invalid_request`"),
        ("unknown_scope", "under /oauth it is `invalid_scope`"),
        ("scope_not_held", "under /oauth it is `invalid_scope`"),
    ];

    #[test]
    fn every_problem_code_is_named_in_a_description() {
        let described = [openapi_yaml(), openapi_admin_yaml()].concat();
        for entry in problem_codes() {
            let is_named = described.contains(&format!("`{}`", entry.code));
            let exception = UNNAMED.iter().find(|(code, _)| *code == entry.code);
            assert_eq!(
                is_named,
                exception.is_none(),
                "{} {exception:?}",
                entry.code
            );
        }
    }
}
