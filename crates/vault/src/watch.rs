//! Probes assets that are due, with the credentials that stand for them (design D6).
//!
//! The rule: `[tx] network [tx]`: what was read is probed with no transaction open, and settled only
//! where the lease still holds and the same credentials still stand. Whoever was paused past its lease
//! writes nothing.
//! Start at [`Vault::watch_due`]; `watched.rs` decides what one asset's proofs lead to.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
};

use futures_util::{StreamExt, stream};
use regrant_domain::{
    AccessToken, Asset, AssetId, Clock, Credential, CredentialId, CredentialKind, Grant, GrantId, Proof,
    Refusal, RefusalKind, Sealed, Slot, Timestamp, schedule::Lane,
};
use regrant_graph::{AppCredentials, Death, Probe, Target};
use regrant_storage::{Claimer, ProbeClaim, ProbeLease, StoredCredential, TenantScope, TenantTx};
use tracing::{Instrument, error, info_span, warn};

use crate::{
    Error, Vault,
    payload::{context, read_credential},
    prove::grant_of,
    settle::target_of,
    siblings::{Siblings, readings},
    watched::Findings,
};

/// What one pass over due assets did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watched {
    /// Assets that were claimed.
    pub claimed: usize,
    /// Whose serving credential was proved again.
    pub proved: usize,
    /// Whose serving credential was refused.
    pub doubted: usize,
    /// Whose parked credential took over.
    pub promoted: usize,
    /// Whose spare credential took over.
    pub failed_over: usize,
    /// Of which nobody could say anything.
    pub postponed: usize,
    /// That somebody else claimed or changed meanwhile.
    pub lost: usize,
}

/// How many tenants are probed side by side.
const TENANTS_AT_ONCE: usize = 8;
/// How many assets one transaction settles.
const CHUNK: usize = 250;

/// An asset that is due, and what stands for it; the better ranked first.
pub(crate) struct Due {
    pub(crate) lease: ProbeLease,
    pub(crate) asset: Asset,
    pub(crate) credentials: Vec<StoredCredential>,
    /// What the probes said, credential by credential.
    pub(crate) proofs: HashMap<CredentialId, Proof>,
}

impl Round<'_> {
    /// What is known of the token behind a credential.
    pub(crate) fn grant_of(&self, credential: &Credential) -> Option<&Grant> {
        let known = credential.grant_id.and_then(|id| self.grants.get(&id));
        known.or_else(|| self.adopted.get(&credential.fingerprint))
    }
}

/// A credential that is asked: which asset's, and which of them.
struct Asked {
    due: usize,
    place: usize,
}

impl Asked {
    fn target(&self, due: &[Due]) -> Option<Target> {
        Some(target_of(&due.get(self.due)?.asset))
    }

    fn probe<'a>(&self, round: &'a Round<'_>, due: &'a [Due], target: &'a Target) -> Option<Probe<'a>> {
        let credential = &due.get(self.due)?.credentials.get(self.place)?.credential;
        let token = round.tokens.get(&credential.id)?;
        Some(Probe { target, token, kind: credential.kind, person: credential.person_id.as_ref() })
    }
}

/// Everything that is known of the due assets of one tenant.
pub(crate) struct Round<'a> {
    pub(crate) scope: &'a TenantScope,
    pub(crate) owner: &'a str,
    pub(crate) app: &'a AppCredentials,
    pub(crate) grants: HashMap<GrantId, Grant>,
    /// What was learned of imported tokens, by their fingerprint.
    pub(crate) adopted: HashMap<Vec<u8>, Grant>,
    /// Opened for this round alone.
    pub(crate) tokens: HashMap<CredentialId, AccessToken>,
}

impl Vault {
    /// Probes what is due in a lane, at most `limit` assets: tenants take turns, each tenant's most urgent
    /// assets come first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn watch_due(&self, lane: Lane, limit: u32) -> Result<Watched, Error> {
        let owner = format!("{}/{}", self.jobs.owner, uuid::Uuid::now_v7());
        let wall = Clock::wall();
        let claimer =
            Claimer { owner: &owner, now: self.clock.now(), wall, until: wall + self.settings.lease };
        let claims = self.store.claim_probes(lane, claimer, limit).await?;
        if claims.is_empty() {
            return Ok(Watched::default());
        }
        // Made before the stream: a closure within it would not be known to be Send.
        let rounds: Vec<_> = claims.iter().map(|claim| self.watch_tenant(&owner, claim)).collect();
        let rounds = stream::iter(rounds)
            .buffer_unordered(TENANTS_AT_ONCE)
            .fold(Watched::default(), async |sum, it| sum.plus(it));
        let watched = tokio::select! {
            biased;
            watched = rounds => watched,
            never = self.keep_probes(&owner) => never,
        };
        self.store.release_probes(&owner).await?;
        Ok(watched)
    }

    /// Keeps the leases of a pass until it is dropped.
    async fn keep_probes(&self, owner: &str) -> Watched {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            if let Err(error) = self.store.renew_probes(owner, Clock::wall() + self.settings.lease).await {
                warn!(error = %error, "cannot renew the leases of probes");
            }
        }
    }

    /// One tenant's faults are its own: they are logged, and its assets are due again.
    async fn watch_tenant(&self, owner: &str, claim: &ProbeClaim) -> Watched {
        let span = info_span!("watch", tenant.id = %claim.scope.tenant(), assets = claim.leases.len());
        let watched = self.watch_claim(owner, claim).instrument(span.clone()).await;
        let claimed = claim.leases.len();
        span.in_scope(|| match watched {
            Ok(watched) => Watched { claimed, ..watched },
            Err(error) => {
                error!(error = %error, cause = ?std::error::Error::source(&error), "a round of probes broke off");
                Watched { claimed, lost: claimed, ..Watched::default() }
            }
        })
    }

    async fn watch_claim(&self, owner: &str, claim: &ProbeClaim) -> Result<Watched, Error> {
        let scope = &claim.scope;
        let app = self.app(scope.app_id()).await?;
        let (mut due, grants) = self.read_due(scope, &claim.leases).await?;
        let (adopted, tokens) = (HashMap::new(), HashMap::new());
        let mut round = Round { scope, owner, app: &app, grants, adopted, tokens };
        let first = |it: &StoredCredential| matches!(it.credential.slot, Slot::Active | Slot::Candidate);
        self.ask(&mut round, &mut due, |_, it| first(it)).await?;
        let now = self.clock.now();
        let failing: HashSet<_> = due
            .iter()
            .filter(|it| it.is_failing(now, &self.settings))
            .map(|it| it.asset.id.clone())
            .collect();
        if !failing.is_empty() {
            let spare = |due: &Due, it: &StoredCredential| failing.contains(&due.asset.id) && !first(it);
            self.ask(&mut round, &mut due, spare).await?;
        }
        self.adopt(&mut round, &due).await;
        let mut watched = Watched::default();
        while !due.is_empty() {
            let rest = due.split_off(due.len().min(CHUNK));
            watched = watched.plus(self.settle_due(&round, std::mem::replace(&mut due, rest)).await?);
        }
        Ok(watched)
    }

    async fn read_due(
        &self,
        scope: &TenantScope,
        leases: &[ProbeLease],
    ) -> Result<(Vec<Due>, HashMap<GrantId, Grant>), Error> {
        let ids: Vec<_> = leases.iter().map(|it| it.asset_id.clone()).collect();
        let tx = self.store.begin_read(scope).await?;
        let assets = tx.assets(&ids).await?;
        let credentials = tx.standing_credentials(&ids).await?;
        let grant_ids: HashSet<_> = credentials.iter().filter_map(|it| it.credential.grant_id).collect();
        let grants = tx.grants(&grant_ids.into_iter().collect::<Vec<_>>()).await?;
        tx.commit().await?;
        let mut assets: HashMap<_, _> = assets.into_iter().map(|it| (it.id.clone(), it)).collect();
        let mut by_asset = by_asset(credentials);
        let due = |lease: &ProbeLease| {
            let asset = assets.remove(&lease.asset_id)?;
            let credentials = by_asset.remove(&lease.asset_id).unwrap_or_default();
            Some(Due { lease: lease.clone(), asset, credentials, proofs: HashMap::new() })
        };
        let due = leases.iter().filter_map(due).collect();
        Ok((due, grants.into_iter().map(|it| (it.id, it)).collect()))
    }

    /// Probes those credentials that are `wanted` on their assets, and notes what was said.
    async fn ask(
        &self,
        round: &mut Round<'_>,
        due: &mut [Due],
        wanted: impl Fn(&Due, &StoredCredential) -> bool,
    ) -> Result<(), Error> {
        let mut asked = Vec::new();
        for (n, it) in due.iter().enumerate() {
            for (place, stored) in it.credentials.iter().enumerate().filter(|(_, stored)| wanted(it, stored))
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
        Ok(())
    }

    /// A record that does not open is an alarm, and no word about the token.
    async fn open_credential(&self, scope: &TenantScope, stored: &StoredCredential) -> Option<AccessToken> {
        let credential = &stored.credential;
        let bound = context(scope.tenant(), credential);
        let opened = self.keys.open(scope, &bound, &credential.sealed).await;
        match opened.and_then(|plain| read_credential(&plain, credential)) {
            Ok(token) => Some(token),
            Err(error) => {
                error!(alarm = "unreadable", credential.id = %credential.id, error = %error, "a credential does not open");
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
                let Some(token) = round.tokens.get(&stored.credential.id) else { continue };
                if !heard.contains_key(&stored.credential.fingerprint) {
                    let word = self.second_word(round.app, token).await;
                    heard.insert(stored.credential.fingerprint.clone(), word);
                }
            }
        }
        for it in due.iter_mut() {
            let dead: Vec<_> = it.credentials.iter().filter(|stored| it.is_dead(stored)).collect();
            let words: Vec<_> = dead
                .iter()
                .filter_map(|stored| {
                    let word = heard.get(&stored.credential.fingerprint)?.clone()?;
                    Some((stored.credential.id, word))
                })
                .collect();
            it.proofs.extend(words.into_iter().map(|(id, word)| (id, Proof::Refused(word))));
        }
    }

    /// `None` where Graph confirms the death; else what is to be believed instead.
    async fn second_word(&self, app: &AppCredentials, token: &AccessToken) -> Option<Refusal> {
        match self.graph.confirm_death(app, token).await {
            Ok(Death::Confirmed { .. }) => None,
            Ok(Death::Denied) => {
                warn!(alarm = "contradiction", app.id = %app.id, "Graph refuses a token that it calls valid");
                Some(unsaid("Graph refused the token, and calls it valid when asked about it."))
            }
            Err(refusal) => Some(refusal),
        }
    }

    /// Learns what Graph knows of imported tokens that were proved: whose they are, and when they end.
    async fn adopt(&self, round: &mut Round<'_>, due: &[Due]) {
        for it in due {
            for stored in it.credentials.iter().filter(|stored| is_orphan(it, &stored.credential)) {
                let (id, print) = (stored.credential.id, &stored.credential.fingerprint);
                let Some(token) = round.tokens.get(&id).filter(|_| !round.adopted.contains_key(print)) else {
                    continue;
                };
                if let Ok(inspected) = self.graph.inspect(round.app, token).await {
                    round.adopted.insert(print.clone(), grant_of(inspected.facts));
                }
            }
        }
    }

    /// Settles a chunk where its leases still hold.
    async fn settle_due(&self, round: &Round<'_>, due: Vec<Due>) -> Result<Watched, Error> {
        let ids: Vec<_> = due.iter().map(|it| it.asset.id.clone()).collect();
        let leases: Vec<_> = due.iter().map(|it| it.lease.clone()).collect();
        let (key, now) = (self.keys.active(round.scope).await?, self.clock.now());
        let readings = readings(&due);
        let tx = self.store.begin(round.scope).await?;
        let siblings = tx.siblings(&readings.keys().cloned().collect::<Vec<_>>()).await?;
        let locked: HashMap<_, _> = tx
            .lock_assets(&[ids.as_slice(), &siblings].concat())
            .await?
            .into_iter()
            .map(|it| (it.id.clone(), it))
            .collect();
        let held = tx.hold_probes(round.owner, &leases).await?;
        let mut standing = by_asset(tx.standing_credentials(&ids).await?);
        let mut findings = Findings::new(round, &key, &self.settings, now);
        for it in due {
            let stands = standing.remove(&it.asset.id).unwrap_or_default();
            match locked.get(&it.asset.id).filter(|_| held.contains(&it.asset.id)) {
                Some(asset) => findings.add(it, asset, &stands)?,
                None => findings.watched.lost += 1,
            }
        }
        let siblings =
            Siblings { assets: siblings.iter().filter_map(|id| locked.get(id)).collect(), readings };
        let watched = findings.carry_out(&tx, self, &siblings).await?;
        tx.commit().await?;
        Ok(watched)
    }

    /// Keeps what was learned of an imported token; a chunk before this one may have done it.
    pub(crate) async fn adopt_grant(
        &self,
        tx: &TenantTx,
        grant: &Grant,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<(), Error> {
        if tx.grants(&[grant.id]).await?.is_empty() {
            self.keep_grant(tx, grant, now).await?;
            tx.keep_grant_token(grant.id, sealed).await?;
        }
        Ok(())
    }

    /// One proof for each credential that is asked, in their order.
    async fn probe_all(&self, round: &Round<'_>, due: &[Due], asked: &[Asked]) -> Vec<Proof> {
        let targets: Vec<_> = asked.iter().filter_map(|it| it.target(due)).collect();
        let probes: Vec<_> =
            asked.iter().zip(&targets).filter_map(|(it, target)| it.probe(round, due, target)).collect();
        let mut proofs: Vec<_> =
            asked.iter().map(|_| Proof::Refused(unsaid("Graph was not asked."))).collect();
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

impl Watched {
    fn plus(self, other: Self) -> Self {
        Self {
            claimed: self.claimed + other.claimed,
            proved: self.proved + other.proved,
            doubted: self.doubted + other.doubted,
            promoted: self.promoted + other.promoted,
            failed_over: self.failed_over + other.failed_over,
            postponed: self.postponed + other.postponed,
            lost: self.lost + other.lost,
        }
    }
}

/// Nobody can say.
fn unsaid(message: &str) -> Refusal {
    Refusal { kind: RefusalKind::Unavailable, message: message.to_owned(), fbtrace_id: None }
}

/// A proved token that nothing is known of. A page token tells nothing of its person.
fn is_orphan(due: &Due, credential: &Credential) -> bool {
    let proved = matches!(due.proofs.get(&credential.id), Some(Proof::Proven(_)));
    proved && credential.grant_id.is_none() && credential.kind != CredentialKind::Page
}

fn by_asset(credentials: Vec<StoredCredential>) -> HashMap<AssetId, Vec<StoredCredential>> {
    let mut by_asset = HashMap::<_, Vec<_>>::new();
    for it in credentials {
        by_asset.entry(it.credential.asset_id.clone()).or_default().push(it);
    }
    by_asset
}
