//! The story: a person connects a client's assets, moves to a managed account, and replaces the expired tokens.

mod part;

use anyhow::Context as _;
use chrono::Duration;

use crate::{cast, control::Verdict, rehearsal::Rehearsal};

use super::{table, teller::Teller};
use part::Part;

/// The businesses whose migration is completed; the last one is not.
const COMPLETED: usize = 3;
/// An asset id nobody has.
const UNKNOWN: &str = "999999999999999";

/// Tells it; the error is the first thing that did not come as told.
pub(crate) async fn tell(teller: &mut Teller, rehearsal: &Rehearsal) -> anyhow::Result<()> {
    let mut part = onboard(teller, rehearsal).await?;
    connect(teller, &part).await?;
    migrate(teller, &part).await?;
    cross_the_cut_off(teller, &mut part).await?;
    replace(teller, &part).await?;
    verify(teller, &part).await
}

async fn onboard<'a>(teller: &mut Teller, rehearsal: &'a Rehearsal) -> anyhow::Result<Part<'a>> {
    teller.step("Onboard an app and a tenant, and register the assets of 4 businesses")?;
    let part = Part::onboard(rehearsal).await?;
    teller.check("the tenant's client logs in with its secret", true)?;
    let registered = part.api.register(&part.assets).await?;
    let created = registered.iter().filter(|it| it.status == "created").count();
    teller.check(format!("{created} assets are registered"), created == part.assets.len())?;
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
    let counts = table::counts(&items);
    let all = part.assets.len();
    let seconds = teller.elapsed().as_secs_f64();
    let told = format!(
        "each of {all} assets is proved at Graph and sealed with its own credential, in {seconds:.1} s"
    );
    teller.check(told, counts.get("replaced") == Some(&all))?;
    let assets = part.api.assets().await?;
    teller.say(table::states(&assets))?;
    let healthy = assets.iter().filter(|it| it.state == "healthy").count();
    teller.check(format!("{healthy} assets are healthy"), healthy == all)
}

async fn migrate(teller: &mut Teller, part: &Part<'_>) -> anyhow::Result<()> {
    teller.step("The businesses move the person to a managed account; 3 of 4 complete it")?;
    let now = part.control().overview().await?.now;
    let people = (cast::PERSON, cast::MANAGED);
    for (n, business) in cast::BUSINESSES.into_iter().enumerate() {
        let is_completed = n < COMPLETED;
        let days = if is_completed { 10 } else { 30 };
        let migration = part.control().migrate(people, business, now + Duration::days(days)).await?;
        if is_completed {
            part.control().complete(&migration).await?;
        }
        let how = if is_completed { "completed" } else { "not completed" };
        teller.say(format_args!("   business {business}: cut-off in {days} days, {how}"))?;
    }
    let working = part.working().await?;
    teller.check("the old tokens still work everywhere: no cut-off has passed", working == part.assets.len())
}

async fn cross_the_cut_off(teller: &mut Teller, part: &mut Part<'_>) -> anyhow::Result<()> {
    teller.step("11 days later: the cut-off of 3 businesses has passed")?;
    part.control().advance("11d").await?;
    // The access token to the API is 11 days old too.
    part.login().await?;
    let before = part.tokens().await?;
    let (mut refused, mut works) = (0_usize, 0_usize);
    for served in &before {
        let is_over = part.is_completed(&served.asset_id);
        match part.probe(served).await? {
            Verdict::Refused(_) if is_over => refused = refused.saturating_add(1),
            Verdict::Works if !is_over => works = works.saturating_add(1),
            verdict => anyhow::bail!("asset {}: {verdict:?}", served.asset_id),
        }
    }
    teller
        .check(format!("Graph refuses the old token on {refused} assets"), refused == part.of_completed())?;
    let rest = part.assets.len().saturating_sub(refused);
    teller
        .check(format!("it still works on the {works} assets of the business that waits"), works == rest)?;
    part.remember(before);
    Ok(())
}

async fn replace(teller: &mut Teller, part: &Part<'_>) -> anyhow::Result<()> {
    teller.step("Press \"Replace expired tokens\" with the managed account's token, for all of them and one unknown id")?;
    let token = part.control().token_of(cast::MANAGED, cast::APP).await?;
    let mut ids = part.ids();
    ids.push(UNKNOWN.to_owned());
    let items = part.reconnect(teller, &token, &ids).await?;
    teller.say(table::outcomes(&items))?;
    teller.keep("outcomes", table::counts(&items))?;
    let in_order = items.iter().map(|it| &it.asset_id).eq(&ids);
    teller.check("one outcome for each id, in the caller's order", in_order)?;
    for item in &items {
        let expected = match item.asset_id.as_str() {
            UNKNOWN => "unknown_asset",
            id if part.is_completed(id) => "replaced",
            _ => "parked",
        };
        let outcome = item.outcome.as_deref().context("an item is still open")?;
        anyhow::ensure!(outcome == expected, "asset {} is {outcome}, not {expected}", item.asset_id);
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
    teller.check(format!("{old} waiting assets serve the old token, and it works"), old == rest)
}
