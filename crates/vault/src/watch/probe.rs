//! Asks Graph about the credentials of due assets, each with its own token.
//!
//! The rule: no transaction is open here, and a token that an answer calls dead is believed dead only after
//! a second word.

use std::{collections::HashMap, pin::pin};

use futures_util::StreamExt;
use regrant_domain::{
    AccessToken, Credential, CredentialKind, Grant, GrantId, Proof, Refusal, RefusalKind, Sealed,
    Timestamp, error_chain,
};
use regrant_graph::{AppCredentials, Death, Probe, Target};
use regrant_storage::{StoredCredential, TenantScope, TenantTx};
use tracing::{error, warn};

use crate::{
    Error, Vault,
    credentials::payload::{context, read_credential},
    watch::due::{Due, Round},
};

/// A credential that is asked: which asset's, and which of them.
struct Asked {
    due: usize,
    place: usize,
}

impl Asked {
    fn target(&self, due: &[Due]) -> Option<Target> {
        Some(Target::from(&due.get(self.due)?.asset))
    }

    fn probe<'a>(
        &self,
        round: &'a Round<'_>,
        due: &'a [Due],
        target: &'a Target,
    ) -> Option<Probe<'a>> {
        let credential = &due.get(self.due)?.credentials.get(self.place)?.credential;
        let token = round.tokens.get(&credential.id)?;
        Some(Probe {
            target,
            token,
            kind: credential.kind,
            person: credential.person_id.as_ref(),
        })
    }
}

impl Vault {
    /// Probes those credentials that are `wanted` on their assets, and notes what was said.
    pub(super) async fn ask(
        &self,
        round: &mut Round<'_>,
        due: &mut [Due],
        wanted: impl Fn(&Due, &StoredCredential) -> bool,
    ) {
        let mut asked = Vec::new();
        for (n, it) in due.iter().enumerate() {
            for (place, stored) in it
                .credentials
                .iter()
                .enumerate()
                .filter(|(_, stored)| wanted(it, stored))
            {
                if let Some(token) = self.open_credential(round.scope, stored).await {
                    round.tokens.insert(stored.credential.id, token);
                    asked.push(Asked { due: n, place });
                }
            }
        }
        let proofs = self.probe_all(round, due, &asked).await;
        for (asked, proof) in asked.into_iter().zip(proofs) {
            if let Some(it) = due.get_mut(asked.due) {
                let id = it.credentials.get(asked.place).map(|it| it.credential.id);
                it.proofs.extend(id.map(|id| (id, proof)));
            }
        }
        self.confirm_deaths(round, due).await;
    }

    /// A record that does not open is an alarm, and no word about the token.
    async fn open_credential(
        &self,
        scope: &TenantScope,
        stored: &StoredCredential,
    ) -> Option<AccessToken> {
        let credential = &stored.credential;
        let bound = context(scope.tenant(), credential);
        let opened = self.keys.open(scope, &bound, &credential.sealed).await;
        match opened.and_then(|plain| read_credential(&plain, credential)) {
            Ok(token) => Some(token),
            Err(error) => {
                error!(alarm = "unreadable", credential.id = %credential.id, error = error_chain(&error), "a credential does not open");
                None
            }
        }
    }

    /// A token that an answer called dead is dead only if Graph says so when it is asked about that very
    /// token: a fault of the app must not look like the death of its tokens.
    async fn confirm_deaths(&self, round: &Round<'_>, due: &mut [Due]) {
        let mut heard = HashMap::<Vec<u8>, Option<Refusal>>::new();
        for it in due.iter() {
            for stored in it.credentials.iter().filter(|stored| it.is_dead(stored)) {
                let Some(token) = round.tokens.get(&stored.credential.id) else {
                    continue;
                };
                if !heard.contains_key(&stored.credential.fingerprint) {
                    let word = self.second_word(round.app, token).await;
                    heard.insert(stored.credential.fingerprint.clone(), word);
                }
            }
        }
        for it in due.iter_mut() {
            let dead: Vec<_> = it
                .credentials
                .iter()
                .filter(|stored| it.is_dead(stored))
                .collect();
            let words: Vec<_> = dead
                .iter()
                .filter_map(|stored| {
                    let word = heard.get(&stored.credential.fingerprint)?.clone()?;
                    Some((stored.credential.id, word))
                })
                .collect();
            it.proofs.extend(
                words
                    .into_iter()
                    .map(|(id, word)| (id, Proof::Refused(word))),
            );
        }
    }

    /// `None` where Graph confirms the death; else what is to be believed instead.
    async fn second_word(&self, app: &AppCredentials, token: &AccessToken) -> Option<Refusal> {
        match self.graph.confirm_death(app, token).await {
            Ok(Death::Confirmed { .. }) => None,
            Ok(Death::Denied) => {
                warn!(alarm = "contradiction", app.id = %app.id, "Graph refuses a token that it calls valid");
                Some(unsaid(
                    "Graph refused the token, and calls it valid when asked about it.",
                ))
            }
            Err(refusal) => Some(refusal),
        }
    }

    /// Learns what Graph knows of imported tokens that were proved: whose they are, and when they end.
    pub(super) async fn adopt(&self, round: &mut Round<'_>, due: &[Due]) {
        for it in due {
            for stored in it
                .credentials
                .iter()
                .filter(|stored| is_orphan(it, &stored.credential))
            {
                let (id, print) = (stored.credential.id, &stored.credential.fingerprint);
                let Some(token) = round
                    .tokens
                    .get(&id)
                    .filter(|_| !round.adopted.contains_key(print))
                else {
                    continue;
                };
                if let Ok(inspected) = self.graph.inspect(round.app, token).await {
                    let grant = Grant {
                        id: id_of_import(print),
                        facts: inspected.facts,
                    };
                    round.adopted.insert(print.clone(), grant);
                }
            }
        }
    }

    /// Keeps what was learned of an imported token; a chunk before this one may have done it.
    pub(super) async fn adopt_grant(
        &self,
        tx: &TenantTx,
        grant: &Grant,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<(), Error> {
        if tx.grants(&[grant.id]).await?.is_empty() {
            match self.keep_grant(tx, grant, now).await {
                // Another piece that adopts the same token was first.
                Ok(()) | Err(regrant_storage::Error::Taken(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tx.keep_grant_token(grant.id, sealed).await?)
    }

    /// One proof for each credential that is asked, in their order.
    async fn probe_all(&self, round: &Round<'_>, due: &[Due], asked: &[Asked]) -> Vec<Proof> {
        let targets: Vec<_> = asked.iter().filter_map(|it| it.target(due)).collect();
        let probes: Vec<_> = asked
            .iter()
            .zip(&targets)
            .filter_map(|(it, target)| it.probe(round, due, target))
            .collect();
        let mut proofs: Vec<_> = asked
            .iter()
            .map(|_| Proof::Refused(unsaid("Graph was not asked.")))
            .collect();
        let mut chunks = pin!(self.graph.probe_each(round.app, &probes));
        while let Some(chunk) = chunks.next().await {
            for (n, proof) in chunk.indices.into_iter().zip(chunk.proofs) {
                if let Some(slot) = proofs.get_mut(n) {
                    *slot = proof;
                }
            }
        }
        proofs
    }
}

/// Nobody can say.
fn unsaid(message: &str) -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        message: message.to_owned(),
        fbtrace_id: None,
    }
}

/// A proved token that nothing is known of. A page token tells nothing of its person.
fn is_orphan(due: &Due, credential: &Credential) -> bool {
    let proved = matches!(due.proofs.get(&credential.id), Some(Proof::Proven(_)));
    proved && credential.grant_id.is_none() && credential.kind != CredentialKind::Page
}

/// Pieces that adopt the same imported token side by side mean the same grant.
fn id_of_import(fingerprint: &[u8]) -> GrantId {
    let bytes: [u8; 16] = fingerprint.try_into().unwrap_or_default();
    GrantId::from_uuid(uuid::Uuid::new_v8(bytes))
}
