//! The metadata that programs configure themselves from: of the authorization server (RFC 8414) and of the API as a
//! protected resource (RFC 9728).
//!
//! The rule: the issuer is the one that tokens name; every address begins with the public address of this listener.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use regrant_domain::Permission;
use regrant_vault::{PROOF_ALGORITHMS, Vault};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{extract::public_address, public_body::PublicBody};

/// Path of the metadata of the protected resource.
pub(crate) const RESOURCE_METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// How a client authenticates.
const AUTHENTICATION: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// Metadata of the authorization server (RFC 8414 §2).
#[derive(Serialize, ToSchema)]
#[schema(as = AuthorizationServer)]
pub(crate) struct AuthorizationServerOut {
    /// Issuer, as tokens name it.
    issuer: String,
    /// Endpoint that issues access tokens.
    token_endpoint: String,
    /// Public keys that verify access tokens.
    jwks_uri: String,
    /// Endpoint that revokes access tokens (RFC 7009).
    revocation_endpoint: String,
    /// Endpoint that says whether an access token is valid (RFC 7662).
    introspection_endpoint: String,
    /// Scopes.
    scopes_supported: Vec<&'static str>,
    /// None: there is no authorization endpoint.
    response_types_supported: [&'static str; 0],
    /// Grants.
    grant_types_supported: [&'static str; 1],
    /// How a client authenticates to the token endpoint.
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// How a client authenticates to the revocation endpoint.
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    /// How a client authenticates to the introspection endpoint.
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// Algorithms of proofs of a key (RFC 9449).
    dpop_signing_alg_values_supported: [&'static str; 6],
    /// Page that describes the API.
    service_documentation: String,
}

/// Metadata of the API as a protected resource (RFC 9728 §2).
#[derive(Serialize, ToSchema)]
#[schema(as = ProtectedResource)]
pub(crate) struct ProtectedResourceOut {
    /// Address of the API.
    resource: String,
    /// Issuers of the access tokens that it accepts.
    authorization_servers: [String; 1],
    /// Public keys that verify access tokens.
    jwks_uri: String,
    /// Scopes.
    scopes_supported: Vec<&'static str>,
    /// How an access token is sent.
    bearer_methods_supported: [&'static str; 1],
    /// Algorithms of proofs of a key (RFC 9449).
    dpop_signing_alg_values_supported: [&'static str; 6],
    /// Whether every access token must be bound to a key.
    dpop_bound_access_tokens_required: bool,
    /// Name of the API.
    resource_name: &'static str,
    /// Page that describes the API.
    resource_documentation: String,
}

/// Get the metadata of the authorization server (RFC 8414).
#[utoipa::path(tag = "access", responses((status = 200, description = "The metadata.", body = AuthorizationServerOut)))]
#[get("/.well-known/oauth-authorization-server")]
pub(crate) async fn get_authorization_server(
    request: HttpRequest,
    vault: Data<Vault>,
) -> HttpResponse {
    let base = public_address(&request);
    let at = |path: &str| format!("{base}{path}");
    cacheable_json(
        &request,
        &AuthorizationServerOut {
            issuer: vault.settings().access.issuer.clone(),
            token_endpoint: at("/oauth/token"),
            jwks_uri: at("/.well-known/jwks.json"),
            revocation_endpoint: at("/oauth/revoke"),
            introspection_endpoint: at("/oauth/introspect"),
            scopes_supported: all_scopes(),
            response_types_supported: [],
            grant_types_supported: ["client_credentials"],
            token_endpoint_auth_methods_supported: AUTHENTICATION,
            revocation_endpoint_auth_methods_supported: AUTHENTICATION,
            introspection_endpoint_auth_methods_supported: AUTHENTICATION,
            dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
            service_documentation: at("/docs/"),
        },
    )
}

/// Get the metadata of the API as a protected resource (RFC 9728).
#[utoipa::path(tag = "access", responses((status = 200, description = "The metadata.", body = ProtectedResourceOut)))]
#[get("/.well-known/oauth-protected-resource")]
pub(crate) async fn get_protected_resource(
    request: HttpRequest,
    vault: Data<Vault>,
) -> HttpResponse {
    let base = public_address(&request);
    cacheable_json(
        &request,
        &ProtectedResourceOut {
            authorization_servers: [vault.settings().access.issuer.clone()],
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            scopes_supported: all_scopes(),
            bearer_methods_supported: ["header"],
            dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
            dpop_bound_access_tokens_required: false,
            resource_name: "Regrant",
            resource_documentation: format!("{base}/docs/"),
            resource: base,
        },
    )
}

fn all_scopes() -> Vec<&'static str> {
    Permission::ALL.iter().map(|it| it.as_str()).collect()
}

fn cacheable_json(request: &HttpRequest, body: &impl Serialize) -> HttpResponse {
    let json = serde_json::to_vec(body).unwrap_or_default();
    PublicBody::new("application/json", json).respond(request)
}
