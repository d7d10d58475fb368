//! Carrying out what was decided about assets: activate, confirm, park, stand by.
//!
//! The rule: a decision names the generation it was taken at, and an older reconnect never overwrites what a
//! newer one settled. Either every row of a call is as expected or the call is [`Error::Stale`] and its
//! transaction must be dropped.

use regrant_domain::{AssetId, CredentialId, CutOff, Slot, Timestamp};
use sea_orm::Value;

use crate::{
    Error, StoredCredential, TenantTx,
    sql::{CHUNK, Query, json, maybe_time, time},
};

/// A credential to keep; its slot says where.
pub type NewCredential = StoredCredential;

/// A proved (or imported) credential that is to serve its asset.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The credential, in slot `active`, sealed for the generation after the expected one.
    pub credential: NewCredential,
    /// The asset's generation when this was decided.
    pub expected_generation: i64,
    /// The asset's cut-off for the credential's person, where one is known.
    pub cut_off: Option<CutOff>,
}

/// A waiting credential that reached its asset.
#[derive(Debug, Clone)]
pub struct Promotion {
    /// The credential, sealed anew for slot `active`.
    pub activation: Activation,
    /// The row it waited in.
    pub waited: CredentialId,
}

/// What an activation does to an asset's place in the order of reconnects.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// It is of this reconnect, and loses to a newer one; 0 is an import.
    Of(i64),
    /// It goes back to where it came from; what is newer stays newer.
    Keep,
    /// It is nobody's order: the asset stays where it was.
    Kept,
}

/// The proof that the active credential still works.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The asset.
    pub asset_id: AssetId,
    /// The cut-off from here on, where one is known.
    pub cut_off: Option<CutOff>,
    /// Tasks the probe proved.
    pub tasks: Vec<String>,
}

impl TenantTx {
    /// Lets new credentials serve; what served before becomes `previous`, and candidates of this reconnect
    /// or an older one go. `intent_seq` 0 is an import: it takes only assets that no reconnect settled yet.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation, or a newer reconnect settled it.
    pub async fn activate(
        &self,
        activations: &[Activation],
        intent_seq: i64,
        at: Timestamp,
    ) -> Result<(), Error> {
        all_in(Slot::Active, activations.iter().map(|it| &it.credential))?;
        for chunk in activations.chunks(CHUNK) {
            self.raise_generation(chunk, intent_seq, at).await?;
            self.retire_active(ids_of(chunk)).await?;
            self.put_in_place(chunk, intent_seq).await?;
        }
        Ok(())
    }

    /// Lets refreshed tokens serve in the place of those they were made from, which become `previous`. What waits
    /// goes on waiting, and a reconnect that was asked for stays the later word.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation.
    pub async fn rotate(&self, activations: &[Activation], at: Timestamp) -> Result<(), Error> {
        for chunk in activations.chunks(CHUNK) {
            self.raise(&chunk.iter().collect::<Vec<_>>(), Order::Kept, at)
                .await?;
            self.retire_active(ids_of(chunk)).await?;
            self.insert_credentials(chunk.iter().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Lets waiting credentials serve that reached their asset; what served before becomes `previous`. The
    /// rows they waited in go; the order of reconnects stays what it is, or becomes theirs if that is later.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation.
    pub async fn promote(&self, promotions: &[Promotion], at: Timestamp) -> Result<(), Error> {
        for chunk in promotions.chunks(CHUNK) {
            let activations: Vec<_> = chunk.iter().map(|it| &it.activation).collect();
            self.raise(&activations, Order::Keep, at).await?;
            let waited: Vec<_> = chunk.iter().map(|it| it.waited).collect();
            self.delete_credentials(&waited).await?;
            self.retire_active(
                activations
                    .iter()
                    .map(|it| it.credential.credential.asset_id.as_str()),
            )
            .await?;
            self.insert_credentials(activations.iter().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Puts imported credentials, sealed anew with what was learned of them, in the place of the active ones;
    /// the order of reconnects stays what it is.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation.
    pub async fn adopt(&self, adoptions: &[Activation], at: Timestamp) -> Result<(), Error> {
        for chunk in adoptions.chunks(CHUNK) {
            self.raise(&chunk.iter().collect::<Vec<_>>(), Order::Keep, at)
                .await?;
            let active = self.query(
                "DELETE FROM credentials WHERE tenant_id = $1 AND slot = 'active' AND asset_id IN ",
            );
            self.run(active.list(ids_of(chunk))).await?;
            self.insert_credentials(chunk.iter().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Puts anew sealed credentials in the place of the active ones; `previous` stays what it is.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation, or a newer reconnect settled it.
    pub async fn renew(
        &self,
        renewals: &[Activation],
        intent_seq: i64,
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in renewals.chunks(CHUNK) {
            self.raise_generation(chunk, intent_seq, at).await?;
            let active = self.query(
                "DELETE FROM credentials WHERE tenant_id = $1 AND slot = 'active' AND asset_id IN ",
            );
            self.run(active.list(ids_of(chunk))).await?;
            self.put_in_place(chunk, intent_seq).await?;
        }
        Ok(())
    }

    /// Notes that the active credentials were proved again. The assets are locked and their active
    /// credentials were read in this transaction.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has no active credential.
    pub async fn confirm(
        &self,
        confirmations: &[Confirmation],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in confirmations.chunks(CHUNK) {
            self.note_proved(chunk, at).await?;
            let rows: Vec<[Value; 2]> = chunk
                .iter()
                .map(|it| Ok([it.asset_id.as_str().into(), json(&it.tasks)?.into()]))
                .collect::<Result<_, Error>>()?;
            let query = self
                .query("UPDATE credentials AS c SET tasks = v.column2, proved_at = ")
                .bind(time(at))
                .sql(" FROM")
                .table(rows)
                .sql(" WHERE c.tenant_id = $1 AND c.asset_id = v.column1 AND c.slot = 'active'");
            self.run_exactly(chunk.len(), query).await?;
        }
        Ok(())
    }

    /// Keeps credentials that do not reach their asset yet; a candidate of a newer reconnect stays instead.
    ///
    /// # Errors
    /// The database failed.
    pub async fn park(&self, credentials: &[NewCredential], at: Timestamp) -> Result<(), Error> {
        let same = "c.slot = 'candidate'";
        self.supersede(Slot::Candidate, same, credentials, at).await
    }

    /// Keeps spare credentials, one an asset and person; a newer one of the same person stays instead.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stand_by(
        &self,
        credentials: &[NewCredential],
        at: Timestamp,
    ) -> Result<(), Error> {
        let same = "c.slot = 'standby' AND c.person_id IS NOT DISTINCT FROM v.column3";
        self.supersede(Slot::Standby, same, credentials, at).await
    }

    /// What serves becomes what served before.
    async fn retire_active<'a>(
        &self,
        ids: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), Error> {
        let previous = self.query(
            "DELETE FROM credentials WHERE tenant_id = $1 AND slot = 'previous' AND asset_id IN ",
        );
        self.run(previous.list(ids.clone())).await?;
        let retire = self.query(
            "UPDATE credentials SET slot = 'previous'
             WHERE tenant_id = $1 AND slot = 'active' AND asset_id IN ",
        );
        self.run(retire.list(ids)).await.map(drop)
    }

    /// Inserts active credentials; candidates of this reconnect or an older one go.
    async fn put_in_place(&self, chunk: &[Activation], intent_seq: i64) -> Result<(), Error> {
        let ids = || ids_of(chunk);
        let candidates = self
            .query("DELETE FROM credentials WHERE tenant_id = $1 AND slot = 'candidate' AND intent_seq <= ")
            .bind(intent_seq)
            .sql(" AND asset_id IN ");
        self.run(candidates.list(ids())).await?;
        self.insert_credentials(chunk.iter().map(|it| &it.credential), false)
            .await?;
        Ok(())
    }

    async fn supersede(
        &self,
        slot: Slot,
        same: &str,
        credentials: &[NewCredential],
        at: Timestamp,
    ) -> Result<(), Error> {
        all_in(slot, credentials)?;
        for chunk in credentials.chunks(CHUNK) {
            let rows = chunk.iter().map(|it| claim_of(&it.credential));
            let older = self
                .query(
                    "DELETE FROM credentials AS c WHERE c.tenant_id = $1 AND EXISTS (SELECT 1 FROM",
                )
                .table(rows)
                .sql(" WHERE c.asset_id = v.column1 AND c.intent_seq <= v.column2 AND ")
                .sql(same)
                .sql(")");
            self.run(older).await?;
            self.insert_credentials(chunk, true).await?;
            let ids: Vec<_> = chunk
                .iter()
                .map(|it| it.credential.asset_id.clone())
                .collect();
            self.note_checked(&ids, at).await?;
        }
        Ok(())
    }

    async fn raise_generation(
        &self,
        activations: &[Activation],
        intent_seq: i64,
        at: Timestamp,
    ) -> Result<(), Error> {
        self.raise(
            &activations.iter().collect::<Vec<_>>(),
            Order::Of(intent_seq),
            at,
        )
        .await
    }

    async fn raise(
        &self,
        activations: &[&Activation],
        order: Order,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE assets AS a SET generation = a.generation + 1, person_id = v.column3,
                    proved_at = v.column4, failing_since = NULL, failing_reason = NULL, failures = 0,
                    definitive = (0 = 1), cut_off = v.column5, expires_at = v.column6,
                    data_access_expires_at = v.column7, cut_off_source = v.column8,
                    cut_off_learned_at = v.column9,
                    working_since = CASE WHEN v.column4 IS NULL THEN NULL
                        WHEN a.proved_at IS NULL OR a.failures > 0 THEN v.column4
                        ELSE coalesce(a.working_since, v.column4) END,
                    checked_at = CASE WHEN v.column4 IS NULL THEN a.checked_at ELSE ",
            )
            .bind(time(at))
            .sql(" END, intent_seq = ");
        let query = match order {
            Order::Of(intent_seq) => query.bind(intent_seq),
            Order::Kept => query.sql("a.intent_seq"),
            Order::Keep => query
                .sql("CASE WHEN v.column10 > a.intent_seq THEN v.column10 ELSE a.intent_seq END"),
        };
        let query = query
            .sql(" FROM")
            .table(activations.iter().map(|it| new_facts(it)))
            .sql(" WHERE a.tenant_id = $1 AND a.id = v.column1 AND a.generation = v.column2");
        let query = match order {
            Order::Of(intent_seq) => not_overtaken(query.sql(" AND "), intent_seq),
            Order::Keep | Order::Kept => query,
        };
        self.run_exactly(activations.len(), query).await
    }

    async fn note_proved(
        &self,
        confirmations: &[Confirmation],
        at: Timestamp,
    ) -> Result<(), Error> {
        let rows = confirmations.iter().map(|it| -> [Value; 4] {
            [
                it.asset_id.as_str().into(),
                maybe_time(it.cut_off.map(|it| it.at)).into(),
                it.cut_off.map(|it| it.source.as_str().to_owned()).into(),
                maybe_time(it.cut_off.map(|it| it.learned_at)).into(),
            ]
        });
        let query = self
            .query(
                "UPDATE assets AS a SET failing_since = NULL, failing_reason = NULL, failures = 0,
                    definitive = (0 = 1), cut_off = v.column2, cut_off_source = v.column3,
                    cut_off_learned_at = v.column4, working_since = CASE
                        WHEN a.proved_at IS NULL OR a.failures > 0 OR a.working_since IS NULL THEN ",
            )
            .bind(time(at))
            .sql(" ELSE a.working_since END, proved_at = ")
            .bind(time(at))
            .sql(", checked_at = ")
            .bind(time(at))
            .sql(" FROM")
            .table(rows)
            .sql(" WHERE a.tenant_id = $1 AND a.id = v.column1");
        self.run_exactly(confirmations.len(), query).await
    }
}

fn ids_of(chunk: &[Activation]) -> impl Iterator<Item = &str> + Clone {
    chunk
        .iter()
        .map(|it| it.credential.credential.asset_id.as_str())
}

/// A reconnect settles what no later one settled; an import (0) what no reconnect did.
fn not_overtaken(query: Query, intent_seq: i64) -> Query {
    let newest = if intent_seq == 0 { 0 } else { intent_seq - 1 };
    query.sql("a.intent_seq <= ").bind(newest)
}

/// A credential in another slot would be kept where nobody expects it.
fn all_in<'a>(
    slot: Slot,
    credentials: impl IntoIterator<Item = &'a NewCredential>,
) -> Result<(), Error> {
    let fits = credentials.into_iter().all(|it| it.credential.slot == slot);
    fits.then_some(()).ok_or(Error::Corrupt("slot"))
}

fn new_facts(activation: &Activation) -> [Value; 10] {
    let it = &activation.credential.credential;
    [
        it.asset_id.as_str().into(),
        activation.expected_generation.into(),
        it.person_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .into(),
        maybe_time(it.proved_at).into(),
        maybe_time(activation.cut_off.map(|it| it.at)).into(),
        maybe_time(it.expires_at).into(),
        maybe_time(it.data_access_expires_at).into(),
        activation
            .cut_off
            .map(|it| it.source.as_str().to_owned())
            .into(),
        maybe_time(activation.cut_off.map(|it| it.learned_at)).into(),
        it.intent_seq.into(),
    ]
}

fn claim_of(credential: &regrant_domain::Credential) -> [Value; 3] {
    [
        credential.asset_id.as_str().into(),
        credential.intent_seq.into(),
        credential
            .person_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .into(),
    ]
}
