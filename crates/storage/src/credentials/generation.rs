//! Raising an asset's generation: the compare-and-set under which a credential begins to serve.
//!
//! The rule: every row must have the generation that was expected, or the whole statement is
//! [`Error::Stale`]. The asset takes over the facts of the credential in the same statement.

use regrant_domain::Timestamp;
use sea_orm::Value;

use crate::{
    Activation, Error, TenantTx,
    sql::{maybe_micros, to_micros},
};

/// What becomes of the number of the reconnect that settled an asset last.
#[derive(Debug, Clone, Copy)]
pub(crate) enum IntentSeq {
    /// It becomes this one; the statement fails if it is not newer than the asset's. 0 is an import.
    Set(i64),
    /// It becomes the credential's if that is newer.
    Raise,
    /// It stays as it is.
    Leave,
}

/// Facts of a credential become facts of its asset. `working_since` stays if the asset worked before.
const RAISE: &str = "
    WITH fact (asset_id, generation, person_id, proved_at, cut_off, cut_off_source,
        cut_off_learned_at, expires_at, data_access_expires_at, intent_seq, dates_read_at, condition)
        AS (VALUES :facts)
    UPDATE assets AS a SET generation = a.generation + 1, person_id = fact.person_id,
        proved_at = fact.proved_at, failing_since = NULL, failing_reason = NULL, failures = 0,
        unclassified_refusals = 0, refusal_counted_at = NULL, definitive = (0 = 1),
        dates_read_at = fact.dates_read_at, condition = fact.condition,
        condition_read_at = CASE WHEN fact.condition IS NULL THEN NULL ELSE :at END,
        cut_off = fact.cut_off, cut_off_source = fact.cut_off_source,
        cut_off_learned_at = fact.cut_off_learned_at, expires_at = fact.expires_at,
        data_access_expires_at = fact.data_access_expires_at,
        working_since = CASE WHEN fact.proved_at IS NULL THEN NULL
            WHEN a.proved_at IS NULL OR a.failing_since IS NOT NULL THEN fact.proved_at
            ELSE coalesce(a.working_since, fact.proved_at) END,
        checked_at = CASE WHEN fact.proved_at IS NULL THEN a.checked_at ELSE :at END,
        intent_seq = {intent_seq}
    FROM fact
    WHERE a.tenant_id = :tenant AND a.id = fact.asset_id AND a.generation = fact.generation
        [AND a.intent_seq <= :settled_before]";

impl TenantTx {
    /// Raises the generation of each asset and writes the facts of the credential that will serve it.
    pub(crate) async fn raise_generation<'a>(
        &self,
        activations: impl ExactSizeIterator<Item = &'a Activation>,
        intent_seq: IntentSeq,
        at: Timestamp,
    ) -> Result<(), Error> {
        let count = activations.len();
        let query = self
            .query(RAISE)
            .bind_rows("facts", activations.map(to_row))
            .bind("at", to_micros(at))
            .bind_optional("settled_before", settled_before(intent_seq));
        let query = match intent_seq {
            IntentSeq::Set(seq) => query.fill("intent_seq", ":seq").bind("seq", seq),
            IntentSeq::Leave => query.fill("intent_seq", "a.intent_seq"),
            IntentSeq::Raise => query.fill(
                "intent_seq",
                "CASE WHEN fact.intent_seq > a.intent_seq THEN fact.intent_seq
                 ELSE a.intent_seq END",
            ),
        };
        self.execute_exactly(count, query).await
    }
}

/// The newest reconnect that may have settled an asset before. An import takes only assets that none has.
fn settled_before(intent_seq: IntentSeq) -> Option<i64> {
    match intent_seq {
        IntentSeq::Set(0) => Some(0),
        IntentSeq::Set(seq) => Some(seq - 1),
        IntentSeq::Raise | IntentSeq::Leave => None,
    }
}

fn to_row(activation: &Activation) -> [Value; 12] {
    let it = &activation.credential.credential;
    let cut_off = activation.cut_off;
    [
        it.asset_id.as_str().into(),
        activation.expected_generation.into(),
        it.person_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .into(),
        maybe_micros(it.proved_at).into(),
        maybe_micros(cut_off.map(|it| it.at)).into(),
        cut_off.map(|it| it.source.as_str().to_owned()).into(),
        maybe_micros(cut_off.map(|it| it.learned_at)).into(),
        maybe_micros(it.expires_at).into(),
        maybe_micros(it.data_access_expires_at).into(),
        it.intent_seq.into(),
        maybe_micros(activation.dates_read_at).into(),
        activation.condition.map(|it| it.as_str().to_owned()).into(),
    ]
}
