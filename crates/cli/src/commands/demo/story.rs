//! The story: a person connects a tenant's assets, moves to a managed account, and replaces the expired tokens.
//!
//! The rule: one function a step, and every number it prints comes from the API or from the simulated Graph.

mod cut_offs;
mod scene;

use anyhow::Context as _;

use crate::rehearsal::{Rehearsal, cast, control::Verdict};

use super::{narrator::Teller, tables};
use cut_offs::{check_forecast, migrate_person, pass_first_cut_off};
use scene::Part;

/// How many businesses complete the migration at first; the last one completes it later.
const COMPLETED: usize = 3;
/// The id of no asset.
const UNKNOWN: &str = "999999999999999";

/// Runs every step; the error is the first failed check.
pub(crate) async fn tell(narrator: &mut Teller, rehearsal: &Rehearsal) -> anyhow::Result<()> {
    let mut scene = onboard(narrator, rehearsal).await?;
    connect(narrator, &scene).await?;
    migrate_person(narrator, &mut scene).await?;
    check_forecast(narrator, &mut scene).await?;
    pass_first_cut_off(narrator, &mut scene).await?;
    replace(narrator, &scene).await?;
    verify(narrator, &scene).await?;
    promote(narrator, &mut scene).await?;
    end(narrator, &mut scene).await
}

async fn onboard<'a>(narrator: &mut Teller, rehearsal: &'a Rehearsal) -> anyhow::Result<Part<'a>> {
    narrator.step("Onboard an app and a tenant, and register the assets of 4 businesses")?;
    let scene = Part::onboard(rehearsal).await?;
    narrator.check("the tenant's client logs in with its secret", true)?;
    let registered = scene.api.register(&scene.assets).await?;
    let created = registered
        .iter()
        .filter(|it| it.status == "created")
        .count();
    narrator.check(
        format!("{created} assets are registered"),
        created == scene.assets.len(),
    )?;
    let again = scene.api.register(&scene.assets).await?;
    let exist = again.iter().all(|it| it.status == "exists");
    narrator.check("registering them again creates nothing", exist)?;
    narrator.keep("assets", created)?;
    Ok(scene)
}

async fn connect(narrator: &mut Teller, scene: &Part<'_>) -> anyhow::Result<()> {
    narrator.step("Connect them with ONE token of the person's personal account")?;
    let token = scene.control().token_of(cast::PERSON, cast::APP).await?;
    let items = scene.reconnect(narrator, &token, &scene.ids()).await?;
    let counts = tables::counts(&items);
    let all = scene.assets.len();
    let seconds = narrator.elapsed().as_secs_f64();
    let claim = format!(
        "each of {all} assets is proved at Graph and has a sealed credential, in {seconds:.1} s"
    );
    narrator.check(claim, counts.get("replaced") == Some(&all))?;
    let assets = scene.api.assets().await?;
    narrator.say(tables::states(&assets))?;
    let healthy = assets.iter().filter(|it| it.state == "healthy").count();
    narrator.check(format!("{healthy} assets are healthy"), healthy == all)
}

async fn replace(narrator: &mut Teller, scene: &Part<'_>) -> anyhow::Result<()> {
    narrator.step("Press \"Replace expired tokens\" with the managed account's token, for all assets and one unknown id")?;
    let token = scene.control().token_of(cast::MANAGED, cast::APP).await?;
    let mut ids = scene.ids();
    ids.push(UNKNOWN.to_owned());
    let items = scene.reconnect(narrator, &token, &ids).await?;
    narrator.say(tables::outcomes(&items))?;
    narrator.keep("outcomes", tables::counts(&items))?;
    let in_order = items.iter().map(|it| &it.asset_id).eq(&ids);
    narrator.check("one outcome for each id, in the caller's order", in_order)?;
    for item in &items {
        let expected = match item.asset_id.as_str() {
            UNKNOWN => "unknown_asset",
            id if scene.is_completed(id) => "replaced",
            _ => "parked",
        };
        let outcome = item.outcome.as_deref().context("an item is still open")?;
        anyhow::ensure!(
            outcome == expected,
            "asset {} is {outcome}, not {expected}",
            item.asset_id
        );
    }
    let (replaced, all) = (scene.of_completed(), scene.assets.len());
    let claim = format!(
        "{replaced} are replaced, {} are parked and keep the old token, 1 is unknown",
        all.saturating_sub(replaced)
    );
    narrator.check(claim, true)
}

async fn verify(narrator: &mut Teller, scene: &Part<'_>) -> anyhow::Result<()> {
    narrator.step("Read every token back and try it at Graph")?;
    let after = scene.tokens().await?;
    let (mut new, mut old) = (0_usize, 0_usize);
    for served in &after {
        let verdict = scene.probe(served).await?;
        anyhow::ensure!(
            verdict == Verdict::Works,
            "the token of asset {} is refused: {verdict:?}",
            served.asset_id
        );
        let is_new = scene.is_new(served);
        anyhow::ensure!(
            is_new == scene.is_completed(&served.asset_id),
            "asset {} serves the wrong token",
            served.asset_id
        );
        let count = if is_new { &mut new } else { &mut old };
        *count = count.saturating_add(1);
    }
    narrator.check(
        format!("{new} replaced assets serve a new token, and it works"),
        new == scene.of_completed(),
    )?;
    let rest = scene.assets.len().saturating_sub(new);
    narrator.check(
        format!("{old} parked assets serve the old token, and it works"),
        old == rest,
    )
}

async fn promote(narrator: &mut Teller, scene: &mut Part<'_>) -> anyhow::Result<()> {
    narrator.step("The last business completes the migration, without any call to Regrant")?;
    let migration = scene
        .open_migration
        .take()
        .context("every migration is completed")?;
    scene.control().complete(&migration).await?;
    scene.advance("2h").await?;
    let all = scene.assets.len();
    let assets = scene
        .watch(narrator, all, |it| {
            it.person_id.as_deref() == Some(cast::MANAGED)
        })
        .await?;
    narrator.say(tables::states(&assets))?;
    let waited = all.saturating_sub(scene.of_completed());
    narrator.keep("promoted", waited)?;
    narrator.check(
        format!("the worker promoted the {waited} parked tokens"),
        true,
    )?;
    scene.complete_all();
    Ok(())
}

async fn end(narrator: &mut Teller, scene: &mut Part<'_>) -> anyhow::Result<()> {
    narrator.step(
        "20 days later: the last cut-off has passed. Read every token back and try it at Graph",
    )?;
    scene.advance("20d").await?;
    let after = scene.tokens().await?;
    let mut works = 0_usize;
    for served in &after {
        anyhow::ensure!(
            scene.is_new(served),
            "asset {} serves the old token",
            served.asset_id
        );
        works = works.saturating_add(usize::from(scene.probe(served).await? == Verdict::Works));
    }
    let all = scene.assets.len();
    narrator.keep("working", works)?;
    narrator.check(
        format!("{works} of {all} assets serve the managed account's token, and it works"),
        works == all,
    )
}
