//! The table of problem codes: status, title, meaning, remedy.
//!
//! The rule: codes are part of the API contract. Add codes, never rename them. `/problems/<code>` is the page of a code.

/// One kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemCode {
    /// Stable code; the last segment of `type`.
    pub code: &'static str,
    /// HTTP status of the response.
    pub status: u16,
    /// Title, a short phrase.
    pub title: &'static str,
    /// Meaning, in one or more sentences.
    pub meaning: &'static str,
    /// What the caller should do.
    pub remedy: &'static str,
}

/// All problem codes, ordered by status.
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
            /// Entry of this code in the table.
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
        "The body is not a single JSON document, nests deeper than 32 levels or ends early. Nothing was changed.",
        "Correct the body at the line and column that `detail` names.";
    MalformedForm "malformed_form" 400 "Malformed form",
        "The body is not a URL-encoded form, or a parameter is missing, repeated or not valid. Nothing was changed.",
        "Send the parameters that the call describes, each of them once.";
    UnsupportedGrantType "unsupported_grant_type" 400 "Unsupported grant type",
        "The token endpoint issues tokens for `client_credentials` only.",
        "Send `grant_type=client_credentials`.";
    InvalidDpopProof "invalid_dpop_proof" 400 "Invalid DPoP proof",
        "The header `DPoP` is not a proof for this call, or it was used before; or the client must bind its tokens to a key \
         and sent no proof (RFC 9449). No token was issued.",
        "Let a library for OAuth make a new proof for each call.";
    UseDpopNonce "use_dpop_nonce" 400 "Nonce required",
        "The proof of the key has no nonce of this installation, or one that is older than five minutes. No token was \
         issued.",
        "Repeat the call with a new proof that has the nonce of the header `DPoP-Nonce`; libraries for OAuth do so.";
    UnknownScope "unknown_scope" 400 "Unknown scope",
        "The client requested a scope that does not exist. `detail` lists the scopes.",
        "Request scopes of the list, separated by spaces, or none for all scopes of the client.";
    ScopeNotHeld "scope_not_held" 400 "Scope not held",
        "The client requested a scope that it does not hold.",
        "Request fewer scopes, or ask an operator to grant the scope to the client.";
    ReasonRequired "reason_required" 400 "Reason required",
        "The tenant requires a reason for reading a token, or the given reason does not have 1 to 200 characters \
         without control characters. No token was returned.",
        "Send the reason as `X-Regrant-Reason`. It is kept in the audit, so put no secret into it.";
    Unauthenticated "unauthenticated" 401 "Not authenticated",
        "The call has no access token, or the token is expired, revoked or unknown. A token is accepted only in the \
         Authorization header, never in the address.",
        "Get an access token from POST /oauth/token and send it as `Authorization: Bearer …`.";
    InvalidClient "invalid_client" 401 "Invalid client",
        "The client is unknown, its secret is wrong, or it may not log in from this address. The response does not say \
         which.",
        "Check the id and the secret of the client, and send both in one way: with HTTP Basic or in the form.";
    ProofRequired "proof_required" 401 "Proof required",
        "The access token is bound to a key, or the client must bind its tokens to one (DPoP, RFC 9449), and this call is \
         not proved with that key: the header `DPoP` is missing, or its proof is malformed, older than five minutes, from \
         the future, made with another key, or for another method, address or access token, or was used before. Nothing \
         was changed.",
        "Let a library for OAuth make a new proof for each call. A client whose tokens are not bound to a key yet sends a \
         proof to POST /oauth/token first.";
    NonceRequired "nonce_required" 401 "Nonce required",
        "The proof of the key has no nonce of this installation, or one that is older than five minutes. Nothing was \
         changed.",
        "Repeat the call with a new proof that has the nonce of the header `DPoP-Nonce`; libraries for OAuth do so.";
    WrongCredentials "wrong_credentials" 401 "Wrong credentials",
        "The operator's name or password is wrong, or the operator is disabled. The response does not say which.",
        "Check both. Five failures in a row lock the name for your address for a while; an owner can reset the password.";
    MissingScope "missing_scope" 403 "Missing scope",
        "The access token is valid but does not carry the scope that `detail` names.",
        "Get an access token with that scope; an operator decides which scopes a client holds.";
    AddressNotAllowed "address_not_allowed" 403 "Address not allowed",
        "The access token is valid, but its client may call only from certain networks and this call comes from \
         another address. Nothing was changed.",
        "Call from one of the client's networks, or ask an operator to add the network that you call from.";
    Restricted "restricted" 403 "Restricted credential",
        "The access token is limited to some of the tenant's assets, or belongs to a browser session, and this call \
         is outside that limit. A limited client also creates only the assets of its list, and sets the business of \
         none. Nothing was changed.",
        "Use a client without this limit, or call only for the assets and routes that the limit allows.";
    OriginNotAllowed "origin_not_allowed" 403 "Origin not allowed",
        "A page of this origin may not make this call: no active tenant lists exactly this origin, the session's \
         tenant does not list it, or pages may not make this call at all. Nothing was changed.",
        "Ask an operator to list the page's exact origin (scheme, host and port) for the tenant. From a page, call \
         only what a reconnect session may call; make all other calls from the tenant's backend.";
    ConsentFormNotAllowed "consent_form_not_allowed" 403 "Form of consent not allowed",
        "The tenant does not accept log-ins from browser sessions in this form: as a code, or as a token. Nothing was \
         changed, and no code was sent to Meta.",
        "Hand the log-in over in a form that the tenant accepts, or ask an operator to accept this one.";
    ReadOnly "read_only" 403 "Read-only role",
        "The operator's role is read-only. Nothing was changed.",
        "Ask an operator of the role `owner` to make the change.";
    NotSigned "not_signed" 403 "Not signed",
        "The app at this address did not sign the message, the verify token is wrong, or the message is too old. An \
         unknown app gets the same response. Nothing was changed.",
        "Check the app's secret and verify token with the operator, and send the body exactly as it was signed.";
    NotFound "not_found" 404 "Not found",
        "The resource does not exist for this tenant. A resource of another tenant gets the same response.",
        "Check the identifier and the path.";
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed",
        "The path exists, but not with this method.",
        "Use one of the methods in the Allow header.";
    RequestTimeout "request_timeout" 408 "Request timeout",
        "The body did not arrive in time. Nothing was changed.",
        "Send the request again. With an Idempotency-Key you can always repeat it safely.";
    NoToken "no_token" 409 "No working token",
        "The asset has no token that is known to work. `reason` says why, who must act and what to do next.",
        "Follow `reason.next_step`; usually a person logs in again and POST /v1/reconnects replaces the token.";
    ReconnectEnded "reconnect_ended" 409 "Reconnect ended",
        "The reconnect is completed or cancelled, so it can no longer be cancelled.",
        "Read the reconnect to see the outcomes of its items.";
    ReconnectRunning "reconnect_running" 409 "Reconnect running",
        "The reconnect has not ended, so it cannot be undone yet. Nothing was changed.",
        "Wait until it has ended, or cancel it; then undo what it has changed.";
    TooManyUndos "too_many_undos" 409 "Too many undos",
        "The reconnect was undone as often as it may be. Nothing was changed.",
        "Read the earlier undos, or start another reconnect.";
    CallUnderWay "call_under_way" 409 "Call in progress",
        "Another call with the same Idempotency-Key is still running.",
        "Repeat the call after the time in the Retry-After header to get the result of that call.";
    TooManySessions "too_many_sessions" 409 "Too many sessions",
        "The tenant has reached its limit of open reconnect sessions. Nothing was changed.",
        "End sessions that you no longer use, or open sessions for fewer minutes.";
    TooManyLinks "too_many_links" 409 "Too many links",
        "The tenant has reached its limit of reconnect links that have not ended. Nothing was changed.",
        "Revoke links that are not needed any more, or let them end earlier.";
    TooManyCalendarFeeds "too_many_calendar_feeds" 409 "Too many calendar feeds",
        "The tenant has reached its limit of calendar feeds. Nothing was changed.",
        "Delete feeds that are no longer read.";
    LinksNotOffered "links_not_offered" 409 "Links not offered",
        "The hosted pages are offered under an https address, or under http on the local machine, and this installation \
         has neither as its public address. Nothing was changed.",
        "Ask the operator to set `public_url` to the https address of this listener.";
    SessionEnded "session_ended" 409 "Session ended",
        "The reconnect session was ended, or was opened more than 24 hours ago, so it cannot be refreshed. Nothing was \
         changed.",
        "Open another session.";
    SessionUsedUp "session_used_up" 409 "Session used up",
        "The reconnect session has used all its reconnects or previews, or it has just ended. Each accepted reconnect \
         and each preview counts, even if the token was refused. Nothing was changed.",
        "Open another session from the tenant's backend.";
    TooManyConsents "too_many_consents" 409 "Too many consents",
        "The tenant has reached its limit of consents that were neither used nor have ended. Nothing was changed, and no \
         code was sent to Meta.",
        "Delete consents that you do not need, or wait until they end.";
    PlanOutdated "plan_outdated" 409 "Plan outdated",
        "The plan of the reconnect is no longer valid: it is older than 15 minutes, it was made with another token or \
         for other assets, an asset was replaced, validated or sealed again or stopped working since, or another \
         reconnect is about to replace one of the assets. Nothing was changed.",
        "Request another preview and decide again, or leave `plan_id` out.";
    TooManyAssets "too_many_assets" 409 "Too many assets",
        "The call would exceed the tenant's limit of assets. Nothing was registered.",
        "Delete assets that you no longer need, or ask an operator to raise the tenant's limit.";
    TooManyWebhookEndpoints "too_many_webhook_endpoints" 409 "Too many webhook endpoints",
        "The tenant has reached its limit of webhook endpoints. Nothing was changed.",
        "Delete an endpoint that you no longer use, or subscribe an existing one to more kinds of events.";
    WebhookEndpointDisabled "webhook_endpoint_disabled" 409 "Webhook endpoint disabled",
        "Regrant sends nothing to a disabled webhook endpoint. Nothing was changed.",
        "Enable the endpoint, then try again.";
    TooManyClients "too_many_clients" 409 "Too many clients",
        "The tenant has reached its limit of clients. Nothing was changed.",
        "Delete a client that is no longer used.";
    SecretOverlapOpen "secret_overlap_open" 409 "Overlap of secrets open",
        "The last change of this secret left an older one in use until the time that `detail` names, and a further change \
         with an overlap would end that one early. Nothing was changed.",
        "Change the secret after that time, or with an overlap of 0, which ends every older secret at once.";
    TenantGone "tenant_gone" 409 "Tenant gone",
        "The tenant is deleted, its data keys are destroyed, or it is scheduled for deletion. Nothing was changed.",
        "Restore a tenant that is scheduled for deletion. A deleted or shredded tenant cannot be restored.";
    TenantNotSuspended "tenant_not_suspended" 409 "Tenant not suspended",
        "The tenant is still active, and this call would stop its service without warning. Nothing was changed.",
        "Suspend the tenant first.";
    LastOwner "last_owner" 409 "Last owner",
        "This operator is the only owner who can log in; the installation needs at least one. Nothing was changed.",
        "Create another operator of the role `owner` first.";
    KeyState "key_state" 409 "Key not in this state",
        "The version of the key-encryption key is not in the state that this step requires, or it still wraps data keys. \
         Nothing was changed.",
        "Read the states with `GET /admin/v1/keys/encryption`, and take the steps in their order.";
    ApprovalMissing "approval_missing" 409 "Approval missing",
        "The version of the key-encryption key is destroyed only when two owners agree, and no other owner has \
         approved the request yet. Nothing was changed.",
        "Let another owner, whose account is at least a day old, send the same call within seven days. Where there is \
         only one owner, run `regrant keys retire` on the host, 24 hours after the request.";
    KeyNotEverywhere "key_not_everywhere" 409 "Key not everywhere",
        "A process that runs does not have the newest keyring. Nothing was changed.",
        "Give every process the newest keyring; it reads a new file within seconds. A process that was killed counts \
         for half a minute.";
    KeyStepUnsupported "key_step_unsupported" 409 "Step not supported by the key provider",
        "The provider of the key-encryption keys does not take this step. Nothing was changed.",
        "Do what `detail` says; docs/keys.md has each provider.";
    KeyringNotWritable "keyring_not_writable" 409 "Keyring not writable",
        "This process cannot change the file of the keyring. Nothing was changed.",
        "Run `regrant keys` where the file can be written and its passphrase read.";
    AlreadyExists "already_exists" 409 "Already exists",
        "A resource with this name already exists.",
        "Use the existing one, or choose another name.";
    RowTampered "row_tampered" 409 "Row tampered",
        "A stored row that decides who may do what was changed around Regrant, so it is refused. Nothing was changed.",
        "Run `regrant audit verify`, find out who wrote to the database, then create the object again, or accept the \
         row as it is with `regrant audit accept`.";
    BodyTooLarge "body_too_large" 413 "Body too large",
        "The body is larger than this installation accepts. Nothing was changed.",
        "Split the call into smaller ones.";
    UnsupportedMediaType "unsupported_media_type" 415 "Unsupported media type",
        "The body has a media type that this call does not accept, or it is compressed.",
        "Send `Content-Type: application/json` and no Content-Encoding.";
    InvalidRequest "invalid_request" 422 "Invalid request",
        "Some fields are unknown, missing, of the wrong type or not valid. `errors` lists up to 20 of them. Nothing \
         was changed.",
        "Correct the fields that `errors` lists and call again.";
    TooMany "too_many_items" 422 "Too many items",
        "The call names more items than one call may. Nothing was changed.",
        "Split the call; `errors` names the field and its limit.";
    IdempotencyKeyReused "idempotency_key_reused" 422 "Idempotency key reused",
        "This Idempotency-Key was used before with another body. Nothing was changed.",
        "Use a new key for a different call; repeat a call with exactly the same body.";
    LoginSpent "code_spent" 422 "Code spent",
        "The code was sent to Meta before, or Meta's answer did not come, so it cannot be sent again. No consent was kept.",
        "Ask the person to log in again and hand over the new code.";
    LoginRefused "code_refused" 422 "Code refused",
        "Meta does not exchange the code: it has expired, its `redirect_uri` is another one than the dialog's, or it \
         belongs to another app. `errors` names the field. No consent was kept.",
        "Correct the field for the next log-in, and ask the person to log in again.";
    TokenNotAccepted "token_not_accepted" 422 "Token not accepted",
        "Meta does not accept the token, and a new one may not help: its person must confirm something at Meta first. \
         Nothing was kept.",
        "Ask the person to open Facebook, do what it asks for, and log in again.";
    TokenDead "token_dead" 422 "Token dead",
        "The submitted token has expired or was revoked. Nothing was changed.",
        "Ask the person to log in again and submit the new token.";
    TokenOfAnotherApp "token_of_another_app" 422 "Token of another app",
        "The submitted token was issued to another Meta app than this tenant's. Nothing was changed.",
        "Submit a token that was issued to this tenant's app.";
    TokenUndecipherable "token_undecipherable" 422 "Token undecipherable",
        "The Graph API cannot read the submitted token: it is incomplete or not a token. Nothing was changed.",
        "Submit the token exactly as it was issued, without quotes or white space.";
    TokenOfWrongKind "token_of_wrong_kind" 422 "Token of the wrong kind",
        "The submitted token is an app token or a page token. Nothing was changed.",
        "Submit the token of a person or of a system user.";
    TokenOfAnotherPerson "token_of_another_person" 422 "Token of another person",
        "The submitted token belongs to another person than `expect_person` names. Nothing was changed.",
        "Ask the expected person to log in, or leave `expect_person` out.";
    RateLimited "rate_limited" 429 "Too many calls",
        "The tenant, the caller or the address exceeds its rate limit. Nothing was changed.",
        "Wait as long as the Retry-After header says; the RateLimit headers of every response show the remaining calls.";
    TooManyReconnects "too_many_reconnects" 429 "Too many reconnects",
        "The tenant has reached its limit of running reconnects. Nothing was accepted.",
        "Try again after the time in the Retry-After header, or name more assets in one reconnect.";
    RecordsFull "records_full" 429 "Records full",
        "What the tenant's calls have left in the database (reconnects, reconnect sessions, consents, idempotency keys) takes as \
         many bytes as it may. Nothing was changed. Reads and calls that leave nothing are served, and repetitions of \
         earlier calls are answered.",
        "Make fewer or smaller calls, and try again after the time in the Retry-After header: old records are deleted \
         every hour. Ask an operator if you need more.";
    TooManyPreviews "too_many_previews" 429 "Too many previews",
        "The limit of running previews is reached, for this tenant or for the installation. The Graph API was not \
         asked.",
        "Try again after the time in the Retry-After header.";
    TooManyChecks "too_many_checks" 429 "Too many checks",
        "The limit of running checks is reached, for this tenant or for the installation. The Graph API was not asked.",
        "Try again after the time in the Retry-After header, or name more assets in one check.";
    TooManyDiscoveries "too_many_discoveries" 429 "Too many discoveries",
        "A discovery of the tenant is running; a tenant runs one at a time. Nothing was changed.",
        "Wait until it ends, or delete it.";
    TenantBusy "tenant_busy" 429 "Tenant busy",
        "The tenant has as many calls waiting for the database as it may have. Other tenants are served. Nothing was \
         changed.",
        "Make fewer calls at the same time; try again after the time in the Retry-After header.";
    TooManyStreams "too_many_streams" 429 "Too many streams",
        "The caller, its tenant or the installation has too many event streams open.",
        "Close streams that you no longer read, or poll the reconnect instead.";
    TooManyLogins "too_many_logins" 429 "Too many log-ins",
        "Too many log-ins are waiting. The password was not checked.",
        "Try again after the time in the Retry-After header.";
    TooManyBodies "too_many_bodies" 429 "Too many bodies",
        "The request bodies of this tenant, or of this address while its callers are not authenticated, fill the share \
         of memory that it may use at once. Nothing was changed.",
        "Send fewer large bodies at the same time; try again after the time in the Retry-After header.";
    LockedOut "locked_out" 429 "Locked out",
        "Too many log-ins with this name failed in a row from this address. The password was not checked. Unknown \
         names are locked in the same way.",
        "Try again after the time in the Retry-After header; an owner can reset a forgotten password.";
    Internal "internal" 500 "Internal error",
        "This installation has a fault. A call that changes something has either done so completely or not at all.",
        "Quote `request_id` when you ask for help; the log holds the cause under this id.";
    GraphUnavailable "graph_unavailable" 503 "Graph unavailable",
        "The Graph API does not respond. Nothing was changed and nothing was disconnected.",
        "Try again after the time in the Retry-After header.";
    PreviewInterrupted "preview_interrupted" 503 "Preview interrupted",
        "The process that ran the preview stopped before the preview ended. Nothing was changed.",
        "Preview again, with another Idempotency-Key.";
    DatabaseBusy "database_busy" 503 "Database busy",
        "The database, or the turn of the tenant in it, did not become free in time. Nothing was changed.",
        "Try again after the time in the Retry-After header; if it stays so, make fewer calls at the same time.";
    BodiesFull "bodies_full" 503 "Bodies full",
        "The request bodies that are arriving fill the memory that the process keeps for them. Nothing was changed.",
        "Try again after the time in the Retry-After header.";
    NotReady "not_ready" 503 "Not ready",
        "The installation cannot serve calls at the moment: its database does not respond, or accepts no writes. Nothing \
         was changed.",
        "Try again after the time in the Retry-After header; a load balancer should send the call to another instance.";
    KeysUnavailable "keys_unavailable" 503 "Keys unavailable",
        "The provider of the keys that protect stored tokens does not respond, or refuses their use. Nothing was \
         changed.",
        "Try again after the time in the Retry-After header; the operator finds the cause in the log.";
    DatabaseFull "database_full" 507 "Database full",
        "The database has no space left. Nothing was changed.",
        "Try again after the time in the Retry-After header; the operator must free space.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_names_with_an_error_status() {
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
