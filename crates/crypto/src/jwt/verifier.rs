//! The public half: the checks that a token must pass.
//!
//! The rule: check in this order: length, shape, header, key, signature, claims. The library checks signature,
//! issuer and audience. Tests show that it accepts an endless `exp`, an `iat` in the future, an audience list and an
//! empty `sub`, so types, times and empty texts are checked here.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Claims, JwtRefused, SigningKey, TYPE, install_backend};

const LONGEST: usize = 8 * 1024;
/// How far two clocks may differ, in seconds.
const LEEWAY: i64 = 5;
const LONGEST_LIFE: i64 = 3600;

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
struct Header {
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
    pub fn add(&mut self, key: &SigningKey) {
        self.keys
            .insert(key.kid().to_owned(), DecodingKey::from_ed_der(key.public()));
    }

    /// The key id in the header of an access token. Nothing is verified yet.
    ///
    /// # Errors
    /// The token is too long, or its header is not that of an access token.
    pub fn key_id(token: &str) -> Result<String, JwtRefused> {
        if token.len() > LONGEST {
            return Err(JwtRefused::TooLong);
        }
        key_id(token, TYPE)
    }

    /// Verifies a token at this time and returns its claims. The caller checks that tenant and client still exist.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(&self, token: &str, now_unix: i64) -> Result<Claims, JwtRefused> {
        let claims: Claims = self.decode(token, TYPE, &self.validation)?;
        self.check_parties(&claims)?;
        check_times(&claims, now_unix)?;
        Ok(claims)
    }

    /// Verifies type and signature of a token and returns its claims.
    pub(super) fn decode<C: DeserializeOwned>(
        &self,
        token: &str,
        typ: &str,
        validation: &Validation,
    ) -> Result<C, JwtRefused> {
        if token.len() > LONGEST {
            return Err(JwtRefused::TooLong);
        }
        let kid = key_id(token, typ)?;
        let key = self.keys.get(&kid).ok_or(JwtRefused::UnknownKey)?;
        let decoded = jsonwebtoken::decode::<C>(token, key, validation);
        decoded
            .map(|it| it.claims)
            .map_err(|error| refusal(error.kind()))
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Checks issuer and audience again, so that they do not depend on how the library reads claims.
    fn check_parties(&self, claims: &Claims) -> Result<(), JwtRefused> {
        if claims.iss != self.issuer {
            return Err(JwtRefused::Issuer);
        }
        if claims.aud != self.audience {
            return Err(JwtRefused::Audience);
        }
        if claims.sub.is_empty() || claims.jti.is_empty() {
            return Err(JwtRefused::Claims);
        }
        Ok(())
    }
}

fn key_id(token: &str, typ: &str) -> Result<String, JwtRefused> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, _] = parts.as_slice() else {
        return Err(JwtRefused::Shape);
    };
    let json = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| JwtRefused::Shape)?;
    let header: Header = serde_json::from_slice(&json).map_err(|_| JwtRefused::Header)?;
    if header.alg == "EdDSA" && header.typ == typ {
        Ok(header.kid)
    } else {
        Err(JwtRefused::Header)
    }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), JwtRefused> {
    let life = claims
        .exp
        .checked_sub(claims.iat)
        .ok_or(JwtRefused::Lifetime)?;
    if !(1..=LONGEST_LIFE).contains(&life) {
        return Err(JwtRefused::Lifetime);
    }
    if now >= claims.exp.saturating_add(LEEWAY) {
        return Err(JwtRefused::Expired);
    }
    if claims.nbf.max(claims.iat) > now.saturating_add(LEEWAY) {
        return Err(JwtRefused::Early);
    }
    Ok(())
}

fn refusal(kind: &ErrorKind) -> JwtRefused {
    match kind {
        ErrorKind::InvalidSignature => JwtRefused::Signature,
        ErrorKind::InvalidIssuer => JwtRefused::Issuer,
        ErrorKind::InvalidAudience => JwtRefused::Audience,
        ErrorKind::Base64(_) => JwtRefused::Shape,
        _ => JwtRefused::Claims,
    }
}
