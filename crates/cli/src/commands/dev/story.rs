//! What the page of `dev` asks for: acts of the simulated world, and sessions, as a provider's backend gives them.
//!
//! The rule: everything goes through the public API and the sandbox's control API, as outsiders would do it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Context as _;
use regrant_api::Story;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::tenants::DemoTenant;
use crate::rehearsal::{
    cast,
    control::Control,
    tenant_api::{OpenedSession, PageLink, TenantApi},
};

/// When the personal account loses its access in most businesses, and in the slower one, in days.
const CUT_OFFS: [i64; 4] = [30, 30, 30, 45];
/// The acts in their order; the page itself does `replace` and `undo`.
const ACTS: [&str; 6] = [
    "connect", "migrate", "advance", "replace", "complete", "undo",
];

/// The story, which can begin once the tenants are there.
#[derive(Clone, Default)]
pub(crate) struct StoryDesk(Arc<OnceLock<Backend>>);

/// The provider's backend of the page.
pub(crate) struct Backend {
    api_url: String,
    client_id: String,
    client_secret: String,
    control: Control,
    progress: Mutex<Progress>,
}

/// How far the story is.
#[derive(Default)]
struct Progress {
    done: Vec<&'static str>,
    /// The reconnect that connected the assets; later ones are the page's.
    connected: Option<String>,
    /// The migration of the slower business.
    open_migration: Option<String>,
    session: Option<String>,
    link: Option<PageLink>,
}

impl StoryDesk {
    /// The acts, for the settings of the API.
    pub fn to_story(&self) -> Story {
        let desk = self.clone();
        Story::new(move |act| {
            let desk = desk.clone();
            async move {
                let backend = desk.0.get().ok_or("The rehearsal is still starting.")?;
                let done = backend.run(&act).await;
                done.map_err(|error| format!("{error:#}"))
            }
        })
    }

    /// Lets the story begin, for this tenant.
    pub fn open(&self, api_url: &str, tenant: &DemoTenant, control: Control) {
        // A desk is opened once.
        let _opened = self.0.set(Backend {
            api_url: api_url.to_owned(),
            client_id: tenant.client_id.clone(),
            client_secret: tenant.client_secret.clone(),
            control,
            progress: Mutex::default(),
        });
    }
}

impl Backend {
    async fn run(&self, act: &str) -> anyhow::Result<Value> {
        let mut progress = self.progress.lock().await;
        let api = self.log_in().await?;
        match act {
            "session" => return progress.open_session(&api).await,
            "connect" => progress.connected = Some(self.connect(&api).await?),
            "migrate" => progress.open_migration = Some(self.migrate().await?),
            "advance" => self.advance().await?,
            "complete" => {
                let open = progress.open_migration.take();
                let open = open.context("no migration is open: start the migration first")?;
                self.control.complete_migration(&open).await?;
                // The next look at the parked assets is due by then.
                self.control.advance_clock("2h").await?;
            }
            "state" => return self.read_state(&api, &mut progress).await,
            _ => anyhow::bail!("there is no such act"),
        }
        progress.done.extend(ACTS.iter().find(|it| **it == act));
        // The clock may have passed the end of the token.
        self.read_state(&self.log_in().await?, &mut progress).await
    }

    async fn log_in(&self) -> anyhow::Result<TenantApi> {
        TenantApi::log_in(&self.api_url, &self.client_id, &self.client_secret).await
    }

    /// Replaces every token by one of the personal account; returns the reconnect.
    async fn connect(&self, api: &TenantApi) -> anyhow::Result<String> {
        let token = self.control.mint_token(cast::PERSON, cast::APP).await?;
        let ids = api.list_asset_ids().await?;
        let body = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 0 });
        let started = api.start_reconnect(&body).await?;
        for _ in 0..100 {
            if api.read_reconnect(&started.id).await?.status != "running" {
                return Ok(started.id);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("the reconnect takes longer than expected")
    }

    /// Passes the first cut-off, and the pause after which a second refusal means that an asset is disconnected.
    async fn advance(&self) -> anyhow::Result<()> {
        self.control.advance_clock("31d").await?;
        let api = self.log_in().await?;
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let assets = api.list_assets().await?;
            if assets.iter().any(|it| it.state == "suspect") {
                break;
            }
        }
        self.control.advance_clock("2h").await
    }

    /// Schedules every migration and completes all but the slower one; returns that one.
    async fn migrate(&self) -> anyhow::Result<String> {
        let now = self.control.read_overview().await?.now;
        let mut last: Option<String> = None;
        for (business, days) in cast::BUSINESSES.into_iter().zip(CUT_OFFS) {
            if let Some(before) = last.take() {
                self.control.complete_migration(&before).await?;
            }
            let persons = (cast::PERSON, cast::MANAGED);
            let cut_off = now + chrono::Duration::days(days);
            last = Some(
                self.control
                    .schedule_migration(persons, business, cut_off)
                    .await?,
            );
        }
        last.context("there is no business")
    }

    async fn read_state(&self, api: &TenantApi, progress: &mut Progress) -> anyhow::Result<Value> {
        let assets = api.list_assets().await?;
        let mut states = std::collections::BTreeMap::<String, usize>::new();
        for asset in &assets {
            *states.entry(asset.state.clone()).or_default() += 1;
        }
        progress.note_reconnects(api).await?;
        let next = ACTS.iter().find(|it| !progress.done.contains(it));
        Ok(json!({
            "now": self.control.read_overview().await?.now,
            "assets": states,
            "calls": self.control.read_calls().await?,
            "done": progress.done,
            "next": next,
        }))
    }
}

impl Progress {
    /// The session of the page: that of the link, once a person logged in there; else the page's own.
    async fn open_session(&mut self, api: &TenantApi) -> anyhow::Result<Value> {
        if let Some(link) = &self.link {
            let link = api.read_link(&link.id).await?;
            match (link.status.as_str(), link.session_id) {
                ("used", Some(session)) => self.session = Some(session),
                ("open", _) => {}
                _ => self.link = None,
            }
        }
        let refreshed = match &self.session {
            Some(id) => api.refresh_session(id).await.ok(),
            None => None,
        };
        let ids = api.list_asset_ids().await?;
        let OpenedSession { id, token } = match refreshed {
            Some(session) => session,
            None => api.open_session(&ids).await?,
        };
        if self.link.is_none() {
            self.link = Some(api.make_link(&ids).await?);
        }
        self.session = Some(id);
        let link = self.link.as_ref().and_then(|it| it.url.clone());
        Ok(json!({ "token": token, "link": link }))
    }

    /// Notes what the page itself did: a reconnect after the clock was advanced, and an undo.
    async fn note_reconnects(&mut self, api: &TenantApi) -> anyhow::Result<()> {
        for it in api.list_reconnects().await? {
            let act = if it.undo_of.is_some() {
                "undo"
            } else {
                "replace"
            };
            let is_own = self.connected.as_ref().is_some_and(|first| it.id > *first);
            if is_own && !self.done.contains(&act) {
                self.done.push(act);
            }
        }
        Ok(())
    }
}
