//! What a call needs beside the database: the caller, the opened token, the answer.

use std::{
    cell::RefCell,
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::{HttpRequest, HttpResponse};
use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

pub const KEY: [u8; 32] = [7; 32];
const TOKEN_LENGTH: usize = 200;

#[derive(Serialize, Deserialize, Clone)]
pub struct Claims {
    pub sub: String,
    pub tenant: Uuid,
    pub exp: u64,
    pub aud: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    asset_id: &'a str,
    access_token: &'a str,
    kind: &'a str,
    person_id: &'a str,
    state: &'a str,
    since: i64,
    who: &'a str,
    reason: &'a str,
    expires_at: i64,
    data_access_expires_at: i64,
    appsecret_proof: &'a str,
    appsecret_time: u64,
}

#[derive(Clone)]
pub struct Row {
    pub sealed: Vec<u8>,
    pub kind: String,
    pub person: String,
    pub expires: i64,
    pub data_access: i64,
}

/// What one thread keeps between calls.
pub struct Worker {
    cipher: Aes256Gcm,
    key: DecodingKey,
    check: Validation,
    verified: RefCell<HashMap<String, Claims>>,
}

impl Worker {
    pub fn new(public: &[u8]) -> Self {
        let mut check = Validation::new(Algorithm::EdDSA);
        check.set_audience(&["proto"]);
        Self {
            cipher: Aes256Gcm::new(&KEY.into()),
            key: DecodingKey::from_ed_der(public),
            check,
            verified: RefCell::default(),
        }
    }

    /// The caller; a token is verified once.
    pub fn find_caller(&self, request: &HttpRequest) -> Option<Claims> {
        let header = request.headers().get("authorization")?.to_str().ok()?;
        let token = header.strip_prefix("Bearer ")?;
        if let Some(claims) = self.verified.borrow().get(token) {
            return (claims.exp > now()).then(|| claims.clone());
        }
        let claims = decode::<Claims>(token, &self.key, &self.check).ok()?.claims;
        self.verified
            .borrow_mut()
            .insert(token.to_owned(), claims.clone());
        Some(claims)
    }

    pub fn answer(&self, claims: &Claims, id: &str, row: &Row) -> HttpResponse {
        let token = open(&self.cipher, &context(claims.tenant, id), &row.sealed);
        let time = now();
        let proof = hex::encode(code(
            b"0123456789abcdef0123456789abcdef",
            &[token.as_bytes(), time.to_string().as_bytes()],
        ));
        HttpResponse::Ok().json(Answer {
            asset_id: id,
            access_token: &token,
            kind: &row.kind,
            person_id: &row.person,
            state: "healthy",
            since: 1,
            who: "tenant",
            reason: "The token was proved.",
            expires_at: row.expires,
            data_access_expires_at: row.data_access,
            appsecret_proof: &proof,
            appsecret_time: time,
        })
    }
}

pub fn tenant(n: u32) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n))
}

pub fn asset(n: usize) -> String {
    (300_000_000_000_000_usize + n).to_string()
}

pub fn context(tenant: Uuid, id: &str) -> Vec<u8> {
    [tenant.as_bytes().as_slice(), id.as_bytes()].concat()
}

pub fn cipher() -> Aes256Gcm {
    Aes256Gcm::new(&KEY.into())
}

pub fn seal(cipher: &Aes256Gcm, aad: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).unwrap();
    let text = format!("EAA{}", "x".repeat(TOKEN_LENGTH - 3));
    let sealed = cipher.encrypt(
        &nonce.into(),
        Payload {
            msg: text.as_bytes(),
            aad,
        },
    );
    [&nonce[..], &sealed.unwrap()].concat()
}

fn open(cipher: &Aes256Gcm, aad: &[u8], sealed: &[u8]) -> String {
    let nonce: [u8; 12] = sealed[..12].try_into().unwrap();
    let plain = cipher.decrypt(
        &nonce.into(),
        Payload {
            msg: &sealed[12..],
            aad,
        },
    );
    String::from_utf8(plain.unwrap()).unwrap()
}

/// The keyed code of these parts, one after the other.
pub fn code(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

pub fn now_micros() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_micros(),
    )
    .unwrap()
}
