//! The tokens by which the app's access for a person can be ended at Meta, and which persons a tenant has tokens of.

use std::collections::HashSet;

use regrant_domain::PersonId;

use crate::{
    Error, GrantToken, TenantTx,
    credentials::grant::{COLUMNS, grant_token_from_row},
    sql::{CHUNK, decode_rows},
};

impl TenantTx {
    /// The persons whose credentials the tenant holds, by id; at most `limit`.
    pub async fn list_persons_with_credentials(&self) -> Result<Vec<PersonId>, Error> {
        let query = self.query(
            "SELECT DISTINCT person_id FROM credentials
                 WHERE tenant_id = :tenant AND person_id IS NOT NULL ORDER BY person_id",
        );
        let rows = self.fetch_all(query).await?;
        rows.iter().map(|row| row.parse("person_id")).collect()
    }

    /// Those of the persons whose credentials the tenant holds.
    pub async fn find_persons_with_credentials(
        &self,
        persons: &[PersonId],
    ) -> Result<HashSet<PersonId>, Error> {
        let mut found = HashSet::new();
        for chunk in persons.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT DISTINCT person_id FROM credentials
                     WHERE tenant_id = :tenant AND person_id IN :persons",
                )
                .bind_list("persons", chunk.iter().map(PersonId::as_str));
            for row in self.fetch_all(query).await? {
                found.insert(row.parse("person_id")?);
            }
        }
        Ok(found)
    }

    /// The grants of these persons whose token is stored, the newest of each person first.
    pub async fn list_grant_tokens_of_persons(
        &self,
        persons: &[PersonId],
    ) -> Result<Vec<GrantToken>, Error> {
        let mut found = Vec::new();
        for chunk in persons.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT {columns}, sealed, refresh_tried_at FROM grants
                     WHERE tenant_id = :tenant AND person_id IN :persons AND sealed IS NOT NULL
                     ORDER BY person_id, created_at DESC",
                )
                .fill("columns", COLUMNS)
                .bind_list("persons", chunk.iter().map(PersonId::as_str));
            let rows = self.fetch_all(query).await?;
            found.extend(decode_rows("grants", &rows, grant_token_from_row));
        }
        Ok(found)
    }
}
