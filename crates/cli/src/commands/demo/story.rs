//! The story: a person connects a tenant's assets, moves to a managed account, and replaces the expired tokens.
//!
//! The rule: one function a step, and every number it prints comes from the API or from the simulated Graph.

mod scene;

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{Duration, DurationRound as _};

use crate::rehearsal::{Rehearsal, cast, control::Verdict, tenant_api::Asset};

use super::{narrator::Teller, tables};
use scene::Part;

/// How many businesses complete the migration at first; the last one completes it later.
const COMPLETED: usize = 3;
/// Kinds of assets that do not report a cut-off.
const SILENT: [&str; 2] = ["instagram_account", "whatsapp_business_account"];
/// Days until the cut-off of the last business.
const LAST: i64 = 30;
/// The id of no asset.
const UNKNOWN: &str = "999999999999999";

/// Runs every step; the error is the first failed check.
pub(crate) async fn tell(narrator: &mut Teller, rehearsal: &Rehearsal) -> anyhow::Result<()> {
    let mut scene = onboard(narrator, rehearsal).await?;
    connect(narrator, &scene).await?;
    migrate(narrator, &mut scene).await?;
    foresee(narrator, &mut scene).await?;
    cross_the_cut_off(narrator, &mut scene).await?;
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

async fn migrate(narrator: &mut Teller, scene: &mut Part<'_>) -> anyhow::Result<()> {
    narrator.step("The businesses move the person to a managed account; 3 of 4 complete it")?;
    let now = scene.control().overview().await?.now;
    let people = (cast::PERSON, cast::MANAGED);
    for (n, business) in cast::BUSINESSES.into_iter().enumerate() {
        let is_completed = n < COMPLETED;
        let days = if is_completed { 10 } else { LAST };
        // Graph reports whole seconds.
        let cut_off = now.duration_trunc(Duration::seconds(1))? + Duration::days(days);
        scene.cut_offs.insert(business.to_owned(), cut_off);
        let migration = scene.control().migrate(people, business, cut_off).await?;
        if is_completed {
            scene.control().complete(&migration).await?;
        } else {
            scene.open_migration = Some(migration);
        }
        let how = if is_completed {
            "completed"
        } else {
            "not completed"
        };
        narrator.say(format_args!(
            "   business {business}: cut-off in {days} days, {how}"
        ))?;
    }
    let working = scene.working().await?;
    narrator.check(
        "the old tokens still work everywhere: no cut-off has passed yet",
        working == scene.assets.len(),
    )
}

async fn foresee(narrator: &mut Teller, scene: &mut Part<'_>) -> anyhow::Result<()> {
    narrator.step(
        "Meta announces it by webhook; the worker probes each asset with its old token and learns the cut-offs",
    )?;
    let (all, silent) = (scene.assets.len(), |it: &Asset| {
        SILENT.contains(&it.kind.as_str())
    });
    let known = |it: &Asset| {
        let Some(ending) = it.ending.as_ref().filter(|it| it.cause == "cut_off") else {
            return false;
        };
        let is_own = ending.source.as_deref() == Some("probe");
        (silent(it) || is_own) && Some(ending.at) == scene.cut_off_of(&it.id)
    };
    let assets = scene.watch(narrator, all, known).await?;
    let calendar = scene.api.forecast().await?;
    narrator.say(tables::calendar(&calendar.days))?;
    let days: BTreeMap<_, _> = calendar
        .days
        .iter()
        .map(|it| (&it.date, it.count))
        .collect();
    narrator.keep("calendar", &days)?;
    let over = scene.of_completed();
    let later = all.saturating_sub(over);
    let claim = format!(
        "the forecast shows {all} endings: {over} at the first cut-off, {later} at the last"
    );
    narrator.check(
        claim,
        days.into_values().eq([over, later]) && calendar.unknown == 0,
    )?;
    let inferred = assets.iter().filter(|it| silent(it)).count();
    let claim = format!(
        "{inferred} of them report no date themselves: it is inferred from their business, and marked so"
    );
    narrator.check(claim, inferred > 0)?;
    let file = scene.api.calendar_file().await?;
    narrator.check(
        "the forecast is an iCalendar file, too",
        file.starts_with("BEGIN:VCALENDAR"),
    )?;
    let serving = scene.tokens().await?;
    narrator.check("every asset still serves its token", serving.len() == all)?;
    scene.remember(serving);
    Ok(())
}

async fn cross_the_cut_off(narrator: &mut Teller, scene: &mut Part<'_>) -> anyhow::Result<()> {
    narrator.step("11 days later: the cut-off of 3 businesses has passed")?;
    scene.advance("11d").await?;
    let over = scene.of_completed();
    scene
        .watch(narrator, over, |it| {
            it.state == "disconnected" || it.state == "suspect"
        })
        .await?;
    // Before its known cut-off an asset becomes `suspect` at the first refusal; a second one, some minutes later,
    // makes it `disconnected`.
    scene.advance("15m").await?;
    let assets = scene
        .watch(narrator, over, |it| it.state == "disconnected")
        .await?;
    narrator.say(tables::states(&assets))?;
    let right = assets
        .iter()
        .all(|it| (it.state == "disconnected") == scene.is_completed(&it.id));
    narrator.check(
        format!("the worker found exactly these {over} assets disconnected"),
        right,
    )?;
    let served = scene.served().await?;
    let mut works = 0_usize;
    for served in &served {
        anyhow::ensure!(
            !scene.is_completed(&served.asset_id),
            "a dead token is served: {}",
            served.asset_id
        );
        works = works.saturating_add(usize::from(scene.probe(served).await? == Verdict::Works));
    }
    narrator.check(
        format!("no dead token is served; the other {works} old tokens still work"),
        works == served.len(),
    )
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
