//! Idempotency keys: the same call twice is one reconnect.
//!
//! The rule: the body is compared by a hash keyed with the tenant's data key, because it holds a
//! token; the key is written in the transaction of the effect.

use regrant_domain::ReconnectId;
use regrant_storage::{IdempotentCall, TenantTx};

use crate::{Conflict, Error, Principal, Vault};

const LONGEST: usize = 255;

/// The value of an `Idempotency-Key` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads the header's value.
    ///
    /// # Errors
    /// `Invalid` unless it is 1 to 255 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fits =
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            let reason = format!("expected 1 to {LONGEST} visible ASCII characters");
            Err(Error::Invalid { field: "Idempotency-Key".to_owned(), reason })
        }
    }

    pub(crate) fn for_route(
        &self,
        caller: &Principal,
        route: &'static str,
    ) -> regrant_storage::IdempotencyKey {
        regrant_storage::IdempotencyKey { client: caller.client, route, key: self.0.clone() }
    }
}

impl Vault {
    /// The reconnect an earlier call with this key started, if the body is the same.
    pub(crate) async fn replayed(
        &self,
        caller: &Principal,
        earlier: &IdempotentCall,
        body: &[u8],
    ) -> Result<ReconnectId, Error> {
        let fingerprint = self.keys.fingerprint(&caller.scope, earlier.key_version, body).await?;
        let same = fingerprint.is_some_and(|it| it.matches(&earlier.fingerprint));
        if same { Ok(earlier.reconnect) } else { Err(Error::Conflict(Conflict::OtherBody)) }
    }

    /// The earlier call with this key.
    pub(crate) async fn earlier_call(
        &self,
        tx: &TenantTx,
        key: Option<&regrant_storage::IdempotencyKey>,
    ) -> Result<Option<IdempotentCall>, Error> {
        match key {
            Some(key) => Ok(tx.find_idempotent(key).await?),
            None => Ok(None),
        }
    }
}
