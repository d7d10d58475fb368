//! The addresses and credentials that `dev` prints once it is ready.

use std::fmt;

use serde::Serialize;

use super::{data_dir::DataDir, operator::DemoOperator, tenants::DemoTenant};
use crate::rehearsal::{Rehearsal, cast};

/// Addresses and credentials; the fields are the JSON of `--json`.
#[derive(Serialize)]
pub(crate) struct Summary {
    public_url: String,
    admin_url: String,
    sandbox_url: String,
    data: String,
    tenants: Vec<DemoTenant>,
    operator: DemoOperator,
}

impl Summary {
    pub fn new(
        rehearsal: &Rehearsal,
        data: &DataDir,
        tenants: Vec<DemoTenant>,
        operator: DemoOperator,
    ) -> Self {
        Self {
            public_url: rehearsal.public_url.clone(),
            admin_url: rehearsal.admin_url.clone(),
            sandbox_url: rehearsal.sandbox_url.clone(),
            data: data.path().display().to_string(),
            tenants,
            operator,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            public_url,
            admin_url,
            sandbox_url,
            data,
            tenants,
            operator,
        } = self;
        writeln!(
            f,
            "\nRegrant is ready, with a simulated Graph API and two demo tenants.\n"
        )?;
        writeln!(
            f,
            "  API      {public_url}      documentation: {public_url}/docs"
        )?;
        writeln!(
            f,
            "  admin    {admin_url}      for operators; description: {admin_url}/openapi.json"
        )?;
        writeln!(
            f,
            "  sandbox  {sandbox_url}      control API under /sandbox"
        )?;
        writeln!(f, "  data     {data}\n")?;
        for tenant in tenants {
            let DemoTenant {
                id,
                name,
                client_id,
                client_secret,
                ..
            } = tenant;
            writeln!(
                f,
                "  {name}  {id}\n    client  {client_id}\n    secret  {client_secret}"
            )?;
        }
        let DemoOperator { name, password } = operator;
        writeln!(f, "  operator  {name}\n    password  {password}")?;
        match tenants.first() {
            Some(tenant) => self.write_example(f, tenant),
            None => Ok(()),
        }
    }
}

impl Summary {
    /// Writes examples: log in, get a person's token from the sandbox, reconnect every page; make a link.
    fn write_example(&self, f: &mut fmt::Formatter<'_>, tenant: &DemoTenant) -> fmt::Result {
        let Self {
            public_url,
            sandbox_url,
            ..
        } = self;
        let DemoTenant {
            client_id,
            client_secret,
            app_id,
            ..
        } = tenant;
        let person = cast::PERSON;
        write!(
            f,
            r#"
Try it (needs curl and jq):

  TOKEN=$(curl -s {public_url}/oauth/token -u {client_id}:{client_secret} \
    -d grant_type=client_credentials | jq -r .access_token)
  PERSON=$(curl -s {sandbox_url}/sandbox/tokens -d '{{"person":"{person}","app":"{app_id}"}}' | jq -r .access_token)
  curl -s {public_url}/v1/reconnects -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d "{{\"access_token\":\"$PERSON\",\"select\":{{\"kind\":\"page\"}}}}" | jq '.status, .counts'

A link for a person: open it in a browser, and log in at the simulated Meta with one click.

  curl -s {public_url}/v1/reconnect-links -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d '{{"select":{{"kind":"page"}}}}' | jq -r .url

Ctrl-C stops it. `--fresh` deletes its data. The sandbox resets at every start."#
        )
    }
}
