//! The tables of the prototypes.

pub const POSTGRES: &str = "
DROP TABLE IF EXISTS creds; DROP TABLE IF EXISTS audit_groups; DROP TABLE IF EXISTS heads;
CREATE TABLE creds (tenant uuid NOT NULL, asset text NOT NULL, sealed bytea NOT NULL, kind text NOT NULL,
    person text NOT NULL, expires_at bigint NOT NULL, data_access_expires_at bigint NOT NULL, PRIMARY KEY (tenant, asset));
CREATE TABLE audit_groups (tenant uuid NOT NULL, seq bigint NOT NULL, hash bytea NOT NULL, ids uuid[] NOT NULL,
    ats bigint[] NOT NULL, actors text[] NOT NULL, subjects text[] NOT NULL, PRIMARY KEY (tenant, seq));
CREATE TABLE heads (tenant uuid PRIMARY KEY, seq bigint NOT NULL, hash bytea NOT NULL);";

pub const SQLITE: &str = "
CREATE TABLE creds (tenant blob NOT NULL, asset text NOT NULL, sealed blob NOT NULL, kind text NOT NULL,
    person text NOT NULL, expires_at bigint NOT NULL, data_access_expires_at bigint NOT NULL, PRIMARY KEY (tenant, asset));
CREATE TABLE audit (tenant blob NOT NULL, id blob NOT NULL, at bigint NOT NULL, actor text NOT NULL, action text NOT NULL,
    subject text NOT NULL, detail text NOT NULL, seq bigint NOT NULL, hash blob NOT NULL, PRIMARY KEY (tenant, id));
CREATE UNIQUE INDEX audit_seq ON audit (tenant, seq);
CREATE TABLE heads (tenant blob PRIMARY KEY, seq bigint NOT NULL, hash blob NOT NULL);";

/// Row-level security for the role `proto_app`.
pub fn walls() -> String {
    let wall = |table: &str| {
        format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
             CREATE POLICY p ON {table} USING (tenant = (SELECT current_setting('app.tenant_id', true)::uuid));
             GRANT ALL ON {table} TO proto_app;"
        )
    };
    ["creds", "audit_groups", "heads"].map(wall).concat()
}
