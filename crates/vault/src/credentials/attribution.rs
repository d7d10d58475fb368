//! Attribution: finds out whose an imported token is, of which kind, and when it ends.
//!
//! The rule: an imported token is asked about before anything is concluded from it. `[tx] network [tx]`: each token is
//! asked about once, and stored as attributed only where its credential is still the one that was read. An answer that
//! names no person is stored too; no answer is not.
//! Start at [`Vault::attribute_tokens`].

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use regrant_crypto::DataKey;
use regrant_domain::{AccessToken, AssetId, CredentialId, Grant, GrantId, Timestamp, TokenFacts};
use regrant_graph::AppCredentials;
use regrant_storage::{AttributedCredential, StoredCredential, TenantScope, TenantTx};

use crate::{
    Error, Vault,
    credentials::seal::{grant_context, reseal_with_grant},
};

/// How many tokens are asked about at the same time.
const AT_ONCE: usize = 8;
/// How many credentials are read at once.
const PAGE: u32 = 100;

/// What became of credentials whose token had never been inspected.
#[derive(Debug, Default)]
pub(crate) struct Attribution {
    /// How many credentials have an owner now.
    pub(crate) attributed: usize,
    /// How many could not be asked about: Graph gave no answer, or the key could not be read.
    pub(crate) waiting: usize,
    /// How many have no person of this app: Graph says so, or the record does not open.
    pub(crate) ownerless: usize,
}

impl Attribution {
    fn add(&mut self, other: &Self) {
        self.attributed += other.attributed;
        self.waiting += other.waiting;
        self.ownerless += other.ownerless;
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
    /// Graph names no person: it is no token of this app, or a dead one that names nothing.
    NoOne,
    /// Graph gave no answer.
    Unanswered,
}

/// The credentials whose tokens are asked about, and the outcome for the others.
#[derive(Default)]
struct OpenedTokens<'a> {
    unknown: Vec<UnknownToken<'a>>,
    unreadable: Vec<CredentialId>,
    waiting: usize,
}

impl Vault {
    /// Asks Graph about the tokens of these credentials, and stores whose they are.
    pub(crate) async fn attribute_tokens(
        &self,
        scope: &TenantScope,
        app: &AppCredentials,
        credentials: &[StoredCredential],
    ) -> Result<Attribution, Error> {
        let opened = self.open_unknown_tokens(scope, credentials).await;
        let owners = self.ask_owners(app, &opened.unknown).await;
        let mut attribution = Attribution {
            waiting: opened.waiting,
            ..Attribution::default()
        };
        let (mut owned, mut ownerless) = (Vec::new(), opened.unreadable);
        for (owner, token) in owners.into_iter().zip(opened.unknown) {
            match owner {
                Owner::Known(facts) => owned.push((token, *facts)),
                Owner::NoOne => ownerless.extend(token.credential_ids()),
                Owner::Unanswered => attribution.waiting += token.credentials.len(),
            }
        }
        // In one order in every process, so that the rows of several persons are never locked crosswise.
        owned.sort_by(|(_, one), (_, other)| one.person_id.cmp(&other.person_id));
        attribution.ownerless = ownerless.len();
        if !owned.is_empty() || !ownerless.is_empty() {
            attribution.attributed = self.store_owners(scope, &owned, &ownerless).await?;
        }
        Ok(attribution)
    }

    /// Asks about the tokens, a few at a time. Once Graph answers none of them it is down, and the others wait unasked.
    async fn ask_owners(&self, app: &AppCredentials, unknown: &[UnknownToken<'_>]) -> Vec<Owner> {
        let mut owners = Vec::with_capacity(unknown.len());
        for round in unknown.chunks(AT_ONCE) {
            let answers = join_all(round.iter().map(|it| self.ask_owner(app, &it.token))).await;
            let is_down = answers.iter().all(|it| matches!(it, Owner::Unanswered));
            owners.extend(answers);
            if is_down {
                break;
            }
        }
        owners.resize_with(unknown.len(), || Owner::Unanswered);
        owners
    }

    /// Asks whose all of a tenant's tokens are of which Graph never said so. Ends early where Graph answers nothing, and
    /// after `time`; the rest then waits.
    pub(crate) async fn attribute_all_tokens(
        &self,
        scope: &TenantScope,
        time: Duration,
    ) -> Result<Attribution, Error> {
        let app = self.open_app_credentials(scope.app_id()).await?;
        let (mut total, mut after, until) = (Attribution::default(), None, Instant::now() + time);
        loop {
            let tx = self.store.begin_read(scope).await?;
            let unknown = tx.list_unattributed_credentials(after, PAGE).await?;
            tx.commit().await?;
            let Some(last) = unknown.last() else {
                return Ok(total);
            };
            after = Some(last.credential.id);
            if Instant::now() >= until {
                total.waiting += unknown.len();
                return Ok(total);
            }
            let page = self.attribute_tokens(scope, &app, &unknown).await?;
            let is_down = page.waiting == unknown.len();
            total.add(&page);
            if is_down {
                return Ok(total);
            }
        }
    }

    /// Opens each token once, whatever the number of credentials that hold it.
    async fn open_unknown_tokens<'a>(
        &self,
        scope: &TenantScope,
        credentials: &'a [StoredCredential],
    ) -> OpenedTokens<'a> {
        let mut by_print = HashMap::<&[u8], UnknownToken<'a>>::new();
        let mut opened = OpenedTokens::default();
        for it in credentials {
            if let Some(known) = by_print.get_mut(it.credential.fingerprint.as_slice()) {
                known.credentials.push(it);
                continue;
            }
            match self.open_stored_token(scope, it).await {
                Ok(token) => {
                    let credentials = vec![it];
                    let unknown = UnknownToken { credentials, token };
                    by_print.insert(&it.credential.fingerprint, unknown);
                }
                Err(error) if is_fault_of_record(&error) => {
                    opened.unreadable.push(it.credential.id);
                }
                Err(_) => opened.waiting += 1,
            }
        }
        opened.unknown = by_print.into_values().collect();
        opened
    }

    async fn ask_owner(&self, app: &AppCredentials, token: &AccessToken) -> Owner {
        match self.graph.inspect_token(app, token).await {
            Ok(inspected) => Owner::Known(Box::new(inspected.facts)),
            Err(error) => match error.facts() {
                Some(facts) => Owner::Known(Box::new(facts.clone())),
                None if error.is_unanswered() => Owner::Unanswered,
                None => Owner::NoOne,
            },
        }
    }

    /// Stores the grants, reseals the credentials with them, and notes which have no owner, in one transaction; returns
    /// how many have one.
    async fn store_owners(
        &self,
        scope: &TenantScope,
        owned: &[(UnknownToken<'_>, TokenFacts)],
        ownerless: &[CredentialId],
    ) -> Result<usize, Error> {
        // A tenant whose keys were destroyed has none, and tokens that cannot be opened.
        let key = match owned {
            [] => None,
            _ => Some(self.data_keys.active(scope).await?),
        };
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        let attributed = match &key {
            Some(key) => self.attribute(&tx, (key, scope), owned, now).await?,
            None => 0,
        };
        tx.note_ownerless_credentials(ownerless, now).await?;
        tx.remove_unattributed_entry(scope.app_id()).await?;
        tx.commit().await?;
        Ok(attributed)
    }

    /// Stores the grants and reseals the credentials with them; returns how many.
    async fn attribute(
        &self,
        tx: &TenantTx,
        (key, scope): (&DataKey, &TenantScope),
        owned: &[(UnknownToken<'_>, TokenFacts)],
        now: Timestamp,
    ) -> Result<usize, Error> {
        // Before the assets, as notices do: a notice that is opened again locks its due row.
        for (token, facts) in owned {
            self.insert_imported_grant(tx, (key, scope), token, facts)
                .await?;
        }
        let ids: Vec<AssetId> = owned
            .iter()
            .flat_map(|(token, _)| &token.credentials)
            .map(|it| it.credential.asset_id.clone())
            .collect();
        tx.lock_assets(&ids).await?;
        let mut rows = Vec::new();
        for (token, facts) in owned {
            let grant = token.to_grant(facts);
            for it in &token.credentials {
                rows.push(token.attribute_credential((key, scope), it, &grant)?);
            }
        }
        let attributed = tx.attribute_credentials(&rows).await?;
        self.follow_up(tx, &ids, now).await?;
        Ok(attributed)
    }

    /// Stores the grant of an imported token, unless another process has stored it. It came in with the import.
    async fn insert_imported_grant(
        &self,
        tx: &TenantTx,
        (key, scope): (&DataKey, &TenantScope),
        token: &UnknownToken<'_>,
        facts: &TokenFacts,
    ) -> Result<(), Error> {
        let (grant, came_in) = (token.to_grant(facts), token.came_in());
        let came_in = match tx.find_grant_created_at(grant.id).await? {
            // The same token was here before, and may have been revoked since.
            Some(earlier) => {
                self.reopen_revocation(tx, facts, earlier).await?;
                return self
                    .store_imported_token(tx, (key, scope), &grant, token)
                    .await;
            }
            None => came_in.unwrap_or_else(|| self.clock.now()),
        };
        match self.insert_grant(tx, &grant, came_in).await {
            // A concurrent pass with the same token was first.
            Ok(()) | Err(regrant_storage::Error::Taken(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.store_imported_token(tx, (key, scope), &grant, token)
            .await
    }

    async fn store_imported_token(
        &self,
        tx: &TenantTx,
        (key, scope): (&DataKey, &TenantScope),
        grant: &Grant,
        token: &UnknownToken<'_>,
    ) -> Result<(), Error> {
        let context = grant_context(scope.tenant(), grant.id);
        let sealed = key.seal_record(&context, token.token.expose().as_bytes())?;
        Ok(tx.store_grant_token(grant.id, &sealed).await?)
    }
}

impl UnknownToken<'_> {
    fn credential_ids(&self) -> impl Iterator<Item = CredentialId> {
        self.credentials.iter().map(|it| it.credential.id)
    }

    /// When the token came in first.
    fn came_in(&self) -> Option<Timestamp> {
        self.credentials
            .iter()
            .map(|it| it.credential.created_at)
            .min()
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
        // Graph knows what kind of token it is, whatever the caller declared.
        let kind = grant.facts.kind;
        let credential =
            reseal_with_grant((key, scope), &stored.credential, kind, &self.token, grant)?;
        Ok(AttributedCredential {
            credential,
            read_at: grant.facts.read_at,
        })
    }
}

/// Whether the record itself does not open. A key or a database that cannot be read says nothing about the record.
pub(crate) fn is_fault_of_record(error: &Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(it) = cause {
        if it.is::<regrant_storage::Error>() || it.is::<regrant_crypto::ProviderError>() {
            return false;
        }
        cause = it.source();
    }
    true
}

/// The id of an imported token's grant, derived from its fingerprint, so that concurrent passes agree on it.
fn imported_grant_id(fingerprint: &[u8]) -> GrantId {
    let bytes: [u8; 16] = fingerprint.try_into().unwrap_or_default();
    GrantId::from_uuid(uuid::Uuid::new_v8(bytes))
}
