//! What each target does with an input.

use std::{hint::black_box, sync::OnceLock};

use chrono::{DateTime, Utc};
use regrant_crypto::{
    DataKey, KeyProof, KeyProvider, KeyRef, ProvedCall, SigningKey, Verifier, WrappedKey, fuzzing,
    is_webhook_signed, open_signed_request,
};
use regrant_domain::{AppSecret, SealedRecord};
use zeroize::Zeroizing;

use crate::{
    errors::{graph_error::GraphError, redact::Redactor},
    source,
};

// The files themselves: their crates export neither, and would bring a web server or a client of HTTP.
#[allow(dead_code, unreachable_pub)]
#[path = "../../../crates/graph/src/notices.rs"]
mod notices;
#[allow(dead_code, unreachable_pub)]
#[path = "../../../crates/api/src/json/tree.rs"]
mod tree;

/// The moment at which inputs are read: seeds are made for it.
pub(crate) const NOW: i64 = 1_800_000_000;
/// The app secret that signs seeds.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A target.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    name: &'static str,
    run: fn(&[u8]),
}

const TARGETS: [Target; 10] = [
    Target {
        name: "record",
        run: open_record,
    },
    Target {
        name: "wrapped_key",
        run: unwrap_key,
    },
    Target {
        name: "keyring",
        run: open_keyring,
    },
    Target {
        name: "signed_request",
        run: read_signed_request,
    },
    Target {
        name: "webhook",
        run: read_webhook,
    },
    Target {
        name: "json_body",
        run: read_json,
    },
    Target {
        name: "graph_error",
        run: read_graph_error,
    },
    Target {
        name: "settings",
        run: read_settings,
    },
    Target {
        name: "jwt",
        run: verify_token,
    },
    Target {
        name: "proof",
        run: verify_proof,
    },
];

impl Target {
    pub(crate) fn find(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|it| it.name == name)
    }

    pub(crate) fn names() -> Vec<&'static str> {
        TARGETS.iter().map(|it| it.name).collect()
    }

    pub(crate) fn run(self, data: &[u8]) {
        (self.run)(data);
    }
}

pub(crate) fn secrets() -> Vec<AppSecret> {
    let text = Zeroizing::new(SECRET.to_owned());
    AppSecret::parse(text).into_iter().collect()
}

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap_or_default()
}

/// Only what the key sealed opens, and to what was sealed.
fn open_record(data: &[u8]) {
    let key = fuzzing::fixed_data_key();
    let sealed = SealedRecord::from_bytes(data.to_vec());
    black_box(KeyRef::from_record(&sealed).ok());
    if let Ok(plain) = key.open_record(&fuzzing::fixed_context(), &sealed) {
        assert_eq!(plain.as_slice(), fuzzing::PLAIN, "a forged record opens");
    }
}

fn unwrap_key(data: &[u8]) {
    static KEYS: OnceLock<KeyProvider> = OnceLock::new();
    let keys = KEYS.get_or_init(|| fuzzing::fixed_keyring().into());
    let (wrapped, fixed) = (
        WrappedKey::from_bytes(data.to_vec()),
        fuzzing::fixed_data_key(),
    );
    let unwrapped = keys.unwrap_data_key(fixed.tenant(), fixed.id(), fixed.version(), &wrapped);
    if let Ok(key) = futures_executor::block_on(unwrapped) {
        let print = |it: &DataKey| *it.compute_fingerprint(b"same?").as_bytes();
        assert_eq!(print(&key), print(&fixed), "a forged key unwraps");
    }
}

fn open_keyring(data: &[u8]) {
    let opened = fuzzing::open_keyring_file(data);
    assert!(opened.is_none_or(|it| it == 1), "a forged keyring opens");
}

fn read_signed_request(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(payload) = open_signed_request(&secrets(), text) {
        drop(notices::parse_signed_request(&payload, now()));
    }
    // What follows the signature, as if it were right.
    drop(notices::parse_signed_request(data, now()));
}

fn read_webhook(data: &[u8]) {
    black_box(is_webhook_signed(&secrets(), data, "sha256=00"));
    for notice in notices::parse_notices(data, now()) {
        assert!(!notice.digest.is_empty());
    }
}

/// A document that parses has one canonical form, and that form is bounded by the document.
fn read_json(data: &[u8]) {
    let Ok(node) = tree::Node::parse_document(data) else {
        return;
    };
    let mut canonical = Zeroizing::new(Vec::new());
    assert!(node.write_canonical(&mut canonical).is_ok());
}

/// No text of Graph shows a secret of the call.
fn read_graph_error(data: &[u8]) {
    let redactor = Redactor::new([SECRET]);
    if let Some(error) = GraphError::parse_body(data, &redactor) {
        let shown = format!("{error:?} {}", error.to_sentence());
        assert!(!shown.contains(SECRET), "a secret is shown");
    }
}

fn read_settings(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        drop(source::parse_file(text));
    }
}

fn verify_token(data: &[u8]) {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    let verifier = VERIFIER.get_or_init(|| {
        let mut verifier = Verifier::new("https://regrant.example", "regrant");
        if let Ok(key) = SigningKey::generate() {
            verifier.add_key(&key);
        }
        verifier
    });
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    drop(Verifier::read_key_id(text));
    assert!(
        verifier.verify_claims(text, NOW).is_err(),
        "a forged token is accepted"
    );
    assert!(verifier.verify_checkpoint(text).is_err());
    assert!(verifier.verify_receipt(text).is_err());
}

/// A proof that verifies is the seed, signed by a key whose private half was not kept.
fn verify_proof(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(proof) = KeyProof::verify(text) else {
        return;
    };
    assert_eq!(proof.thumbprint().len(), 43);
    black_box((proof.digest(), proof.nonce(), proof.ends_at_unix()));
    black_box(proof.is_fresh(NOW));
    let call = ProvedCall {
        method: "POST",
        url: "https://server.example.com/token",
        token: Some("token"),
    };
    assert!(!proof.is_for(call), "a proof without a token is for a call with one");
}
