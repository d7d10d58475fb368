//! Previews: what a reconnect with one token would do. Nothing of the token is in them. `page_consent` is the consent whose
//! hosted page shows the preview; `event_seq` counts the events of the findings; `run_until` is a time of the system, after
//! which a preview that still runs was left by its process.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000064_previews",
    tenant_table: Some("previews"),
    up: "
CREATE TABLE previews (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    owner_id {uuid} NOT NULL,
    page_consent {uuid},
    status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
    total {int} NOT NULL,
    event_seq {int} NOT NULL DEFAULT 0,
    plan TEXT,
    person_id TEXT,
    person_name TEXT,
    is_work_account {bool},
    has_more {bool} NOT NULL DEFAULT {false},
    is_search_complete {bool},
    failure TEXT,
    created_at {int} NOT NULL,
    run_until {int} NOT NULL,
    expires_at {int} NOT NULL,
    finished_at {int},
    PRIMARY KEY (tenant_id, id),
    CHECK ((status = 'running') = (finished_at IS NULL))
) {strict};
CREATE UNIQUE INDEX previews_by_page ON previews (tenant_id, page_consent) WHERE page_consent IS NOT NULL;
CREATE INDEX previews_by_end ON previews (tenant_id, expires_at);
CREATE TABLE preview_findings (
    tenant_id {uuid} NOT NULL,
    preview_id {uuid} NOT NULL,
    finding TEXT NOT NULL CHECK (finding IN ('item', 'left_out', 'reachable')),
    position {int} NOT NULL,
    event_seq {int} NOT NULL,
    coverage TEXT,
    content TEXT NOT NULL,
    PRIMARY KEY (tenant_id, preview_id, finding, position),
    FOREIGN KEY (tenant_id, preview_id) REFERENCES previews (tenant_id, id) ON DELETE CASCADE
) {strict};
CREATE UNIQUE INDEX preview_findings_by_event
    ON preview_findings (tenant_id, preview_id, event_seq);
{postgres_only}
ALTER TABLE preview_findings ENABLE ROW LEVEL SECURITY;
ALTER TABLE preview_findings FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON preview_findings
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);",
    down: "
DROP TABLE preview_findings;
DROP TABLE previews;",
};
