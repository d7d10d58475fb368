use super::*;

fn cut_off(at: i64, source: CutOffSource, learned_at: i64) -> CutOff {
    let day = |n| chrono::DateTime::UNIX_EPOCH + chrono::Duration::days(n);
    CutOff {
        at: day(at),
        source,
        learned_at: day(learned_at),
    }
}

#[test]
fn the_later_notice_wins_whatever_its_date() {
    let announced = |at, learned_at| cut_off(at, CutOffSource::Webhook, learned_at);
    assert!(is_newer_cut_off(None, announced(30, 1)));
    assert!(
        is_newer_cut_off(Some(announced(30, 1)), announced(60, 2)),
        "a later notice extends the date"
    );
    assert!(
        is_newer_cut_off(Some(announced(60, 1)), announced(30, 2)),
        "a later notice shortens the date"
    );
    assert!(
        !is_newer_cut_off(Some(announced(60, 2)), announced(30, 1)),
        "an older notice arrives late"
    );
    assert!(
        !is_newer_cut_off(Some(cut_off(60, CutOffSource::Probe, 2)), announced(30, 1)),
        "a newer probe result is kept"
    );
    assert!(is_newer_cut_off(
        Some(cut_off(60, CutOffSource::Probe, 1)),
        announced(30, 2)
    ));
    assert!(
        !is_newer_cut_off(Some(cut_off(30, CutOffSource::Probe, 1)), announced(30, 2)),
        "an equal date keeps the probe as its source"
    );
}
