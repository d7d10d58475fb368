//! The story: a person connects a tenant's assets, moves to a managed account, and replaces the expired tokens.
//!
//! The rule: one function a step, and every number it prints comes from the API or from the simulated Graph.

mod consents;
mod cut_offs;
mod scene;

use anyhow::Context as _;

use crate::rehearsal::{Rehearsal, cast, control::ProbeReply};

use super::{narrator::Narrator, tables};
use consents::{plan_asks, preview_consent, undo_reconnect};
use cut_offs::{check_forecast, migrate_person, pass_first_cut_off};
use scene::Scene;

/// How many businesses complete the migration at first; the last one completes it later.
const COMPLETED_MIGRATIONS: usize = 3;
/// The id of no asset.
const UNKNOWN_ASSET: &str = "999999999999999";

/// Runs every step; the error is the first failed check.
pub(crate) async fn run_story(
    narrator: &mut Narrator,
    rehearsal: &Rehearsal,
) -> anyhow::Result<()> {
    let mut scene = onboard_tenant(narrator, rehearsal).await?;
    connect_assets(narrator, &scene).await?;
    undo_reconnect(narrator, &scene).await?;
    migrate_person(narrator, &mut scene).await?;
    check_forecast(narrator, &mut scene).await?;
    plan_asks(narrator, &scene).await?;
    pass_first_cut_off(narrator, &mut scene).await?;
    let mut ids = scene.asset_ids();
    ids.push(UNKNOWN_ASSET.to_owned());
    let order = preview_consent(narrator, &scene, &ids).await?;
    replace_expired_tokens(narrator, &scene, &ids, &order).await?;
    verify_tokens(narrator, &scene).await?;
    promote_parked_tokens(narrator, &mut scene).await?;
    pass_last_cut_off(narrator, &mut scene).await?;
    verify_audit(narrator, &scene).await
}

async fn onboard_tenant<'a>(
    narrator: &mut Narrator,
    rehearsal: &'a Rehearsal,
) -> anyhow::Result<Scene<'a>> {
    narrator.begin_step("Onboard an app and a tenant, and register the assets of 4 businesses")?;
    let scene = Scene::onboard_tenant(rehearsal).await?;
    narrator.check_claim("the tenant's client logs in with its secret", true)?;
    let registered = scene.api.register_assets(&scene.assets).await?;
    let created = registered
        .iter()
        .filter(|it| it.status == "created")
        .count();
    narrator.check_claim(
        format!("{created} assets are registered"),
        created == scene.assets.len(),
    )?;
    let again = scene.api.register_assets(&scene.assets).await?;
    let exist = again.iter().all(|it| it.status == "exists");
    narrator.check_claim("registering them again creates nothing", exist)?;
    narrator.record_fact("assets", created)?;
    Ok(scene)
}

async fn connect_assets(narrator: &mut Narrator, scene: &Scene<'_>) -> anyhow::Result<()> {
    narrator.begin_step("Connect them with ONE token of the person's personal account")?;
    let token = scene.control().mint_token(cast::PERSON, cast::APP).await?;
    let reconnect = scene
        .reconnect_assets(narrator, &token, &scene.asset_ids())
        .await?;
    let counts = tables::count_outcomes(&reconnect.items);
    let all = scene.assets.len();
    let seconds = narrator.step_elapsed().as_secs_f64();
    let claim = format!(
        "each of {all} assets is proved at Graph and has a sealed credential, in {seconds:.1} s"
    );
    narrator.check_claim(claim, counts.get("replaced") == Some(&all))?;
    let assets = scene.api.list_assets().await?;
    narrator.print_text(tables::states_table(&assets))?;
    let healthy = assets.iter().filter(|it| it.state == "healthy").count();
    narrator.check_claim(format!("{healthy} assets are healthy"), healthy == all)
}

async fn replace_expired_tokens(
    narrator: &mut Narrator,
    scene: &Scene<'_>,
    ids: &[String],
    order: &serde_json::Value,
) -> anyhow::Result<()> {
    narrator.begin_step(
        "Press \"Replace expired tokens\": one reconnect with this consent, held to the plan of the preview",
    )?;
    let reconnect = scene.run_reconnect(narrator, order, ids.len()).await?;
    let items = reconnect.items;
    narrator.print_text(tables::outcomes_table(&items))?;
    narrator.record_fact("outcomes", tables::count_outcomes(&items))?;
    let in_order = items.iter().map(|it| &it.asset_id).eq(ids);
    narrator.check_claim("one outcome for each id, in the caller's order", in_order)?;
    for item in &items {
        let expected = match item.asset_id.as_str() {
            UNKNOWN_ASSET => "unknown_asset",
            id if scene.has_completed_migration(id) => "replaced",
            _ => "parked",
        };
        let outcome = item.outcome.as_deref().context("an item is still open")?;
        anyhow::ensure!(
            outcome == expected,
            "asset {} is {outcome}, not {expected}",
            item.asset_id
        );
    }
    let (replaced, all) = (scene.count_completed(), scene.assets.len());
    let claim = format!(
        "{replaced} are replaced, {} are parked and keep the old token, 1 is unknown",
        all.saturating_sub(replaced)
    );
    narrator.check_claim(claim, true)
}

async fn verify_tokens(narrator: &mut Narrator, scene: &Scene<'_>) -> anyhow::Result<()> {
    narrator.begin_step("Read every token back and try it at Graph")?;
    let after = scene.lookup_every_token().await?;
    let (mut new, mut old) = (0_usize, 0_usize);
    for served in &after {
        let verdict = scene.probe_token(served).await?;
        anyhow::ensure!(
            verdict == ProbeReply::Works,
            "the token of asset {} is refused: {verdict:?}",
            served.asset_id
        );
        let is_new = scene.is_new(served);
        anyhow::ensure!(
            is_new == scene.has_completed_migration(&served.asset_id),
            "asset {} serves the wrong token",
            served.asset_id
        );
        let count = if is_new { &mut new } else { &mut old };
        *count = count.saturating_add(1);
    }
    narrator.check_claim(
        format!("{new} replaced assets serve a new token, and it works"),
        new == scene.count_completed(),
    )?;
    let rest = scene.assets.len().saturating_sub(new);
    narrator.check_claim(
        format!("{old} parked assets serve the old token, and it works"),
        old == rest,
    )
}

async fn promote_parked_tokens(
    narrator: &mut Narrator,
    scene: &mut Scene<'_>,
) -> anyhow::Result<()> {
    narrator
        .begin_step("The last business completes the migration, without any call to Regrant")?;
    let migration = scene
        .open_migration
        .take()
        .context("every migration is completed")?;
    scene.control().complete_migration(&migration).await?;
    scene.advance_clock("2h").await?;
    let all = scene.assets.len();
    let assets = scene
        .wait_for_assets(narrator, all, |it| {
            it.person_id.as_deref() == Some(cast::MANAGED)
        })
        .await?;
    narrator.print_text(tables::states_table(&assets))?;
    let waited = all.saturating_sub(scene.count_completed());
    narrator.record_fact("promoted", waited)?;
    narrator.check_claim(
        format!("the worker promoted the {waited} parked tokens"),
        true,
    )?;
    scene.mark_all_completed();
    Ok(())
}

async fn pass_last_cut_off(narrator: &mut Narrator, scene: &mut Scene<'_>) -> anyhow::Result<()> {
    narrator.begin_step(
        "20 days later: the last cut-off has passed. Read every token back and try it at Graph",
    )?;
    scene.advance_clock("20d").await?;
    let after = scene.lookup_every_token().await?;
    let mut works = 0_usize;
    for served in &after {
        anyhow::ensure!(
            scene.is_new(served),
            "asset {} serves the old token",
            served.asset_id
        );
        works = works.saturating_add(usize::from(
            scene.probe_token(served).await? == ProbeReply::Works,
        ));
    }
    let all = scene.assets.len();
    narrator.record_fact("working", works)?;
    narrator.check_claim(
        format!("{works} of {all} assets serve the managed account's token, and it works"),
        works == all,
    )
}

async fn verify_audit(narrator: &mut Narrator, scene: &Scene<'_>) -> anyhow::Result<()> {
    narrator.begin_step("Verify the tenant's audit chain")?;
    let (is_whole, rows) = scene.verify_audit().await?;
    narrator.check_claim(
        format!("its {rows} rows are whole: nothing was edited, removed or put back"),
        is_whole,
    )
}
