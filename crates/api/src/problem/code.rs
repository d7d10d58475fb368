//! The one table of problem codes: status, title, meaning, remedy.
//!
//! The rule: a code is part of the contract. Codes are added, never renamed; `/problems/<code>` is its page.

/// One kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemCode {
    /// The stable code; the last segment of `type`.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// The title.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Every problem code, by status.
#[must_use]
pub const fn problem_codes() -> &'static [ProblemCode] {
    TABLE
}

macro_rules! codes {
    ($($item:ident $code:literal $status:literal $title:literal, $meaning:literal, $remedy:literal;)+) => {
        /// A problem code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $(#[doc = $title] $item),+ }

        impl Code {
            /// Its entry in the table.
            #[must_use]
            pub const fn entry(self) -> ProblemCode {
                match self {
                    $(Self::$item => ProblemCode {
                        code: $code, status: $status, title: $title, meaning: $meaning, remedy: $remedy,
                    }),+
                }
            }
        }

        const TABLE: &[ProblemCode] = &[$(Code::$item.entry()),+];
    };
}

codes! {
    MalformedJson "malformed_json" 400 "Malformed JSON",
        "The body is not one JSON document, nests deeper than 32 levels or ends early. Nothing was changed.",
        "Correct the body at the line and column that `detail` names.";
    ScopeNotHeld "scope_not_held" 400 "Scope not held",
        "The client asked for a scope that it does not hold.",
        "Ask for fewer scopes, or have an operator grant the scope to the client.";
    ReasonRequired "reason_required" 400 "Reason required",
        "The tenant demands that whoever reads a token says why, or the reason is not 1 to 200 characters without \
         control characters. No token left.",
        "Send the reason as `X-Regrant-Reason`; it is kept in the audit, so put no secret into it.";
    Unauthenticated "unauthenticated" 401 "Not authenticated",
        "The call carries no access token, or one that is expired, revoked or not ours. A token is accepted in the \
         Authorization header only, never in the address.",
        "Get an access token from POST /oauth/token and send it as `Authorization: Bearer …`.";
    ProofRequired "proof_required" 401 "Proof required",
        "The client's calls must prove themselves, and this one carries no `X-Regrant-Proof`, or one that does not \
         count: it is malformed, older than five minutes, from the future, made with another key or for another \
         access token, or was used before. Nothing was changed.",
        "Make a fresh proof for each call from the client's secret, the access token, the time and a new nonce.";
    WrongCredentials "wrong_credentials" 401 "Wrong credentials",
        "No operator of this name has this password, or the operator is disabled; which of these it is is not told.",
        "Check both. After five failures in a row the name is locked for a while; an owner can reset the password.";
    MissingScope "missing_scope" 403 "Missing scope",
        "The access token is good but does not carry the scope that `detail` names.",
        "Get an access token with that scope; an operator decides which scopes a client holds.";
    AddressNotAllowed "address_not_allowed" 403 "Address not allowed",
        "The access token is good, but its client may call from certain networks alone, and this call comes from \
         another address. Nothing was changed.",
        "Call from a network of the client's, or have an operator add the one you call from.";
    Restricted "restricted" 403 "Restricted credential",
        "The credential is confined to some of the tenant's assets, or is a browser's session, and this call is \
         beyond that. Nothing was changed.",
        "Use a client of the tenant that is not confined, or stay within what this one was made for.";
    OriginNotAllowed "origin_not_allowed" 403 "Origin not allowed",
        "A page of this origin may not call here: no tenant that is served lists exactly this origin, it is not the \
         session's tenant's, or a page may not make this call at all. Nothing was changed.",
        "Have an operator list the page's exact origin (scheme, host and port) for the tenant; call everything but \
         reconnects of a session from the tenant's backend.";
    ReadOnly "read_only" 403 "Read-only role",
        "The operator's role lets it look at everything and change nothing. Nothing was changed.",
        "Have an operator of the role `owner` do it.";
    NotSigned "not_signed" 403 "Not signed",
        "The message is not signed by the app whose address it came to, its word is not the one agreed on, or it is \
         too old. An app that is not known looks exactly the same. Nothing was changed.",
        "Check the app's secret and verify token with the operator, and that the body is sent as it was signed.";
    NotFound "not_found" 404 "Not found",
        "There is no such thing for this tenant. What belongs to another tenant looks exactly the same.",
        "Check the identifier and the path.";
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed",
        "The path exists, but not with this method.",
        "Use one of the methods in the Allow header.";
    RequestTimeout "request_timeout" 408 "Request timeout",
        "The body did not arrive in time. Nothing was changed.",
        "Send the request again; with an Idempotency-Key it is safe at any time.";
    NoToken "no_token" 409 "No working token",
        "The asset has no token that is believed to work. `reason` says why, who must act and what to do next.",
        "Follow `reason.next_step`; usually a person logs in again and POST /v1/reconnects replaces the token.";
    ReconnectEnded "reconnect_ended" 409 "Reconnect ended",
        "The reconnect has completed or was cancelled; it cannot be cancelled any more.",
        "Read the reconnect to see what became of its items.";
    CallUnderWay "call_under_way" 409 "Call under way",
        "Another call with the same Idempotency-Key has not ended yet.",
        "Repeat the call after the time in the Retry-After header: it will answer what that call did.";
    TooManySessions "too_many_sessions" 409 "Too many sessions",
        "The tenant has as many open reconnect sessions as it may have. Nothing was changed.",
        "End sessions that are not used any more, or open them for fewer minutes.";
    SessionUsedUp "session_used_up" 409 "Session used up",
        "The reconnect session has started as many reconnects, or looked at as many previews, as it may, or has ended \
         in this moment. Each accepted reconnect and each preview counts, also one whose token was refused. Nothing \
         was changed.",
        "Have the tenant's backend open another session.";
    PlanOutdated "plan_outdated" 409 "Plan outdated",
        "The reconnect names a plan that does not hold: it is older than 15 minutes, was made with another token or \
         for other assets, or an asset was replaced, proved or sealed anew or stopped working since, or another \
         reconnect is about to replace one. Nothing was changed.",
        "Ask for another preview and decide again, or leave `plan_id` out.";
    TooManyAssets "too_many_assets" 409 "Too many assets",
        "The tenant would have more assets than it may have. Nothing of the call was registered.",
        "Delete assets that are not needed any more, or have an operator raise the tenant's number.";
    TooManyWebhookEndpoints "too_many_webhook_endpoints" 409 "Too many webhook endpoints",
        "The tenant has as many webhook endpoints as it may have. Nothing was changed.",
        "Delete an endpoint that is not used any more, or let one endpoint take more kinds of events.";
    WebhookEndpointDisabled "webhook_endpoint_disabled" 409 "Webhook endpoint disabled",
        "Nothing is sent to a disabled webhook endpoint. Nothing was changed.",
        "Enable the endpoint, then try again.";
    TooManyClients "too_many_clients" 409 "Too many clients",
        "The tenant has as many clients as it may have. Nothing was changed.",
        "Delete a client that is not used any more.";
    ProofKeyMissing "proof_key_missing" 409 "Proof key missing",
        "The client's secret was made before calls could be proved, so nothing of its could be checked. Nothing was \
         changed.",
        "Reset the client's secret, hand the new one out, then demand proofs.";
    TenantGone "tenant_gone" 409 "Tenant gone",
        "The tenant was deleted or its data keys were destroyed, or it is to be deleted. Nothing was changed.",
        "Restore the tenant first where it is to be deleted; what was deleted or shredded does not come back.";
    TenantNotSuspended "tenant_not_suspended" 409 "Tenant not suspended",
        "The tenant is still served, and what was asked for would end that without warning. Nothing was changed.",
        "Suspend the tenant first.";
    LastOwner "last_owner" 409 "Last owner",
        "Without this operator nobody could run the installation: there is no other owner who can log in. Nothing was \
         changed.",
        "Make another operator of the role `owner` first.";
    AlreadyExists "already_exists" 409 "Already exists",
        "Something of that name exists already.",
        "Use the one that exists, or choose another name.";
    BodyTooLarge "body_too_large" 413 "Body too large",
        "The body is larger than this installation accepts. Nothing was changed.",
        "Split the call into smaller ones.";
    UnsupportedMediaType "unsupported_media_type" 415 "Unsupported media type",
        "The body is not of a media type that this call reads, or is compressed.",
        "Send `Content-Type: application/json` and no Content-Encoding.";
    InvalidRequest "invalid_request" 422 "Invalid request",
        "Fields are unknown, missing, of the wrong type or do not hold what they must. `errors` names up to 20 of \
         them. Nothing was changed.",
        "Correct the fields that `errors` names and call again.";
    TooMany "too_many_items" 422 "Too many items",
        "The call names more assets than one call may. Nothing was changed.",
        "Split the call; `errors` names the field and its limit.";
    IdempotencyKeyReused "idempotency_key_reused" 422 "Idempotency key reused",
        "This Idempotency-Key was used before with another body. Nothing was changed.",
        "Use a fresh key for a different call; repeat a call with exactly the same body.";
    TokenDead "token_dead" 422 "Token dead",
        "The submitted token has expired or was revoked. Nothing was changed.",
        "Have the person log in again and submit the new token.";
    TokenOfAnotherApp "token_of_another_app" 422 "Token of another app",
        "The submitted token was issued to another Meta app than this tenant's. Nothing was changed.",
        "Submit a token that was issued to this tenant's app.";
    TokenUndecipherable "token_undecipherable" 422 "Token undecipherable",
        "The Graph API cannot read the submitted token: it is cut off or is no token. Nothing was changed.",
        "Submit the token as it was issued, without quotes or white space.";
    TokenOfWrongKind "token_of_wrong_kind" 422 "Token of the wrong kind",
        "The submitted token is an app token or a page token. Nothing was changed.",
        "Submit the token of a person or of a system user.";
    TokenOfAnotherPerson "token_of_another_person" 422 "Token of another person",
        "The submitted token belongs to another person than `expect_person` names. Nothing was changed.",
        "Have the expected person log in, or leave `expect_person` out.";
    RateLimited "rate_limited" 429 "Too many calls",
        "The tenant, the caller or the address calls more often than it may. Nothing was changed.",
        "Wait as long as the Retry-After header says; the RateLimit headers of every answer tell what is left.";
    TooManyReconnects "too_many_reconnects" 429 "Too many reconnects",
        "As many of the tenant's reconnects run as may run at once. Nothing was accepted.",
        "Try again after the time in the Retry-After header, or name more assets in one reconnect.";
    TooManyPreviews "too_many_previews" 429 "Too many previews",
        "As many previews are under way as may be at once, of this tenant or of all. Graph was not asked.",
        "Try again after the time in the Retry-After header.";
    TooManyStreams "too_many_streams" 429 "Too many streams",
        "Too many event streams are open.",
        "Close streams that are not read any more, or read the reconnect itself from time to time.";
    TooManyLogins "too_many_logins" 429 "Too many log-ins",
        "More log-ins wait than are let in at once. Nothing was tried.",
        "Try again after the time in the Retry-After header.";
    LockedOut "locked_out" 429 "Locked out",
        "Too many log-ins with this name failed in a row. Nothing was tried; names that nobody has are locked alike.",
        "Try again after the time in the Retry-After header; an owner can reset a password that is forgotten.";
    Internal "internal" 500 "Internal error",
        "A fault of this installation. A call that changes something either did so completely or not at all.",
        "Quote `request_id` when asking for help; the log holds the cause under it.";
    GraphUnavailable "graph_unavailable" 503 "Graph unavailable",
        "The Graph API does not answer. Nothing was changed and nothing was disconnected.",
        "Try again after the time in the Retry-After header.";
    NotReady "not_ready" 503 "Not ready",
        "The installation cannot serve at the moment: its database does not answer.",
        "Wait; a load balancer should send the call elsewhere.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_words_with_an_error_status() {
        let mut seen = std::collections::HashSet::new();
        for entry in problem_codes() {
            assert!(seen.insert(entry.code), "{} twice", entry.code);
            assert!(
                entry
                    .code
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_')
            );
            assert!((400..600).contains(&entry.status));
            assert!(
                entry.meaning.ends_with('.') && entry.remedy.ends_with('.'),
                "{}",
                entry.code
            );
        }
    }
}
