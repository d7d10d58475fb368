//! The state of the story: the tenant, its assets, their cut-offs and their earlier tokens.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use regrant_domain::Permissions;
use regrant_vault::{Acting, NewTenantSpec};

use super::COMPLETED;
use crate::{
    commands::demo::narrator::{Progress, Teller},
    rehearsal::{
        Rehearsal, cast,
        control::{Asset, Control, Proven, Verdict},
        register_app,
        tenant_api::{self, Item, Served, TenantApi},
    },
};

/// How many tokens one lookup asks for.
const LOOKUP: usize = 100;
/// How often [`Scene::wait_for_assets`] polls the assets.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long it polls at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// The tenant of the story, with everything that a step needs.
pub(crate) struct Part<'a> {
    rehearsal: &'a Rehearsal,
    client_id: String,
    client_secret: String,
    pub api: TenantApi,
    /// The assets of its businesses.
    pub assets: Vec<Asset>,
    /// Assets of businesses that have completed the migration.
    completed: HashSet<String>,
    /// The cut-off of each business, by its id.
    pub cut_offs: HashMap<String, DateTime<Utc>>,
    /// The id of the migration that is not completed yet.
    pub open_migration: Option<String>,
    /// Tokens before the replacement, by asset id.
    before: HashMap<String, String>,
}

impl<'a> Part<'a> {
    /// Registers the app, onboards the tenant and logs its client in.
    pub async fn onboard(rehearsal: &'a Rehearsal) -> anyhow::Result<Self> {
        let world = rehearsal.control.overview().await?;
        let app = world
            .apps
            .iter()
            .find(|it| it.id == cast::APP)
            .context("the world has no app")?;
        register_app(&rehearsal.vault, app).await?;
        let new = NewTenantSpec::named("Tenant One", cast::APP.parse()?, Permissions::all());
        let made = rehearsal
            .vault
            .create_tenant(Acting::CommandLine, new, None)
            .await?;
        let secret = made.secret.context("a new client has a secret")?;
        let (client_id, client_secret) = (made.client.id.to_string(), secret.expose().to_owned());
        let api = TenantApi::login(&rehearsal.public_url, &client_id, &client_secret).await?;
        let theirs = |it: &Asset| cast::BUSINESSES.contains(&it.business.as_str());
        let assets: Vec<_> = world.assets.into_iter().filter(theirs).collect();
        let over: Vec<_> = cast::BUSINESSES.into_iter().take(COMPLETED).collect();
        let completed = assets
            .iter()
            .filter(|it| over.contains(&it.business.as_str()))
            .map(|it| it.id.clone())
            .collect();
        Ok(Self {
            rehearsal,
            client_id,
            client_secret,
            api,
            assets,
            completed,
            cut_offs: HashMap::new(),
            open_migration: None,
            before: HashMap::new(),
        })
    }

    /// Moves the clock and logs in again, because the access token may have expired.
    pub async fn advance(&mut self, by: &str) -> anyhow::Result<()> {
        self.control().advance(by).await?;
        self.api = TenantApi::login(
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

    pub fn ids(&self) -> Vec<String> {
        self.assets.iter().map(|it| it.id.clone()).collect()
    }

    /// Whether the asset's business has completed the migration.
    pub fn is_completed(&self, asset: &str) -> bool {
        self.completed.contains(asset)
    }

    /// The number of assets whose business has completed the migration.
    pub fn of_completed(&self) -> usize {
        self.completed.len()
    }

    /// Reconnects and follows the events to the end; returns the items in the order of `ids`.
    pub async fn reconnect(
        &self,
        narrator: &Teller,
        token: &str,
        ids: &[String],
    ) -> anyhow::Result<Vec<Item>> {
        let started = self.api.reconnect(token, ids).await?;
        let mut progress = narrator.progress(u64::try_from(ids.len())?)?;
        self.follow(&started.id, &mut progress).await?;
        progress.end();
        let ended = self.api.reconnect_now(&started.id).await?;
        anyhow::ensure!(
            ended.status == "completed",
            "the reconnect is {}",
            ended.status
        );
        Ok(ended.items)
    }

    /// Counts settled items until the stream reports the end of the reconnect.
    async fn follow(&self, reconnect: &str, progress: &mut Progress) -> anyhow::Result<()> {
        let mut events = self.api.events(reconnect).await?;
        while let Some(event) = events.next().await? {
            match event.name.as_str() {
                "item" => progress.one()?,
                "reconnect" => return Ok(()),
                _ => {}
            }
        }
        anyhow::bail!("the event stream ended before the reconnect")
    }

    /// Polls until `matches` holds for exactly `n` assets; returns every asset.
    pub async fn watch(
        &self,
        narrator: &Teller,
        n: usize,
        matches: impl Fn(&tenant_api::Asset) -> bool,
    ) -> anyhow::Result<Vec<tenant_api::Asset>> {
        let mut progress = narrator.progress(u64::try_from(n)?)?;
        let (mut seen, began) = (0_usize, Instant::now());
        loop {
            let assets = self.api.assets().await?;
            let count = assets.iter().filter(|it| matches(it)).count();
            for _ in seen..count {
                progress.one()?;
            }
            seen = seen.max(count);
            if count == n {
                progress.end();
                return Ok(assets);
            }
            anyhow::ensure!(
                began.elapsed() < PATIENCE,
                "timeout: {count} of {n} assets are in the expected state"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The cut-off of the asset's business.
    pub fn cut_off_of(&self, asset: &str) -> Option<DateTime<Utc>> {
        let asset = self.assets.iter().find(|it| it.id == asset)?;
        self.cut_offs.get(&asset.business).copied()
    }

    /// Counts every business as completed from now on.
    pub fn complete_all(&mut self) {
        self.completed = self.assets.iter().map(|it| it.id.clone()).collect();
    }

    /// The tokens that Regrant serves now; an asset without a token is left out.
    pub async fn served(&self) -> anyhow::Result<Vec<Served>> {
        let (ids, mut all) = (self.ids(), Vec::new());
        for chunk in ids.chunks(LOOKUP) {
            all.extend(self.api.tokens(chunk).await?);
        }
        Ok(all)
    }

    /// The token of every asset; an asset without one is an error.
    pub async fn tokens(&self) -> anyhow::Result<Vec<Served>> {
        let (all, n) = (self.served().await?, self.assets.len());
        anyhow::ensure!(all.len() == n, "{} of {n} assets serve a token", all.len());
        Ok(all)
    }

    /// Probes an asset at the simulated Graph with its token.
    pub async fn probe(&self, served: &Served) -> anyhow::Result<Verdict> {
        let Served {
            access_token,
            appsecret_proof,
            appsecret_time,
            ..
        } = served;
        let token = Proven {
            access_token,
            appsecret_proof,
            appsecret_time: *appsecret_time,
        };
        self.control().probe(&served.asset_id, &token).await
    }

    /// The number of assets whose token works.
    pub async fn working(&self) -> anyhow::Result<usize> {
        let mut working = 0_usize;
        for served in self.tokens().await? {
            working =
                working.saturating_add(usize::from(self.probe(&served).await? == Verdict::Works));
        }
        Ok(working)
    }

    /// Stores the tokens from before the replacement.
    pub fn remember(&mut self, served: Vec<Served>) {
        self.before = served
            .into_iter()
            .map(|it| (it.asset_id, it.access_token))
            .collect();
    }

    /// Whether the asset serves another token than before the replacement.
    pub fn is_new(&self, served: &Served) -> bool {
        self.before.get(&served.asset_id) != Some(&served.access_token)
    }
}
