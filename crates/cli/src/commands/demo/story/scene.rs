//! What the story needs at hand: the tenant, its assets, and the tokens it had.

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

/// How many tokens one lookup is asked for.
const LOOKUP: usize = 100;
/// How often it is looked whether the worker has come further, and for how long at most.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_mins(1);

/// The tenant of the story.
pub(crate) struct Part<'a> {
    rehearsal: &'a Rehearsal,
    client_id: String,
    client_secret: String,
    pub api: TenantApi,
    /// The assets of its businesses.
    pub assets: Vec<Asset>,
    /// Assets of businesses whose migration is completed.
    completed: HashSet<String>,
    /// The cut-off of each business.
    pub cut_offs: HashMap<String, DateTime<Utc>>,
    /// The migration that is not completed yet.
    pub open_migration: Option<String>,
    /// Tokens before the replacement, by asset.
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

    /// Moves the clock, and logs in again: the access token to the API is as much older.
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

    /// How many assets' businesses have.
    pub fn of_completed(&self) -> usize {
        self.completed.len()
    }

    /// Reconnects and follows the events to the end; the items, in the order of `ids`.
    pub async fn reconnect(
        &self,
        teller: &Teller,
        token: &str,
        ids: &[String],
    ) -> anyhow::Result<Vec<Item>> {
        let started = self.api.reconnect(token, ids).await?;
        let mut progress = teller.progress(u64::try_from(ids.len())?)?;
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

    /// Counts settled items until the stream says that it has ended.
    async fn follow(&self, reconnect: &str, progress: &mut Progress) -> anyhow::Result<()> {
        let mut events = self.api.events(reconnect).await?;
        while let Some(event) = events.next().await? {
            match event.name.as_str() {
                "item" => progress.one()?,
                "reconnect" => return Ok(()),
                _ => {}
            }
        }
        anyhow::bail!("the stream of events ended before the reconnect")
    }

    /// Looks on until `n` assets are as wanted; every asset as it is then.
    pub async fn watch(
        &self,
        teller: &Teller,
        n: usize,
        is_so: impl Fn(&tenant_api::Asset) -> bool,
    ) -> anyhow::Result<Vec<tenant_api::Asset>> {
        let mut progress = teller.progress(u64::try_from(n)?)?;
        let (mut seen, began) = (0_usize, Instant::now());
        loop {
            let assets = self.api.assets().await?;
            let so = assets.iter().filter(|it| is_so(it)).count();
            for _ in seen..so {
                progress.one()?;
            }
            seen = seen.max(so);
            if so == n {
                progress.end();
                return Ok(assets);
            }
            anyhow::ensure!(
                began.elapsed() < PATIENCE,
                "the worker has come to {so} of {n} assets"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The cut-off of the asset's business.
    pub fn cut_off_of(&self, asset: &str) -> Option<DateTime<Utc>> {
        let asset = self.assets.iter().find(|it| it.id == asset)?;
        self.cut_offs.get(&asset.business).copied()
    }

    /// From now on every business counts as completed.
    pub fn complete_all(&mut self) {
        self.completed = self.assets.iter().map(|it| it.id.clone()).collect();
    }

    /// The tokens Regrant serves now.
    pub async fn served(&self) -> anyhow::Result<Vec<Served>> {
        let (ids, mut all) = (self.ids(), Vec::new());
        for chunk in ids.chunks(LOOKUP) {
            all.extend(self.api.tokens(chunk).await?);
        }
        Ok(all)
    }

    /// The token of every asset, as Regrant serves it now.
    pub async fn tokens(&self) -> anyhow::Result<Vec<Served>> {
        let (all, n) = (self.served().await?, self.assets.len());
        anyhow::ensure!(all.len() == n, "{} of {n} assets serve a token", all.len());
        Ok(all)
    }

    /// Tries a token on its asset at the simulated Graph.
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

    /// How many assets have a token that works.
    pub async fn working(&self) -> anyhow::Result<usize> {
        let mut working = 0_usize;
        for served in self.tokens().await? {
            working =
                working.saturating_add(usize::from(self.probe(&served).await? == Verdict::Works));
        }
        Ok(working)
    }

    /// Keeps the tokens of before the replacement.
    pub fn remember(&mut self, before: Vec<Served>) {
        self.before = before
            .into_iter()
            .map(|it| (it.asset_id, it.access_token))
            .collect();
    }

    /// Whether the asset serves another token than before.
    pub fn is_new(&self, served: &Served) -> bool {
        self.before.get(&served.asset_id) != Some(&served.access_token)
    }
}
