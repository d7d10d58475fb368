//! The tables whose rows carry a seal, and the columns that it covers.
//!
//! The rule: a column that decides who may do what is listed here; one that only counts or notes use is not
//! (`last_used_at`, `last_login_at`, `intent_seq`). A test changes every column that the schema has.

use regrant_domain::TenantId;

/// A table whose rows carry a seal in the column `seal`.
#[derive(Debug)]
pub(crate) struct SealedTable {
    pub(crate) name: &'static str,
    /// Whose rows they are.
    pub(crate) owner: RowOwner,
    /// What the seal covers; the column `id` comes first.
    pub(crate) columns: &'static [(&'static str, ColumnType)],
    /// Columns that were added when there were sealed rows. An absent value is not part of the seal, so that the older
    /// seals stay valid; one that is there is, with its name.
    pub(crate) later_columns: &'static [(&'static str, ColumnType)],
}

/// Whose rows a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowOwner {
    /// Each row names its tenant.
    Tenant,
    /// Each row is a tenant: its id is the tenant's.
    Itself,
    /// The installation.
    Installation,
}

/// How a column is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ColumnType {
    Uuid,
    Text,
    Bytes,
    Int,
    Bool,
}

use ColumnType::{Bool, Bytes, Int, Text, Uuid};

pub(crate) const CLIENTS: SealedTable = SealedTable {
    name: "clients",
    owner: RowOwner::Tenant,
    columns: &[
        ("id", Uuid),
        ("tenant_id", Uuid),
        ("name", Text),
        ("secret_hash", Bytes),
        ("previous_secret_hash", Bytes),
        ("previous_secret_until", Int),
        ("proof_key_sealed", Bytes),
        ("previous_proof_key_sealed", Bytes),
        ("scopes", Text),
        ("created_at", Int),
        ("disabled_at", Int),
        ("expires_at", Int),
        ("token_version", Int),
        ("networks", Text),
        ("asset_ids", Text),
        ("business_ids", Text),
        ("proof_required", Bool),
        ("keep_unused_scopes", Bool),
    ],
    later_columns: &[("revoked_tokens", Text)],
};

pub(crate) const TENANTS: SealedTable = SealedTable {
    name: "tenants",
    owner: RowOwner::Itself,
    columns: &[
        ("id", Uuid),
        ("name", Text),
        ("app_id", Text),
        ("status", Text),
        ("created_at", Int),
        ("reason_required", Bool),
        ("max_assets", Int),
        ("max_running_reconnects", Int),
        ("requests_per_second", Int),
        ("delete_after", Int),
        ("deleted_at", Int),
        ("shredded_at", Int),
    ],
    later_columns: &[("accept", Text)],
};

pub(crate) const RECONNECT_SESSIONS: SealedTable = SealedTable {
    name: "reconnect_sessions",
    owner: RowOwner::Tenant,
    columns: &[
        ("id", Uuid),
        ("tenant_id", Uuid),
        ("client_id", Uuid),
        ("person_id", Text),
        ("require_person", Bool),
        ("asset_ids", Text),
        ("uses_left", Int),
        ("previews_left", Int),
        ("created_at", Int),
        ("expires_at", Int),
        ("ended_at", Int),
    ],
    later_columns: &[
        ("token_id", Uuid),
        ("older_token_id", Uuid),
        ("older_token_until", Int),
    ],
};

pub(crate) const LINKS: SealedTable = SealedTable {
    name: "links",
    owner: RowOwner::Tenant,
    columns: &[
        ("id", Uuid),
        ("tenant_id", Uuid),
        ("client_id", Uuid),
        ("client_version", Int),
        ("secret_hash", Bytes),
        ("person_id", Text),
        ("require_person", Bool),
        ("asset_ids", Text),
        ("asset_count", Int),
        ("locale", Text),
        ("return_url", Text),
        ("created_at", Int),
        ("expires_at", Int),
        ("revoked_at", Int),
        ("used_at", Int),
        ("browser_hash", Bytes),
        ("session_id", Uuid),
    ],
    later_columns: &[],
};

pub(crate) const LINK_LOGINS: SealedTable = SealedTable {
    name: "link_logins",
    owner: RowOwner::Tenant,
    columns: &[
        ("id", Uuid),
        ("tenant_id", Uuid),
        ("link_id", Uuid),
        ("state_hash", Bytes),
        ("browser_hash", Bytes),
        ("created_at", Int),
        ("expires_at", Int),
        ("spent_at", Int),
        ("notice", Text),
    ],
    later_columns: &[],
};

pub(crate) const CALENDAR_FEEDS: SealedTable = SealedTable {
    name: "calendar_feeds",
    owner: RowOwner::Tenant,
    columns: &[
        ("id", Uuid),
        ("tenant_id", Uuid),
        ("client_id", Uuid),
        ("secret_hash", Bytes),
        ("name", Text),
        ("business_id", Text),
        ("person_id", Text),
        ("created_at", Int),
    ],
    later_columns: &[],
};

pub(crate) const STREAM_TICKETS: SealedTable = SealedTable {
    name: "stream_tickets",
    owner: RowOwner::Tenant,
    columns: &[
        ("id", Uuid),
        ("tenant_id", Uuid),
        ("secret_hash", Bytes),
        ("stream", Text),
        ("client_id", Uuid),
        ("client_version", Int),
        ("session_id", Uuid),
        ("session_token", Uuid),
        ("expires_at", Int),
    ],
    later_columns: &[],
};

pub(crate) const OPERATORS: SealedTable = SealedTable {
    name: "operators",
    owner: RowOwner::Installation,
    columns: &[
        ("id", Uuid),
        ("name", Text),
        ("role", Text),
        ("password_hash", Text),
        ("created_at", Int),
        ("disabled_at", Int),
    ],
    later_columns: &[],
};

pub(crate) const OPERATOR_SESSIONS: SealedTable = SealedTable {
    name: "operator_sessions",
    owner: RowOwner::Installation,
    columns: &[
        ("id", Uuid),
        ("operator_id", Uuid),
        ("created_at", Int),
        ("expires_at", Int),
    ],
    later_columns: &[],
};

pub(crate) const KEK_RETIREMENTS: SealedTable = SealedTable {
    name: "kek_retirements",
    owner: RowOwner::Installation,
    columns: &[
        ("id", Uuid),
        ("kek", Bytes),
        ("requester_id", Uuid),
        ("requested_at", Int),
    ],
    later_columns: &[("approved_at", Int)],
};

/// Every table whose rows carry a seal.
pub(crate) const ALL: [&SealedTable; 10] = [
    &TENANTS,
    &CLIENTS,
    &RECONNECT_SESSIONS,
    &LINKS,
    &LINK_LOGINS,
    &CALENDAR_FEEDS,
    &STREAM_TICKETS,
    &OPERATORS,
    &OPERATOR_SESSIONS,
    &KEK_RETIREMENTS,
];

impl SealedTable {
    /// Whether a transaction of this tenant, or of the installation, reaches rows of the table.
    pub(crate) fn is_reached_by(&self, tenant: TenantId) -> bool {
        (self.owner == RowOwner::Installation) == (tenant == TenantId::SYSTEM)
    }

    /// The columns for a SELECT from this table as `alias`; each is named `{alias}_{column}`.
    pub(crate) fn select_list(&self, alias: &str) -> String {
        let column = |name: &str| format!("{alias}.{name} AS {alias}_{name}");
        let all = self.columns.iter().chain(self.later_columns);
        let columns = all.map(|(name, _)| column(name));
        columns
            .chain([column("seal")])
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_documents_name_every_table_whose_rows_carry_a_seal() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        for (file, begin, end) in [
            ("operations.md", "**Seals.**", "**Checkpoints.**"),
            (
                "threat-model.md",
                "## Rows that carry a seal",
                "A row without a seal",
            ),
        ] {
            let text = fs::read_to_string(docs.join(file)).unwrap();
            let (_, part) = text.split_once(begin).unwrap();
            let (part, _) = part.split_once(end).unwrap();
            for table in ALL {
                assert!(
                    part.contains(&format!("`{}`", table.name)),
                    "{file}: {}",
                    table.name
                );
            }
        }
    }
}
