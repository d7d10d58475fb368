//! A comment on every table and column, for those who read the database with a client of their own.
//!
//! The comments are one statement, so that they take one call. A later step that adds a column comments on it, too.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000079_comments",
    tenant_table: None,
    up: concat!(
        "{postgres_only}\nDO $$ BEGIN\n",
        include_str!("assets.sql"),
        include_str!("audit.sql"),
        include_str!("consents.sql"),
        include_str!("credentials.sql"),
        include_str!("forecast.sql"),
        include_str!("inbound.sql"),
        include_str!("links.sql"),
        include_str!("operators.sql"),
        include_str!("reconnects.sql"),
        include_str!("tenants.sql"),
        include_str!("webhooks.sql"),
        include_str!("work.sql"),
        "END $$;",
    ),
    down: "{postgres_only}
DO $$ DECLARE it RECORD; BEGIN
    FOR it IN
        SELECT c.oid::regclass AS name, a.attname AS column_name
        FROM pg_class c
            JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    LOOP
        IF it.column_name IS NULL THEN
            EXECUTE format('COMMENT ON TABLE %s IS NULL', it.name);
        ELSE
            EXECUTE format('COMMENT ON COLUMN %s.%I IS NULL', it.name, it.column_name);
        END IF;
    END LOOP;
END $$;",
};
