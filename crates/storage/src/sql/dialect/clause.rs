//! The parts of statements that differ between SQLite and PostgreSQL: where rows are found, and how they are locked.
//!
//! The rule: a row of more than one tenant is read on PostgreSQL by a function of the owner alone.

use super::Dialect;

/// How a select locks its rows on PostgreSQL.
const LOCKS: [(&str, &str); 9] = [
    ("for_update", "FOR UPDATE"),
    // Others may still refer to the rows.
    ("for_no_key_update", "FOR NO KEY UPDATE"),
    // The rows cannot be deleted while this transaction lasts.
    ("for_key_share", "FOR KEY SHARE"),
    // The rows cannot be changed while this transaction lasts.
    ("for_share", "FOR SHARE"),
    // Rows that others hold are left out.
    ("for_free", "FOR UPDATE SKIP LOCKED"),
    ("for_free_c", "FOR UPDATE OF c SKIP LOCKED"),
    // Locks the rows `d`, not the rows they are joined with.
    ("for_update_of_d", "FOR UPDATE OF d"),
    // The same without those that another transaction has locked.
    ("for_update_of_d_skip_locked", "FOR UPDATE OF d SKIP LOCKED"),
    // Of both: a row `e` that was changed since the statement began is read again. Others may still refer to it.
    (
        "for_d_and_e_skip_locked",
        "FOR NO KEY UPDATE OF d, e SKIP LOCKED",
    ),
];

/// The asset `a` of a credential `c`, looked up by its key for each. PostgreSQL would read all assets of the tenant for a
/// plain join; it does not look through `OFFSET 0`.
const ASSET_OF_CREDENTIAL: (&str, [&str; 2]) = (
    "asset_of_c",
    [
        "LEFT JOIN assets a ON a.tenant_id = :tenant AND a.id = c.asset_id",
        "LEFT JOIN LATERAL (SELECT kind, generation FROM assets
             WHERE tenant_id = :tenant AND id = c.asset_id OFFSET 0) a ON true",
    ],
);

impl Dialect {
    /// The text of the part `{name}` of a statement that differs between databases: a join, or how a select locks its
    /// rows, which is empty on SQLite, where the writer holds the whole file already.
    pub(crate) fn find_clause(self, name: &str) -> Option<&'static str> {
        let (join, [on_sqlite, on_postgres]) = ASSET_OF_CREDENTIAL;
        if name == join {
            return Some(self.choose(on_sqlite, on_postgres));
        }
        let (_, on_postgres) = LOCKS.into_iter().find(|(it, _)| *it == name)?;
        Some(self.choose("", on_postgres))
    }

    /// Where the clients `:clients` are found before a tenant is known. On PostgreSQL a function of the owner reads those
    /// rows; nothing else reads clients of more than one tenant.
    pub(crate) fn clients_by_ids(self) -> &'static str {
        match self {
            Self::Sqlite => "clients",
            Self::Postgres => "clients_for_login(ARRAY(VALUES :clients))",
        }
    }

    /// How many data keys each key-encryption key wraps. On PostgreSQL a function of the owner counts those of all tenants.
    pub(crate) fn keys_by_kek(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT substr(wrapped, 27, 20) AS kek, count(*) AS data_keys FROM tenant_keys GROUP BY 1"
            }
            Self::Postgres => "SELECT kek, data_keys FROM count_keys_by_kek()",
        }
    }

    /// The tenants with a data key in the state `:state` that was made before `:made_before`.
    pub(crate) fn tenants_with_keys(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT tenant_id FROM tenant_keys WHERE state = :state AND created_at < :made_before"
            }
            Self::Postgres => "SELECT tenants_with_keys(:state, :made_before)",
        }
    }

    /// The tenants with a data key that leaked, the installation among them.
    pub(crate) fn tenants_with_compromised_keys(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT DISTINCT tenant_id FROM tenant_keys WHERE compromised_at IS NOT NULL"
            }
            Self::Postgres => {
                "SELECT DISTINCT tenant_id FROM tenants_with_compromised_keys() AS tenant_id"
            }
        }
    }

    /// The next wrapped keys of all tenants. On PostgreSQL a function of the owner reads them.
    pub(crate) fn wrapped_keys(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT tenant_id, key_id, version, wrapped FROM tenant_keys
                 WHERE substr(wrapped, 27, 20) >= :lowest AND substr(wrapped, 27, 20) < :below
                     AND (tenant_id, key_id) > (:after_tenant, :after_key)
                 ORDER BY tenant_id, key_id LIMIT :limit"
            }
            Self::Postgres => {
                "SELECT tenant_id, key_id, version, wrapped
                 FROM wrapped_keys(:lowest, :below, :after_tenant, :after_key, :limit)"
            }
        }
    }
}
