//! Attribution: finds out whose an imported token is, of which kind, and when it ends.
//!
//! The rule: an imported token is asked about before anything is concluded from it. `[tx] network [tx]`: each token is
//! asked about once, and stored as attributed only where its credential is still the one that was read.
//! Start at [`Vault::attribute_tokens`].

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use regrant_crypto::DataKey;
use regrant_domain::{
    AccessToken, AssetId, CredentialId, CredentialKind, Grant, GrantId, TokenFacts,
};
use regrant_graph::{AppCredentials, InspectError};
use regrant_storage::{AttributedCredential, StoredCredential, TenantScope, TenantTx};

use crate::{
    Error, Vault,
    credentials::seal::{grant_context, reseal_with_grant},
};

/// How many tokens are asked about at the same time.
const AT_ONCE: usize = 8;
/// How many credentials are read at once.
const PAGE: u32 = 500;

/// What became of credentials whose token had never been inspected.
#[derive(Debug, Default)]
pub(crate) struct Attribution {
    /// How many credentials have an owner now.
    pub(crate) attributed: usize,
    /// How many could not be asked about: Graph gave no answer.
    pub(crate) waiting: usize,
    /// Credentials whose text is no token of this app, or whose record does not open: their person is unknown.
    pub(crate) ownerless: Vec<CredentialId>,
}

impl Attribution {
    fn add(&mut self, other: Self) {
        self.attributed += other.attributed;
        self.waiting += other.waiting;
        self.ownerless.extend(other.ownerless);
    }
}

/// One token with the credentials that hold it.
struct UnknownToken<'a> {
    credentials: Vec<&'a StoredCredential>,
    token: AccessToken,
}

/// What Graph says about one unknown token.
enum Owner {
    Known(Box<TokenFacts>),
    /// It is no token of this app.
    NoOne,
    /// Graph gave no answer.
    Unanswered,
}

impl Vault {
    /// Asks Graph about the tokens of these credentials, and stores whose they are.
    pub(crate) async fn attribute_tokens(
        &self,
        scope: &TenantScope,
        app: &AppCredentials,
        credentials: &[StoredCredential],
    ) -> Result<Attribution, Error> {
        let mut attribution = Attribution::default();
        let unknown = self
            .open_unknown_tokens(scope, credentials, &mut attribution)
            .await;
        // Collected before the stream: the compiler cannot show that a closure within the stream is Send.
        let asked: Vec<_> = unknown
            .iter()
            .map(|it| self.ask_owner(app, &it.token))
            .collect();
        let owners: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let mut owned = Vec::new();
        for (owner, token) in owners.into_iter().zip(unknown) {
            match owner {
                Owner::Known(facts) => owned.push((token, *facts)),
                Owner::NoOne => attribution.ownerless.extend(token.credential_ids()),
                Owner::Unanswered => attribution.waiting += token.credentials.len(),
            }
        }
        if !owned.is_empty() {
            attribution.attributed = self.store_owners(scope, &owned).await?;
        }
        Ok(attribution)
    }

    /// Asks whose all of a tenant's tokens are that were never inspected.
    pub(crate) async fn attribute_all_tokens(
        &self,
        scope: &TenantScope,
    ) -> Result<Attribution, Error> {
        let app = self.open_app_credentials(scope.app_id()).await?;
        let (mut total, mut after) = (Attribution::default(), None);
        loop {
            let tx = self.store.begin_read(scope).await?;
            let unknown = tx.list_unattributed_credentials(after, PAGE).await?;
            tx.commit().await?;
            let Some(last) = unknown.last() else {
                return Ok(total);
            };
            after = Some(last.credential.id);
            total.add(self.attribute_tokens(scope, &app, &unknown).await?);
        }
    }

    /// Opens each token once, whatever the number of credentials that hold it.
    async fn open_unknown_tokens<'a>(
        &self,
        scope: &TenantScope,
        credentials: &'a [StoredCredential],
        attribution: &mut Attribution,
    ) -> Vec<UnknownToken<'a>> {
        let mut by_print = HashMap::<&[u8], UnknownToken<'a>>::new();
        for it in credentials {
            if let Some(known) = by_print.get_mut(it.credential.fingerprint.as_slice()) {
                known.credentials.push(it);
            } else if let Some(token) = self.open_token_or_alarm(scope, it).await {
                let unknown = UnknownToken {
                    credentials: vec![it],
                    token,
                };
                by_print.insert(&it.credential.fingerprint, unknown);
            } else {
                attribution.ownerless.push(it.credential.id);
            }
        }
        by_print.into_values().collect()
    }

    async fn ask_owner(&self, app: &AppCredentials, token: &AccessToken) -> Owner {
        match self.graph.inspect_token(app, token).await {
            Ok(inspected) => Owner::Known(Box::new(inspected.facts)),
            Err(error) => match error.facts() {
                Some(facts) => Owner::Known(Box::new(facts.clone())),
                None if is_no_token_of_the_app(&error) => Owner::NoOne,
                None => Owner::Unanswered,
            },
        }
    }

    /// Stores the grants, and reseals the credentials with them, in one transaction; returns how many.
    async fn store_owners(
        &self,
        scope: &TenantScope,
        owned: &[(UnknownToken<'_>, TokenFacts)],
    ) -> Result<usize, Error> {
        let (key, now) = (self.data_keys.active(scope).await?, self.clock.now());
        let ids: Vec<AssetId> = owned
            .iter()
            .flat_map(|(token, _)| &token.credentials)
            .map(|it| it.credential.asset_id.clone())
            .collect();
        let tx = self.store.begin(scope).await?;
        tx.lock_assets(&ids).await?;
        let mut rows = Vec::new();
        for (token, facts) in owned {
            let grant = token.to_grant(facts);
            self.insert_imported_grant(&tx, (&key, scope), &grant, &token.token)
                .await?;
            for it in &token.credentials {
                rows.push(token.attribute_credential((&key, scope), it, &grant)?);
            }
        }
        let attributed = tx.attribute_credentials(&rows).await?;
        tx.remove_unattributed_entry(scope.app_id()).await?;
        self.follow_up(&tx, &ids, now).await?;
        tx.commit().await?;
        Ok(attributed)
    }

    /// Stores the grant of an imported token, unless another process has stored it.
    async fn insert_imported_grant(
        &self,
        tx: &TenantTx,
        (key, scope): (&DataKey, &TenantScope),
        grant: &Grant,
        token: &AccessToken,
    ) -> Result<(), Error> {
        if tx.find_grants(&[grant.id]).await?.is_empty() {
            match self.insert_grant(tx, grant, self.clock.now()).await {
                // A concurrent pass with the same token was first.
                Ok(()) | Err(regrant_storage::Error::Taken(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let context = grant_context(scope.tenant(), grant.id);
        let sealed = key.seal_record(&context, token.expose().as_bytes())?;
        Ok(tx.store_grant_token(grant.id, &sealed).await?)
    }
}

impl UnknownToken<'_> {
    fn credential_ids(&self) -> impl Iterator<Item = CredentialId> {
        self.credentials.iter().map(|it| it.credential.id)
    }

    fn to_grant(&self, facts: &TokenFacts) -> Grant {
        let print = self
            .credentials
            .first()
            .map(|it| &it.credential.fingerprint);
        Grant {
            id: imported_grant_id(print.map_or(&[][..], Vec::as_slice)),
            facts: facts.clone(),
        }
    }

    fn attribute_credential(
        &self,
        (key, scope): (&DataKey, &TenantScope),
        stored: &StoredCredential,
        grant: &Grant,
    ) -> Result<AttributedCredential, Error> {
        let declared = stored.credential.kind;
        // Graph knows what kind of token it is; only its caller knows a Workplace token.
        let kind = match declared {
            CredentialKind::WorkplaceApp => declared,
            _ => grant.facts.kind,
        };
        let credential =
            reseal_with_grant((key, scope), &stored.credential, kind, &self.token, grant)?;
        Ok(AttributedCredential {
            credential,
            read_at: grant.facts.read_at,
        })
    }
}

const fn is_no_token_of_the_app(error: &InspectError) -> bool {
    matches!(
        error,
        InspectError::ForeignApp | InspectError::Undecipherable | InspectError::NotAPersonToken
    )
}

/// The id of an imported token's grant, derived from its fingerprint, so that concurrent passes agree on it.
fn imported_grant_id(fingerprint: &[u8]) -> GrantId {
    let bytes: [u8; 16] = fingerprint.try_into().unwrap_or_default();
    GrantId::from_uuid(uuid::Uuid::new_v8(bytes))
}
