//! A stub of the transit engine, written from the documentation of its API (OpenBao's `api-docs/secret/transit.mdx` and
//! `api-docs/auth/token.mdx`). It is not the real service: what the documentation does not say, it cannot show.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// How the server fails below the API.
#[derive(Clone, Copy)]
pub enum Misbehaviour {
    /// It responds only after this time.
    Delay(Duration),
    /// It ends every connection without a response.
    Disconnect,
    /// It responds 200 with bytes that are no JSON.
    Garbage,
}

/// The state of the engine, which a test may change.
pub struct Engine {
    pub versions: BTreeMap<u32, [u8; 32]>,
    /// What trimming left; 0 if nothing was trimmed.
    pub min_available: u32,
    pub min_decryption: u32,
    pub min_encryption: u32,
    /// The status of every call that trims.
    pub failing_trims: Option<u16>,
    /// The status of every response, such as 503 for a sealed server.
    pub failing: Option<u16>,
    pub misbehaviour: Option<Misbehaviour>,
    hidden: BTreeMap<u32, [u8; 32]>,
    pub token: String,
    /// The life of the token in seconds; 0 for one without an end.
    pub ttl: u64,
    pub renewals: u32,
    /// How many calls failed by `failing`.
    pub failures: u32,
}

/// A server on a port of loopback.
#[derive(Clone)]
pub struct Stub {
    pub url: String,
    engine: Arc<Mutex<Engine>>,
}

type Reply = Result<Value, (u16, &'static str)>;

impl Stub {
    /// Starts the server, with one key of one version.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let engine = Engine {
            versions: BTreeMap::from([(1, random())]),
            min_available: 0,
            min_decryption: 1,
            min_encryption: 0,
            failing_trims: None,
            failing: None,
            misbehaviour: None,
            hidden: BTreeMap::new(),
            token: "first".to_owned(),
            ttl: 0,
            renewals: 0,
            failures: 0,
        };
        let stub = Self {
            url,
            engine: Arc::new(Mutex::new(engine)),
        };
        let served = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(stream));
            }
        });
        stub
    }

    /// Reads or changes the engine.
    pub fn engine<T>(&self, change: impl FnOnce(&mut Engine) -> T) -> T {
        change(&mut self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for this long, or until the engine behaves again.
    async fn wait_for_end(&self, delay: Duration) {
        let began = Instant::now();
        while began.elapsed() < delay && self.engine(|it| it.misbehaviour.is_some()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn serve(self, mut stream: TcpStream) -> Option<()> {
        let mut read = Vec::new();
        let end = loop {
            if let Some(at) = read.windows(4).position(|it| it == b"\r\n\r\n") {
                break at;
            }
            if stream.read_buf(&mut read).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8(read[..end].to_vec()).ok()?.to_lowercase();
        read.drain(..end + 4);
        let length = head
            .lines()
            .find_map(|it| it.strip_prefix("content-length: "));
        let length: usize = length.unwrap_or("0").parse().ok()?;
        while read.len() < length {
            stream.read_buf(&mut read).await.ok()?;
        }
        match self.engine(|it| it.misbehaviour) {
            Some(Misbehaviour::Delay(delay)) => self.wait_for_end(delay).await,
            Some(Misbehaviour::Disconnect) => return None,
            Some(Misbehaviour::Garbage) => {
                let garbage = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nConnection: close\r\n\r\n\xff\0garbage";
                return stream.write_all(garbage).await.ok();
            }
            None => {}
        }
        let body = serde_json::from_slice(&read).unwrap_or_default();
        let (status, reply) = match self.engine(|it| it.respond(&head, &body)) {
            Ok(reply) => (200, reply),
            Err((status, error)) => (status, json!({ "errors": [error] })),
        };
        let reply = reply.to_string();
        let response = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{reply}",
            reply.len()
        );
        stream.write_all(response.as_bytes()).await.ok()
    }
}

impl Engine {
    /// Puts other keys in the place of the versions, until they are restored.
    pub fn hide_versions(&mut self, replace: impl Fn(&[u8; 32]) -> [u8; 32]) {
        self.hidden = self.versions.clone();
        self.versions
            .values_mut()
            .for_each(|key| *key = replace(key));
    }

    /// Brings the hidden versions back.
    pub fn restore_versions(&mut self) {
        self.versions = std::mem::take(&mut self.hidden);
    }

    fn respond(&mut self, head: &str, body: &Value) -> Reply {
        if let Some(status) = self.failing {
            self.failures += 1;
            return Err((status, "Vault is sealed"));
        }
        if !head
            .lines()
            .any(|it| it == format!("x-vault-token: {}", self.token))
        {
            return Err((403, "permission denied"));
        }
        let mut words = head.split(' ');
        match (words.next(), words.next().unwrap_or_default()) {
            (Some("get"), "/v1/auth/token/lookup-self") => {
                let facts = json!({ "ttl": self.ttl, "renewable": self.ttl > 0 });
                Ok(json!({ "data": facts }))
            }
            (Some("post"), "/v1/auth/token/renew-self") => {
                self.renewals += 1;
                Ok(json!({ "auth": { "lease_duration": self.ttl, "renewable": true } }))
            }
            (Some("get"), "/v1/transit/keys/regrant") => self.describe(),
            (Some("post"), "/v1/transit/keys/regrant/rotate") => {
                let version = self.newest() + 1;
                self.versions.insert(version, random());
                Ok(Value::Null)
            }
            (Some("post"), "/v1/transit/keys/regrant/config") => self.configure(body),
            (Some("post"), "/v1/transit/keys/regrant/trim") => self.trim(body),
            (Some("post"), "/v1/transit/encrypt/regrant") => self.encrypt(body),
            (Some("post"), "/v1/transit/decrypt/regrant") => self.decrypt(body),
            _ => Err((404, "no handler for route")),
        }
    }

    fn newest(&self) -> u32 {
        self.versions
            .keys()
            .next_back()
            .copied()
            .unwrap_or_default()
    }

    fn describe(&self) -> Reply {
        if self.versions.is_empty() {
            return Err((404, ""));
        }
        let shown = self
            .versions
            .keys()
            .filter(|it| **it >= self.min_decryption);
        let keys: BTreeMap<u32, i64> = shown.map(|it| (*it, 1_442_851_412)).collect();
        Ok(json!({ "data": {
            "type": "aes256-gcm96", "derived": false, "exportable": false, "keys": keys,
            "latest_version": self.newest(), "min_available_version": self.min_available,
            "min_decryption_version": self.min_decryption, "min_encryption_version": self.min_encryption,
        } }))
    }

    fn configure(&mut self, body: &Value) -> Reply {
        let read = |name: &str, usual: u32| {
            body[name]
                .as_u64()
                .map_or(usual, |it| u32::try_from(it).unwrap())
        };
        let decryption = read("min_decryption_version", self.min_decryption);
        let encryption = read("min_encryption_version", self.min_encryption);
        if encryption != 0 && encryption < decryption
            || encryption > self.newest()
            || decryption < self.min_available
        {
            return Err((400, "invalid minimum version"));
        }
        (self.min_decryption, self.min_encryption) = (decryption, encryption);
        Ok(Value::Null)
    }

    fn trim(&mut self, body: &Value) -> Reply {
        if let Some(status) = self.failing_trims {
            return Err((status, "permission denied"));
        }
        let least = u32::try_from(body["min_available_version"].as_u64().unwrap()).unwrap();
        if least > self.min_decryption.min(self.min_encryption) || least < self.min_available {
            return Err((400, "cannot trim versions that are in use"));
        }
        self.min_available = least;
        self.versions = self.versions.split_off(&least);
        Ok(Value::Null)
    }

    fn encrypt(&mut self, body: &Value) -> Reply {
        let asked = body["key_version"].as_u64().unwrap_or_default();
        let asked = u32::try_from(asked).unwrap();
        let version = if asked == 0 { self.newest() } else { asked };
        if version < self.min_encryption {
            return Err((
                400,
                "requested version for encryption is less than the minimum",
            ));
        }
        let key = self
            .versions
            .get(&version)
            .ok_or((400, "encryption key not found"))?;
        let mut bytes = decode(&body["plaintext"])?;
        let aad = Aad::from(decode(&body["associated_data"])?);
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).unwrap();
        let nonce = key.seal_in_place_append_tag(aad, &mut bytes).unwrap();
        let sealed = [nonce.as_ref().as_slice(), &bytes].concat();
        let ciphertext = format!("vault:v{version}:{}", BASE64.encode(sealed));
        Ok(json!({ "data": { "ciphertext": ciphertext, "key_version": version } }))
    }

    fn decrypt(&mut self, body: &Value) -> Reply {
        let invalid = (400, "invalid ciphertext: no prefix");
        let text = body["ciphertext"].as_str().ok_or(invalid)?;
        let (version, sealed) = text
            .strip_prefix("vault:v")
            .and_then(|it| it.split_once(':'))
            .ok_or(invalid)?;
        let version: u32 = version.parse().map_err(|_| invalid)?;
        if version < self.min_decryption {
            return Err((
                400,
                "ciphertext or signature version is disallowed by policy (too old)",
            ));
        }
        let key = self
            .versions
            .get(&version)
            .ok_or((400, "encryption key not found"))?;
        let sealed = BASE64.decode(sealed).map_err(|_| invalid)?;
        let (nonce, sealed) = sealed.split_first_chunk::<12>().ok_or(invalid)?;
        let aad = Aad::from(decode(&body["associated_data"])?);
        let mut bytes = sealed.to_vec();
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).unwrap();
        let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut bytes);
        let opened = opened.map_err(|_| (400, "cipher: message authentication failed"))?;
        Ok(json!({ "data": { "plaintext": BASE64.encode(opened) } }))
    }
}

fn decode(value: &Value) -> Result<Vec<u8>, (u16, &'static str)> {
    let text = value.as_str().unwrap_or_default();
    BASE64
        .decode(text)
        .map_err(|_| (400, "failed to base64-decode"))
}

pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
}
