//! The state of the story: the tenant, its assets, their cut-offs and their earlier tokens.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use regrant_domain::{Permissions, TenantId};
use regrant_vault::{Actor, KeptCheckpoints, NewTenantSpec};
use serde_json::json;

use super::COMPLETED_MIGRATIONS;
use crate::{
    commands::demo::narrator::Narrator,
    rehearsal::{
        Rehearsal, cast,
        control::{Control, ProbeReply, TokenWithProof, WorldAsset},
        register_app,
        tenant_api::{self, Preview, Reconnect, ServedToken, TenantApi},
    },
};

/// How many tokens one lookup asks for.
const LOOKUP_SIZE: usize = 100;
/// How often [`Scene::wait_for_assets`] polls the assets.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long it polls at most.
const POLL_TIMEOUT: Duration = Duration::from_mins(1);

/// The tenant of the story, with everything that a step needs.
pub(crate) struct Scene<'a> {
    rehearsal: &'a Rehearsal,
    tenant: TenantId,
    client_id: String,
    client_secret: String,
    pub api: TenantApi,
    /// The assets of its businesses.
    pub assets: Vec<WorldAsset>,
    /// Assets of businesses that have completed the migration.
    completed: HashSet<String>,
    /// The cut-off of each business, by its id.
    pub cut_offs: HashMap<String, DateTime<Utc>>,
    /// The id of the migration that is not completed yet.
    pub open_migration: Option<String>,
    /// Tokens before the replacement, by asset id.
    tokens_before: HashMap<String, String>,
}

impl<'a> Scene<'a> {
    /// Registers the app, onboards the tenant and logs its client in.
    pub async fn onboard_tenant(rehearsal: &'a Rehearsal) -> anyhow::Result<Self> {
        let world = rehearsal.control.read_overview().await?;
        let app = world
            .apps
            .iter()
            .find(|it| it.id == cast::APP)
            .context("the world has no app")?;
        register_app(&rehearsal.vault, app).await?;
        let new = NewTenantSpec::with_scopes("Tenant One", cast::APP.parse()?, Permissions::all());
        let made = rehearsal
            .vault
            .create_tenant(Actor::CommandLine, new, None)
            .await?;
        let secret = made.secret.context("a new client has a secret")?;
        let (client_id, client_secret) = (made.client.id.to_string(), secret.expose().to_owned());
        let api = TenantApi::log_in(&rehearsal.public_url, &client_id, &client_secret).await?;
        let theirs = |it: &WorldAsset| cast::BUSINESSES.contains(&it.business.as_str());
        let assets: Vec<_> = world.assets.into_iter().filter(theirs).collect();
        let over: Vec<_> = cast::BUSINESSES
            .into_iter()
            .take(COMPLETED_MIGRATIONS)
            .collect();
        let completed = assets
            .iter()
            .filter(|it| over.contains(&it.business.as_str()))
            .map(|it| it.id.clone())
            .collect();
        Ok(Self {
            rehearsal,
            tenant: made.tenant.tenant.id,
            client_id,
            client_secret,
            api,
            assets,
            completed,
            cut_offs: HashMap::new(),
            open_migration: None,
            tokens_before: HashMap::new(),
        })
    }

    /// Moves the clock and logs in again, because the access token may have expired.
    pub async fn advance_clock(&mut self, by: &str) -> anyhow::Result<()> {
        self.control().advance_clock(by).await?;
        self.api = TenantApi::log_in(
            &self.rehearsal.public_url,
            &self.client_id,
            &self.client_secret,
        )
        .await?;
        Ok(())
    }

    pub fn control(&self) -> &Control {
        &self.rehearsal.control
    }

    pub fn asset_ids(&self) -> Vec<String> {
        self.assets.iter().map(|it| it.id.clone()).collect()
    }

    /// Whether the asset's business has completed the migration.
    pub fn has_completed_migration(&self, asset: &str) -> bool {
        self.completed.contains(asset)
    }

    /// The number of assets whose business has completed the migration.
    pub fn count_completed(&self) -> usize {
        self.completed.len()
    }

    /// Reconnects with a token and follows the events to the end.
    pub async fn reconnect_assets(
        &self,
        narrator: &Narrator,
        token: &str,
        ids: &[String],
    ) -> anyhow::Result<Reconnect> {
        let order = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 0 });
        self.run_reconnect(narrator, &order, ids.len()).await
    }

    /// Reconnects as ordered and follows the events to the end; the items are in the order of the call.
    pub async fn run_reconnect(
        &self,
        narrator: &Narrator,
        order: &serde_json::Value,
        items: usize,
    ) -> anyhow::Result<Reconnect> {
        let started = self.api.start_reconnect(order).await?;
        let path = format!("v1/reconnects/{}/events", started.id);
        self.follow_events(narrator, &path, "reconnect", items)
            .await?;
        let ended = self.api.read_reconnect(&started.id).await?;
        anyhow::ensure!(
            ended.status == "completed",
            "the reconnect is {}",
            ended.status
        );
        Ok(ended)
    }

    /// Previews with a consent and follows the events to the end.
    pub async fn preview_assets(
        &self,
        narrator: &Narrator,
        consent: &str,
        ids: &[String],
    ) -> anyhow::Result<Preview> {
        let started = self.api.start_preview(consent, ids).await?;
        let path = format!("v1/reconnect-previews/{}/events", started.id);
        self.follow_events(narrator, &path, "preview", ids.len())
            .await?;
        let ended = self.api.read_preview(&started.id).await?;
        anyhow::ensure!(
            ended.status == "completed",
            "the preview is {}",
            ended.status
        );
        Ok(ended)
    }

    /// Counts items until the stream sends its last event.
    async fn follow_events(
        &self,
        narrator: &Narrator,
        path: &str,
        last: &str,
        items: usize,
    ) -> anyhow::Result<()> {
        let mut progress = narrator.start_progress(u64::try_from(items)?)?;
        let mut events = self.api.open_events(path).await?;
        while let Some(event) = events.next_event().await? {
            match event.name.as_str() {
                "item" => progress.advance_by_one()?,
                name if name == last => {
                    progress.clear_bar();
                    return Ok(());
                }
                _ => {}
            }
        }
        anyhow::bail!("the event stream ended before its last event")
    }

    /// Whether the tenant's audit chain is whole, and how many rows it has.
    pub async fn verify_audit(&self) -> anyhow::Result<(bool, u64)> {
        let vault = &self.rehearsal.vault;
        let kept = KeptCheckpoints::default();
        let verdict = vault.verify_audit(self.tenant, &kept).await?;
        Ok((verdict.is_whole(), verdict.rows))
    }

    /// Polls until `matches` holds for exactly `n` assets; returns every asset.
    pub async fn wait_for_assets(
        &self,
        narrator: &Narrator,
        n: usize,
        matches: impl Fn(&tenant_api::Asset) -> bool,
    ) -> anyhow::Result<Vec<tenant_api::Asset>> {
        let mut progress = narrator.start_progress(u64::try_from(n)?)?;
        let (mut seen, began) = (0_usize, Instant::now());
        loop {
            let assets = self.api.list_assets().await?;
            let count = assets.iter().filter(|it| matches(it)).count();
            for _ in seen..count {
                progress.advance_by_one()?;
            }
            seen = seen.max(count);
            if count == n {
                progress.clear_bar();
                return Ok(assets);
            }
            anyhow::ensure!(
                began.elapsed() < POLL_TIMEOUT,
                "timeout: {count} of {n} assets are in the expected state"
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// The cut-off of the asset's business.
    pub fn find_cut_off(&self, asset: &str) -> Option<DateTime<Utc>> {
        let asset = self.assets.iter().find(|it| it.id == asset)?;
        self.cut_offs.get(&asset.business).copied()
    }

    /// Counts every business as completed from now on.
    pub fn mark_all_completed(&mut self) {
        self.completed = self.assets.iter().map(|it| it.id.clone()).collect();
    }

    /// The tokens that Regrant serves now; an asset without a token is left out.
    pub async fn lookup_served_tokens(&self) -> anyhow::Result<Vec<ServedToken>> {
        let (ids, mut all) = (self.asset_ids(), Vec::new());
        for chunk in ids.chunks(LOOKUP_SIZE) {
            all.extend(self.api.lookup_tokens(chunk).await?);
        }
        Ok(all)
    }

    /// The token of every asset; an asset without one is an error.
    pub async fn lookup_every_token(&self) -> anyhow::Result<Vec<ServedToken>> {
        let (all, n) = (self.lookup_served_tokens().await?, self.assets.len());
        anyhow::ensure!(all.len() == n, "{} of {n} assets serve a token", all.len());
        Ok(all)
    }

    /// Probes an asset at the simulated Graph with its token.
    pub async fn probe_token(&self, served: &ServedToken) -> anyhow::Result<ProbeReply> {
        let ServedToken {
            access_token,
            appsecret_proof,
            appsecret_time,
            ..
        } = served;
        let token = TokenWithProof {
            access_token,
            appsecret_proof: appsecret_proof.as_deref(),
            appsecret_time: *appsecret_time,
        };
        self.control().probe_asset(&served.asset_id, &token).await
    }

    /// The number of assets whose token works.
    pub async fn count_working_tokens(&self) -> anyhow::Result<usize> {
        let mut working = 0_usize;
        for served in self.lookup_every_token().await? {
            working = working.saturating_add(usize::from(
                self.probe_token(&served).await? == ProbeReply::Works,
            ));
        }
        Ok(working)
    }

    /// Stores the tokens from before the replacement.
    pub fn remember_tokens(&mut self, served: Vec<ServedToken>) {
        self.tokens_before = served
            .into_iter()
            .map(|it| (it.asset_id, it.access_token))
            .collect();
    }

    /// Whether the asset serves another token than before the replacement.
    pub fn is_new(&self, served: &ServedToken) -> bool {
        self.tokens_before.get(&served.asset_id) != Some(&served.access_token)
    }
}
