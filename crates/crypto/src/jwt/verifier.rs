//! The public half: the checks that a token must pass.
//!
//! The rule: check in this order: length, shape, header, key, signature, claims. The library checks signature,
//! issuer and audience. Tests show that it accepts an endless `exp`, an `iat` in the future, an audience list and an
//! empty `sub`, so types, times and empty texts are checked here.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Claims, JwtRefusal, SigningKey, TYPE, install_backend};

const PUBLIC_KEY_BYTES: usize = 32;
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// How far two clocks may differ, in seconds.
const CLOCK_LEEWAY_SECONDS: i64 = 5;
const MAX_LIFETIME_SECONDS: i64 = 3600;

/// Verifies access tokens of one issuer for one audience.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    issuer: String,
    audience: String,
}

/// The whole header. Any other member (`crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`, …), a repeated member or a member of
/// another type is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenHeader {
    alg: String,
    typ: String,
    kid: String,
}

impl Verifier {
    /// A verifier without keys.
    #[must_use]
    pub fn new(issuer: &str, audience: &str) -> Self {
        install_backend();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // The library reads the system time; ours is an argument (see `check_times`).
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Self {
            keys: HashMap::new(),
            validation,
            issuer,
            audience,
        }
    }

    /// Accepts this key's signatures from now on.
    pub fn add_key(&mut self, key: &SigningKey) {
        self.keys
            .insert(key.kid().to_owned(), DecodingKey::from_ed_der(key.public()));
    }

    /// The key id in the header of an access token. Nothing is verified yet.
    ///
    /// # Errors
    /// The token is too long, or its header is not that of an access token.
    pub fn read_key_id(token: &str) -> Result<String, JwtRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtRefusal::TooLong);
        }
        parse_key_id(token, TYPE)
    }

    /// Verifies a token at this time and returns its claims. The caller checks that tenant and client still exist.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_claims(&self, token: &str, now_unix: i64) -> Result<Claims, JwtRefusal> {
        let claims: Claims = self.decode_claims(token, TYPE, &self.validation)?;
        self.check_parties(&claims)?;
        claims.check_times(now_unix)?;
        Ok(claims)
    }

    /// Accepts the signatures of a published key from now on: an entry of a key set (RFC 8037). Returns false if it is none.
    pub fn add_public_jwk(&mut self, jwk: &Value) -> bool {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let (Some("OKP"), Some("Ed25519"), Some(kid), Some(x)) =
            (text("kty"), text("crv"), text("kid"), text("x"))
        else {
            return false;
        };
        match URL_SAFE_NO_PAD.decode(x) {
            Ok(public) if public.len() == PUBLIC_KEY_BYTES => {
                let key = DecodingKey::from_ed_der(&public);
                self.keys.insert(kid.to_owned(), key);
                true
            }
            _ => false,
        }
    }

    /// Verifies type and signature of a statement that does not expire, and returns its content.
    pub(super) fn decode_statement<C: DeserializeOwned>(
        &self,
        statement: &str,
        typ: &str,
    ) -> Result<C, JwtRefusal> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims::<&str>(&[]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        self.decode_claims(statement, typ, &validation)
    }

    /// Verifies type and signature of a token and returns its claims.
    pub(super) fn decode_claims<C: DeserializeOwned>(
        &self,
        token: &str,
        typ: &str,
        validation: &Validation,
    ) -> Result<C, JwtRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtRefusal::TooLong);
        }
        let kid = parse_key_id(token, typ)?;
        let key = self.keys.get(&kid).ok_or(JwtRefusal::UnknownKey)?;
        let decoded = jsonwebtoken::decode::<C>(token, key, validation);
        decoded
            .map(|it| it.claims)
            .map_err(|error| refusal_from_library(error.kind()))
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Checks issuer and audience again, so that they do not depend on how the library reads claims.
    fn check_parties(&self, claims: &Claims) -> Result<(), JwtRefusal> {
        if claims.iss != self.issuer {
            return Err(JwtRefusal::Issuer);
        }
        if claims.aud != self.audience {
            return Err(JwtRefusal::Audience);
        }
        if claims.sub.is_empty() || claims.client_id.is_empty() || claims.jti.is_empty() {
            return Err(JwtRefusal::Claims);
        }
        Ok(())
    }
}

fn parse_key_id(token: &str, typ: &str) -> Result<String, JwtRefusal> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, _] = parts.as_slice() else {
        return Err(JwtRefusal::Shape);
    };
    let json = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| JwtRefusal::Shape)?;
    let header: TokenHeader = serde_json::from_slice(&json).map_err(|_| JwtRefusal::Header)?;
    if header.alg == "EdDSA" && header.typ == typ {
        Ok(header.kid)
    } else {
        Err(JwtRefusal::Header)
    }
}

impl Claims {
    /// Checks that the token is valid at this time, in seconds since 1970. Signature and parties are checked before.
    ///
    /// # Errors
    /// `Lifetime`, `Expired`, `Early`.
    pub fn check_times(&self, now_unix: i64) -> Result<(), JwtRefusal> {
        let life = self.exp.checked_sub(self.iat);
        let life = life.ok_or(JwtRefusal::Lifetime)?;
        if !(1..=MAX_LIFETIME_SECONDS).contains(&life) {
            return Err(JwtRefusal::Lifetime);
        }
        if now_unix >= self.exp.saturating_add(CLOCK_LEEWAY_SECONDS) {
            return Err(JwtRefusal::Expired);
        }
        if self.nbf.max(self.iat) > now_unix.saturating_add(CLOCK_LEEWAY_SECONDS) {
            return Err(JwtRefusal::Early);
        }
        Ok(())
    }
}

fn refusal_from_library(kind: &ErrorKind) -> JwtRefusal {
    match kind {
        ErrorKind::InvalidSignature => JwtRefusal::Signature,
        ErrorKind::InvalidIssuer => JwtRefusal::Issuer,
        ErrorKind::InvalidAudience => JwtRefusal::Audience,
        ErrorKind::Base64(_) => JwtRefusal::Shape,
        _ => JwtRefusal::Claims,
    }
}
