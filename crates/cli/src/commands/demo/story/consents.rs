//! The steps with people: whom to ask, a log-in that ends with a code, what it would do, and the way back.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::scene::Scene;
use crate::{
    commands::demo::{narrator::Narrator, tables},
    rehearsal::{cast, control::ProbeReply},
};

/// How many assets are replaced and restored.
const UNDONE: usize = 4;

/// Replaces some tokens by those of another log-in, and undoes it.
pub(super) async fn undo_reconnect(
    narrator: &mut Narrator,
    scene: &Scene<'_>,
) -> anyhow::Result<()> {
    narrator.begin_step("The person logs in once more, replaces 4 tokens, and undoes it")?;
    let ids: Vec<_> = scene.asset_ids().into_iter().take(UNDONE).collect();
    let before = scene.api.lookup_tokens(&ids).await?;
    let token = scene.control().mint_token(cast::PERSON, cast::APP).await?;
    let reconnect = scene.reconnect_assets(narrator, &token, &ids).await?;
    let replaced = tables::count_outcomes(&reconnect.items);
    narrator.check_claim("4 are replaced", replaced.get("replaced") == Some(&UNDONE))?;
    let undo = scene.api.undo_reconnect(&reconnect.id).await?;
    let outcomes = tables::count_outcomes(&undo.items);
    narrator.record_fact("undo", &outcomes)?;
    narrator.check_claim(
        "each earlier token was proved first, and is restored",
        outcomes.get("restored") == Some(&UNDONE),
    )?;
    let mut working = 0_usize;
    for served in scene.api.lookup_tokens(&ids).await? {
        let was = before.iter().find(|it| it.asset_id == served.asset_id);
        let is_same = was.is_some_and(|it| it.access_token == served.access_token);
        let works = scene.probe_token(&served).await? == ProbeReply::Works;
        working = working.saturating_add(usize::from(is_same && works));
    }
    narrator.check_claim(
        "the tokens from before serve again and work",
        working == UNDONE,
    )
}

/// Asks whom to ask before the cut-offs.
pub(super) async fn plan_asks(narrator: &mut Narrator, scene: &Scene<'_>) -> anyhow::Result<()> {
    narrator.begin_step("Ask the planner who must log in before the cut-offs")?;
    let (plan, all) = (scene.api.plan_asks(60).await?, scene.assets.len());
    let [person] = plan.persons.as_slice() else {
        anyhow::bail!("the plan has {} persons, not one", plan.persons.len());
    };
    let name = person.name.as_deref().unwrap_or(&person.id);
    let claim =
        format!("{all} assets are at risk, and asking {name} alone is enough for all of them");
    let is_enough = plan.at_risk == all && plan.is_minimal && person.assets.count == all;
    narrator.check_claim(claim, is_enough && person.id == cast::PERSON)?;
    narrator.check_claim(
        "the plan says that the person needs another account: the managed one",
        person.needs_other_account == all,
    )
}

/// Turns a code of the managed account into a consent, and previews with it; returns the order of the reconnect.
pub(super) async fn preview_consent(
    narrator: &mut Narrator,
    scene: &Scene<'_>,
    ids: &[String],
) -> anyhow::Result<Value> {
    narrator.begin_step(
        "The managed account logs in: its code becomes a consent, and a preview shows what it would do",
    )?;
    let code = scene.control().mint_code(cast::MANAGED, cast::APP).await?;
    let consent = scene.api.give_consent(&code).await?;
    narrator.check_claim(
        "the code is exchanged and kept sealed: the tenant holds no token",
        consent.person.id == cast::MANAGED,
    )?;
    let refused = scene.api.give_consent(&code).await.is_err();
    narrator.check_claim("the same code is refused a second time", refused)?;
    let preview = scene
        .preview_assets(narrator, &consent.consent_id, ids)
        .await?;
    let (completed, all) = (scene.count_completed(), scene.assets.len());
    let waiting = all.saturating_sub(completed);
    let expected = [
        ("will_replace", completed),
        ("would_park", waiting),
        ("unknown", 1),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(it, n)| (it.to_owned(), n)).into();
    narrator.record_fact("preview", &preview.counts)?;
    let claim = format!(
        "asset by asset, streamed: {completed} would be replaced, {waiting} parked, 1 is unknown; nothing changed"
    );
    narrator.check_claim(claim, preview.counts == expected)?;
    let plan = preview.plan_id.context("the preview has no plan")?;
    Ok(json!({
        "consent_id": consent.consent_id, "plan_id": plan, "asset_ids": ids, "wait_seconds": 0,
    }))
}
