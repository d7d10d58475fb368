//! The story: a person connects a client's assets, moves to a managed account, and replaces the expired tokens.

mod scene;

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{Duration, DurationRound as _};

use crate::rehearsal::{Rehearsal, cast, control::Verdict, tenant_api::Asset};

use super::{narrator::Teller, tables};
use scene::Part;

/// The businesses whose migration is completed; the last one is not.
const COMPLETED: usize = 3;
/// Kinds that tell no cut-off.
const SILENT: [&str; 2] = ["instagram_account", "whatsapp_business_account"];
/// Days until the cut-off of the business that does not complete it at first.
const LAST: i64 = 30;
/// An asset id nobody has.
const UNKNOWN: &str = "999999999999999";

/// Tells it; the error is the first thing that did not come as told.
pub(crate) async fn tell(teller: &mut Teller, rehearsal: &Rehearsal) -> anyhow::Result<()> {
    let mut part = onboard(teller, rehearsal).await?;
    connect(teller, &part).await?;
    migrate(teller, &mut part).await?;
    foresee(teller, &mut part).await?;
    cross_the_cut_off(teller, &mut part).await?;
    replace(teller, &part).await?;
    verify(teller, &part).await?;
    promote(teller, &mut part).await?;
    end(teller, &mut part).await
}

async fn onboard<'a>(teller: &mut Teller, rehearsal: &'a Rehearsal) -> anyhow::Result<Part<'a>> {
    teller.step("Onboard an app and a tenant, and register the assets of 4 businesses")?;
    let part = Part::onboard(rehearsal).await?;
    teller.check("the tenant's client logs in with its secret", true)?;
    let registered = part.api.register(&part.assets).await?;
    let created = registered
        .iter()
        .filter(|it| it.status == "created")
        .count();
    teller.check(
        format!("{created} assets are registered"),
        created == part.assets.len(),
    )?;
    let again = part.api.register(&part.assets).await?;
    let exist = again.iter().all(|it| it.status == "exists");
    teller.check("registering them again creates nothing", exist)?;
    teller.keep("assets", created)?;
    Ok(part)
}

async fn connect(teller: &mut Teller, part: &Part<'_>) -> anyhow::Result<()> {
    teller.step("Connect them with ONE token of the person's personal account")?;
    let token = part.control().token_of(cast::PERSON, cast::APP).await?;
    let items = part.reconnect(teller, &token, &part.ids()).await?;
    let counts = tables::counts(&items);
    let all = part.assets.len();
    let seconds = teller.elapsed().as_secs_f64();
    let told = format!(
        "each of {all} assets is proved at Graph and sealed with its own credential, in {seconds:.1} s"
    );
    teller.check(told, counts.get("replaced") == Some(&all))?;
    let assets = part.api.assets().await?;
    teller.say(tables::states(&assets))?;
    let healthy = assets.iter().filter(|it| it.state == "healthy").count();
    teller.check(format!("{healthy} assets are healthy"), healthy == all)
}

async fn migrate(teller: &mut Teller, part: &mut Part<'_>) -> anyhow::Result<()> {
    teller.step("The businesses move the person to a managed account; 3 of 4 complete it")?;
    let now = part.control().overview().await?.now;
    let people = (cast::PERSON, cast::MANAGED);
    for (n, business) in cast::BUSINESSES.into_iter().enumerate() {
        let is_completed = n < COMPLETED;
        let days = if is_completed { 10 } else { LAST };
        // Graph tells whole seconds.
        let cut_off = now.duration_trunc(Duration::seconds(1))? + Duration::days(days);
        part.cut_offs.insert(business.to_owned(), cut_off);
        let migration = part.control().migrate(people, business, cut_off).await?;
        if is_completed {
            part.control().complete(&migration).await?;
        } else {
            part.open_migration = Some(migration);
        }
        let how = if is_completed {
            "completed"
        } else {
            "not completed"
        };
        teller.say(format_args!(
            "   business {business}: cut-off in {days} days, {how}"
        ))?;
    }
    let working = part.working().await?;
    teller.check(
        "the old tokens still work everywhere: no cut-off has passed",
        working == part.assets.len(),
    )
}

async fn foresee(teller: &mut Teller, part: &mut Part<'_>) -> anyhow::Result<()> {
    teller.step(
        "Meta announces it by webhook; the worker asks each asset with its old token: the calendar is known",
    )?;
    let (all, silent) = (part.assets.len(), |it: &Asset| {
        SILENT.contains(&it.kind.as_str())
    });
    let known = |it: &Asset| {
        let Some(ending) = it.ending.as_ref().filter(|it| it.cause == "cut_off") else {
            return false;
        };
        let is_own = ending.source.as_deref() == Some("probe");
        (silent(it) || is_own) && Some(ending.at) == part.cut_off_of(&it.id)
    };
    let assets = part.watch(teller, all, known).await?;
    let calendar = part.api.forecast().await?;
    teller.say(tables::calendar(&calendar.days))?;
    let days: BTreeMap<_, _> = calendar
        .days
        .iter()
        .map(|it| (&it.date, it.count))
        .collect();
    teller.keep("calendar", &days)?;
    let over = part.of_completed();
    let later = all.saturating_sub(over);
    let told = format!(
        "the calendar shows {all} endings: {over} with the first cut-off, {later} with the last"
    );
    teller.check(
        told,
        days.into_values().eq([over, later]) && calendar.unknown == 0,
    )?;
    let told_by_siblings = assets.iter().filter(|it| silent(it)).count();
    let told = format!(
        "{told_by_siblings} are of kinds that tell no date: theirs is concluded, and said to be"
    );
    teller.check(told, told_by_siblings > 0)?;
    let file = part.api.calendar_file().await?;
    teller.check(
        "it is there for calendars too",
        file.starts_with("BEGIN:VCALENDAR"),
    )?;
    let serving = part.tokens().await?;
    teller.check("every asset still serves its token", serving.len() == all)?;
    part.remember(serving);
    Ok(())
}

async fn cross_the_cut_off(teller: &mut Teller, part: &mut Part<'_>) -> anyhow::Result<()> {
    teller.step("11 days later: the cut-off of 3 businesses has passed")?;
    part.advance("11d").await?;
    let over = part.of_completed();
    part.watch(teller, over, |it| {
        it.state == "disconnected" || it.state == "suspect"
    })
    .await?;
    // Where the date that was told lies ahead, a refusal is a doubt, and only a second one, spaced, makes it certain.
    part.advance("15m").await?;
    let assets = part
        .watch(teller, over, |it| it.state == "disconnected")
        .await?;
    teller.say(tables::states(&assets))?;
    let right = assets
        .iter()
        .all(|it| (it.state == "disconnected") == part.is_completed(&it.id));
    teller.check(
        format!("the worker found {over} assets disconnected, and no other"),
        right,
    )?;
    let served = part.served().await?;
    let mut works = 0_usize;
    for served in &served {
        anyhow::ensure!(
            !part.is_completed(&served.asset_id),
            "a dead token is served: {}",
            served.asset_id
        );
        works = works.saturating_add(usize::from(part.probe(served).await? == Verdict::Works));
    }
    teller.check(
        format!("no dead token is handed out; {works} old tokens work as before"),
        works == served.len(),
    )
}

async fn replace(teller: &mut Teller, part: &Part<'_>) -> anyhow::Result<()> {
    teller.step("Press \"Replace expired tokens\" with the managed account's token, for all of them and one unknown id")?;
    let token = part.control().token_of(cast::MANAGED, cast::APP).await?;
    let mut ids = part.ids();
    ids.push(UNKNOWN.to_owned());
    let items = part.reconnect(teller, &token, &ids).await?;
    teller.say(tables::outcomes(&items))?;
    teller.keep("outcomes", tables::counts(&items))?;
    let in_order = items.iter().map(|it| &it.asset_id).eq(&ids);
    teller.check("one outcome for each id, in the caller's order", in_order)?;
    for item in &items {
        let expected = match item.asset_id.as_str() {
            UNKNOWN => "unknown_asset",
            id if part.is_completed(id) => "replaced",
            _ => "parked",
        };
        let outcome = item.outcome.as_deref().context("an item is still open")?;
        anyhow::ensure!(
            outcome == expected,
            "asset {} is {outcome}, not {expected}",
            item.asset_id
        );
    }
    let (replaced, all) = (part.of_completed(), part.assets.len());
    let told = format!(
        "{replaced} are replaced, {} wait with the old token, 1 is unknown",
        all.saturating_sub(replaced)
    );
    teller.check(told, true)
}

async fn verify(teller: &mut Teller, part: &Part<'_>) -> anyhow::Result<()> {
    teller.step("Read every token back and try it at Graph")?;
    let after = part.tokens().await?;
    let (mut new, mut old) = (0_usize, 0_usize);
    for served in &after {
        let verdict = part.probe(served).await?;
        anyhow::ensure!(
            verdict == Verdict::Works,
            "the token of asset {} is refused: {verdict:?}",
            served.asset_id
        );
        let is_new = part.is_new(served);
        anyhow::ensure!(
            is_new == part.is_completed(&served.asset_id),
            "asset {} serves the wrong token",
            served.asset_id
        );
        let count = if is_new { &mut new } else { &mut old };
        *count = count.saturating_add(1);
    }
    teller.check(
        format!("{new} replaced assets serve a new token, and it works"),
        new == part.of_completed(),
    )?;
    let rest = part.assets.len().saturating_sub(new);
    teller.check(
        format!("{old} waiting assets serve the old token, and it works"),
        old == rest,
    )
}

async fn promote(teller: &mut Teller, part: &mut Part<'_>) -> anyhow::Result<()> {
    teller.step("The last business completes the migration; nobody calls Regrant")?;
    let migration = part
        .open_migration
        .take()
        .context("every migration is completed")?;
    part.control().complete(&migration).await?;
    part.advance("2h").await?;
    let all = part.assets.len();
    let assets = part
        .watch(teller, all, |it| {
            it.person_id.as_deref() == Some(cast::MANAGED)
        })
        .await?;
    teller.say(tables::states(&assets))?;
    let waited = all.saturating_sub(part.of_completed());
    teller.keep("promoted", waited)?;
    teller.check(
        format!("the worker promoted the {waited} tokens that waited"),
        true,
    )?;
    part.complete_all();
    Ok(())
}

async fn end(teller: &mut Teller, part: &mut Part<'_>) -> anyhow::Result<()> {
    teller.step(
        "20 days later: the last cut-off has passed. Read every token back and try it at Graph",
    )?;
    part.advance("20d").await?;
    let after = part.tokens().await?;
    let mut works = 0_usize;
    for served in &after {
        anyhow::ensure!(
            part.is_new(served),
            "asset {} serves the old token",
            served.asset_id
        );
        works = works.saturating_add(usize::from(part.probe(served).await? == Verdict::Works));
    }
    let all = part.assets.len();
    teller.keep("working", works)?;
    teller.check(
        format!("{works} of {all} assets serve the managed account's token, and it works"),
        works == all,
    )
}
