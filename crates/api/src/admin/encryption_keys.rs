//! The key-encryption keys: the versions of the key that wraps all data keys.
//!
//! The rule: responses contain names, states and counts, never key material.

use actix_web::{HttpResponse, get, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::KekRef;
use regrant_vault::{
    KekRetirement, KekState, KekUse, KekView, KeyFault, KeyStatus, KeyVerdict, NodeView,
    Retirement, Vault,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::OperatorCaller;
use crate::{
    json::CanonicalJson,
    problem::{Problem, ProblemOut},
    schema,
};

/// Which version to destroy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetireKek {
    /// Name of the version, `<id>/<version>`.
    key: String,
    /// The name again: backups whose data keys it wrapped can never be opened again.
    confirm: String,
}

/// The versions of the key-encryption key, and the processes that use them.
#[derive(Serialize, ToSchema)]
#[schema(as = EncryptionKeys)]
pub(super) struct EncryptionKeysOut {
    /// Provider that holds the key.
    provider: &'static str,
    /// Versions, the active one first.
    keys: Vec<KekOut>,
    /// Versions that wrap data keys and that this process does not hold.
    missing: Vec<MissingKekOut>,
    /// How many data keys are still to be wrapped with the active version.
    to_rewrap: u64,
    /// How many tenants have a data key that only opens.
    tenants_with_old_keys: u64,
    /// Whether the installation's own data key that was replaced is still there.
    installation_has_old_key: bool,
    /// Processes that announced themselves within the last 30 seconds.
    nodes: Vec<NodeOut>,
}

/// A version of the key-encryption key.
#[derive(Serialize, ToSchema)]
#[schema(as = EncryptionKey)]
pub(super) struct KekOut {
    /// Name of the version, `<id>/<version>`.
    key: String,
    /// Provider that holds it.
    provider: &'static str,
    /// State of the version. It only moves forward.
    #[schema(schema_with = schema::kek_state)]
    state: &'static str,
    /// When the version was created.
    created_at: DateTime<Utc>,
    /// How many data keys it wraps.
    data_keys: u64,
    /// The request to destroy the version, open or approved; null if there is none.
    retirement: Option<KekRetirementOut>,
}

/// A request to destroy a version, which another owner approves.
#[derive(Serialize, ToSchema)]
#[schema(as = EncryptionKeyRetirement)]
pub(super) struct KekRetirementOut {
    /// Id of the operator who asked; null for the command line.
    #[schema(example = "opr_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    requested_by: Option<String>,
    /// When the operator asked.
    requested_at: DateTime<Utc>,
    /// When it was approved; null while it is open. An approved request does not end: until the version is destroyed, the
    /// call of any owner destroys it.
    approved_at: Option<DateTime<Utc>>,
    /// Until when it can be approved; null once it is.
    expires_at: Option<DateTime<Utc>>,
}

/// A version that is missing.
#[derive(Serialize, ToSchema)]
#[schema(as = MissingEncryptionKey)]
pub(super) struct MissingKekOut {
    /// Name of the version, `<id>/<version>`; null for data keys that name none.
    key: Option<String>,
    /// How many data keys it wraps.
    data_keys: u64,
}

/// A process of the installation.
#[derive(Serialize, ToSchema)]
#[schema(as = Node)]
pub(super) struct NodeOut {
    /// Machine and number of the process.
    name: String,
    /// When it announced itself last.
    seen_at: DateTime<Utc>,
    /// Version that it wraps new data keys with.
    wraps_with: String,
    /// Versions that it cannot open.
    lacks: Vec<String>,
}

/// What opening every data key showed.
#[derive(Serialize, ToSchema)]
#[schema(as = EncryptionKeyVerdict)]
pub(super) struct KeyVerdictOut {
    /// Whether every data key opens and is wrapped by the active version.
    whole: bool,
    /// How many data keys open.
    opened: u64,
    /// How many of them another version wraps.
    outdated: u64,
    /// How many data keys do not open.
    unreadable: u64,
    /// The first 20 of those that do not open.
    faults: Vec<KeyFaultOut>,
}

/// A data key that does not open.
#[derive(Serialize, ToSchema)]
#[schema(as = DataKeyFault)]
pub(super) struct KeyFaultOut {
    /// The tenant; the nil id for the installation.
    tenant_id: String,
    /// Id of the data key.
    key_id: String,
    /// Why it does not open.
    reason: String,
}

/// Read the versions of the key-encryption key, how many data keys each wraps, and which processes can open them.
#[utoipa::path(
    tag = "keys",
    responses((status = 200, description = "All versions.", body = EncryptionKeysOut)),
)]
#[get("/keys/encryption")]
pub(super) async fn get_encryption_keys(
    vault: Data<Vault>,
    _: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    Ok(respond_with(vault.key_status().await?))
}

/// Add the next version to the keyring. It wraps nothing before it is promoted; where one is staged, nothing changes.
#[utoipa::path(
    tag = "keys",
    responses(
        (status = 200, description = "A version is staged.", body = EncryptionKeysOut),
        (status = 409, description = "`keyring_not_writable`: use `regrant keys stage` where the file can be written. \
            `key_step_unsupported`: the provider does not take this step.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/keys/stage")]
pub(super) async fn stage_encryption_key(
    vault: Data<Vault>,
    caller: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    Ok(respond_with(vault.stage_kek(caller.0.as_actor()).await?))
}

/// Let the staged version wrap. Every process that runs must be able to open it. The worker then wraps all data keys
/// again, and the older version only opens.
#[utoipa::path(
    tag = "keys",
    responses(
        (status = 200, description = "The version is active.", body = EncryptionKeysOut),
        (status = 409, description = "`key_state`: no version is staged. `key_not_everywhere`: a process cannot open it. \
            `keyring_not_writable`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/keys/promote")]
pub(super) async fn promote_encryption_key(
    vault: Data<Vault>,
    caller: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    Ok(respond_with(vault.promote_kek(caller.0.as_actor()).await?))
}

/// Open every data key, of all tenants and of the installation, and count those that another version wraps.
#[utoipa::path(
    tag = "keys",
    responses((status = 200, description = "What was found.", body = KeyVerdictOut)),
)]
#[post("/keys/verify")]
pub(super) async fn verify_encryption_keys(
    vault: Data<Vault>,
    _: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    let verdict = vault.verify_data_keys().await?;
    Ok(HttpResponse::Ok().json(KeyVerdictOut::from(verdict)))
}

/// Destroy a version that only opens and wraps nothing. It takes two owners: the call of one opens a request, the same call
/// of another one within seven days approves it. The account of the second one must be a day old. Where there is only one
/// owner, `regrant keys retire` on the host carries the request out, 24 hours after it. Backups whose data keys the version
/// wrapped can never be opened again.
#[utoipa::path(
    tag = "keys",
    request_body = RetireKek,
    responses(
        (status = 200, description = "The version is destroyed.", body = EncryptionKeysOut),
        (status = 202, description = "The request is open; nothing is destroyed.", body = EncryptionKeysOut),
        (status = 409, description = "`approval_missing`: another owner must approve, or this one may not yet. \
            `key_state`: it does not only open, or it still wraps data keys. \
            `key_not_everywhere`: a process lacks the active version. `keyring_not_writable`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/keys/retire")]
pub(super) async fn retire_encryption_key(
    vault: Data<Vault>,
    caller: OperatorCaller,
    body: CanonicalJson<RetireKek>,
) -> Result<HttpResponse, Problem> {
    let RetireKek { key, confirm } = body.value;
    let by = caller.0.as_actor();
    Ok(match vault.retire_kek(by, &key, &confirm).await? {
        Retirement::Done(status) => respond_with(status),
        Retirement::Requested(status) => {
            HttpResponse::Accepted().json(EncryptionKeysOut::from(status))
        }
    })
}

fn respond_with(status: KeyStatus) -> HttpResponse {
    HttpResponse::Ok().json(EncryptionKeysOut::from(status))
}

const fn state_name(state: KekState) -> &'static str {
    match state {
        KekState::Staged => "staged",
        KekState::Active => "active",
        KekState::DecryptOnly => "decrypt_only",
        KekState::Destroyed => "destroyed",
    }
}

impl From<KeyStatus> for EncryptionKeysOut {
    fn from(it: KeyStatus) -> Self {
        Self {
            provider: it.provider,
            keys: it.keks.into_iter().map(KekOut::from).collect(),
            missing: it.missing.into_iter().map(MissingKekOut::from).collect(),
            to_rewrap: it.to_rewrap,
            tenants_with_old_keys: it.tenants_with_old_keys,
            installation_has_old_key: it.installation_has_old_key,
            nodes: it.nodes.into_iter().map(NodeOut::from).collect(),
        }
    }
}

impl From<KekView> for KekOut {
    fn from(it: KekView) -> Self {
        Self {
            key: it.kek.to_string(),
            provider: it.provider,
            state: state_name(it.state),
            created_at: it.created_at,
            data_keys: it.data_keys,
            retirement: it.retirement.map(KekRetirementOut::from),
        }
    }
}

impl From<KekRetirement> for KekRetirementOut {
    fn from(it: KekRetirement) -> Self {
        let KekRetirement {
            request,
            approved_at,
            ..
        } = it;
        Self {
            requested_by: request.requester.map(|it| it.to_string()),
            requested_at: request.requested_at,
            approved_at,
            expires_at: approved_at.is_none().then(|| request.ends_at()),
        }
    }
}

impl From<KekUse> for MissingKekOut {
    fn from(it: KekUse) -> Self {
        Self {
            key: it.kek.as_ref().map(KekRef::to_string),
            data_keys: it.data_keys,
        }
    }
}

impl From<NodeView> for NodeOut {
    fn from(it: NodeView) -> Self {
        Self {
            name: it.name,
            seen_at: it.seen_at,
            wraps_with: it.wraps_with.to_string(),
            lacks: it.lacks.iter().map(KekRef::to_string).collect(),
        }
    }
}

impl From<KeyVerdict> for KeyVerdictOut {
    fn from(it: KeyVerdict) -> Self {
        Self {
            whole: it.is_whole(),
            opened: it.opened,
            outdated: it.outdated,
            unreadable: it.unreadable,
            faults: it.faults.into_iter().map(KeyFaultOut::from).collect(),
        }
    }
}

impl From<KeyFault> for KeyFaultOut {
    fn from(it: KeyFault) -> Self {
        Self {
            tenant_id: it.tenant.to_string(),
            key_id: it.key_id.to_string(),
            reason: it.reason,
        }
    }
}
