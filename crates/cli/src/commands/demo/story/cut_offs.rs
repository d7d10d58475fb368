//! The steps around the first cut-off: it is announced, learned, and passes.
//!
//! The rule: the story knows every cut-off from the migrations that it scheduled, and compares the API with them.

use std::collections::BTreeMap;

use chrono::{Duration, DurationRound as _};

use super::{COMPLETED_MIGRATIONS, scene::Scene};
use crate::{
    commands::demo::{narrator::Narrator, tables},
    rehearsal::{cast, control::ProbeReply, tenant_api::Asset},
};

/// Kinds of assets that do not report a cut-off.
const KINDS_WITHOUT_CUT_OFF: [&str; 2] = ["instagram_account", "whatsapp_business_account"];
/// Days until the cut-off of the last business.
const LAST_CUT_OFF_DAYS: i64 = 30;

pub(super) async fn migrate_person(
    narrator: &mut Narrator,
    scene: &mut Scene<'_>,
) -> anyhow::Result<()> {
    narrator
        .begin_step("The businesses move the person to a managed account; 3 of 4 complete it")?;
    let now = scene.control().read_overview().await?.now;
    let people = (cast::PERSON, cast::MANAGED);
    for (n, business) in cast::BUSINESSES.into_iter().enumerate() {
        let is_completed = n < COMPLETED_MIGRATIONS;
        let days = if is_completed { 10 } else { LAST_CUT_OFF_DAYS };
        // Graph reports whole seconds.
        let cut_off = now.duration_trunc(Duration::seconds(1))? + Duration::days(days);
        scene.cut_offs.insert(business.to_owned(), cut_off);
        let migration = scene
            .control()
            .schedule_migration(people, business, cut_off)
            .await?;
        if is_completed {
            scene.control().complete_migration(&migration).await?;
        } else {
            scene.open_migration = Some(migration);
        }
        let how = if is_completed {
            "completed"
        } else {
            "not completed"
        };
        narrator.print_text(format_args!(
            "   business {business}: cut-off in {days} days, {how}"
        ))?;
    }
    let working = scene.count_working_tokens().await?;
    narrator.check_claim(
        "the old tokens still work everywhere: no cut-off has passed yet",
        working == scene.assets.len(),
    )
}

/// Whether assets of this kind do not report their cut-off.
fn reports_no_cut_off(asset: &Asset) -> bool {
    KINDS_WITHOUT_CUT_OFF.contains(&asset.kind.as_str())
}

/// Whether the asset's cut-off is known: read on the asset itself, if its kind reports one.
fn has_known_cut_off(asset: &Asset, scene: &Scene<'_>) -> bool {
    let Some(ending) = asset.ending.as_ref().filter(|it| it.cause == "cut_off") else {
        return false;
    };
    let is_own = ending.source.as_deref() == Some("probe");
    (reports_no_cut_off(asset) || is_own) && Some(ending.at) == scene.find_cut_off(&asset.id)
}

pub(super) async fn check_forecast(
    narrator: &mut Narrator,
    scene: &mut Scene<'_>,
) -> anyhow::Result<()> {
    narrator.begin_step(
        "Meta announces it by webhook; the worker probes each asset with its old token and learns the cut-offs",
    )?;
    let all = scene.assets.len();
    let assets = scene
        .wait_for_assets(narrator, all, |it| has_known_cut_off(it, scene))
        .await?;
    check_calendar(narrator, scene).await?;
    let inferred = assets.iter().filter(|it| reports_no_cut_off(it)).count();
    let claim = format!(
        "{inferred} of them report no date themselves: it is inferred from their business, and marked so"
    );
    narrator.check_claim(claim, inferred > 0)?;
    let file = scene.api.read_calendar_file().await?;
    narrator.check_claim(
        "the forecast is an iCalendar file, too",
        file.starts_with("BEGIN:VCALENDAR"),
    )?;
    let serving = scene.lookup_every_token().await?;
    narrator.check_claim("every asset still serves its token", serving.len() == all)?;
    scene.remember_tokens(serving);
    Ok(())
}

async fn check_calendar(narrator: &mut Narrator, scene: &Scene<'_>) -> anyhow::Result<()> {
    let (all, over) = (scene.assets.len(), scene.count_completed());
    let calendar = scene.api.read_forecast().await?;
    narrator.print_text(tables::calendar_table(&calendar.days))?;
    let days: BTreeMap<_, _> = calendar
        .days
        .iter()
        .map(|it| (&it.date, it.count))
        .collect();
    narrator.record_fact("calendar", &days)?;
    let later = all.saturating_sub(over);
    let claim = format!(
        "the forecast shows {all} endings: {over} at the first cut-off, {later} at the last"
    );
    narrator.check_claim(
        claim,
        days.into_values().eq([over, later]) && calendar.unknown == 0,
    )
}

pub(super) async fn pass_first_cut_off(
    narrator: &mut Narrator,
    scene: &mut Scene<'_>,
) -> anyhow::Result<()> {
    narrator.begin_step("11 days later: the cut-off of 3 businesses has passed")?;
    scene.advance_clock("11d").await?;
    let over = scene.count_completed();
    scene
        .wait_for_assets(narrator, over, |it| {
            it.state == "disconnected" || it.state == "suspect"
        })
        .await?;
    // Before its known cut-off an asset becomes `suspect` at the first refusal; a second one, some minutes later,
    // makes it `disconnected`.
    scene.advance_clock("15m").await?;
    let assets = scene
        .wait_for_assets(narrator, over, |it| it.state == "disconnected")
        .await?;
    narrator.print_text(tables::states_table(&assets))?;
    let right = assets
        .iter()
        .all(|it| (it.state == "disconnected") == scene.has_completed_migration(&it.id));
    narrator.check_claim(
        format!("the worker found exactly these {over} assets disconnected"),
        right,
    )?;
    let served = scene.lookup_served_tokens().await?;
    let mut works = 0_usize;
    for served in &served {
        anyhow::ensure!(
            !scene.has_completed_migration(&served.asset_id),
            "a dead token is served: {}",
            served.asset_id
        );
        works = works.saturating_add(usize::from(
            scene.probe_token(served).await? == ProbeReply::Works,
        ));
    }
    narrator.check_claim(
        format!("no dead token is served; the other {works} old tokens still work"),
        works == served.len(),
    )
}
