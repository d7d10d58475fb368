//! Limits: what rests after each throttle, and how long.

use std::time::Duration;

use Codes::{Any, In};
use RowClass::Throttled;
use When::{About, Always, CalledBy, Says};

use super::{
    Caller,
    class::{Rests, Throttle},
    row::{Codes, ErrorRow, RowClass, When, row},
};
use crate::AssetKind;

const fn rest(rests: Rests) -> RowClass {
    Throttled(Throttle { rests, pause: None })
}

/// A block by policy: Graph does not say how long it lasts.
const BLOCK: RowClass = block(Rests::PersonOnObject);
/// The same where the app itself called.
const APP_BLOCK: RowClass = block(Rests::App);

const fn block(rests: Rests) -> RowClass {
    Throttled(Throttle {
        rests,
        pause: Some(Duration::from_hours(2)),
    })
}

#[rustfmt::skip] // a table
pub(super) const ROWS: &[ErrorRow] = &[
    row(In(&[4]), In(&[2_207_051]), Always, rest(Rests::Object), "Meta, Instagram error codes: the account is restricted"),
    row(In(&[4]), Any, Always, rest(Rests::App), "Meta, rate limiting: application limit, also 1504022 and 1504039"),
    row(In(&[341]), Any, Always, rest(Rests::App), "Meta, Graph API error handling"),
    row(In(&[17]), In(&[2_446_079]), Always, rest(Rests::Object),
        "Meta, Marketing API rate limiting: per ad account; facebook-python-business-sdk #333"),
    row(In(&[17]), Any, CalledBy(&[Caller::App]), rest(Rests::App), "the app's own token has no user"),
    row(In(&[17]), Any, Always, rest(Rests::Person), "Meta, Graph API error handling: limit of the user"),
    row(In(&[32]), Any, Always, rest(Rests::Object), "Meta, rate limiting: limit of the page"),
    row(In(&[613]), In(&[1_487_742]), Always, rest(Rests::Object), "Meta, Marketing API rate limiting: per ad account"),
    row(In(&[613]), Any, Says(&["from this ad-account", "from this ad account"]),
        rest(Rests::Object), "Meta, Marketing API rate limiting: the text of 1487742"),
    row(In(&[613]), Any, About(&[AssetKind::AdAccount]), rest(Rests::Object), "graph-facts §5.2, also 613/1996"),
    row(In(&[613]), Any, CalledBy(&[Caller::App]), rest(Rests::App), "the app's own token has no user"),
    row(In(&[613]), Any, Always, rest(Rests::Person), "graph-facts §5.2"),
    row(In(&[9]), In(&[2_207_042]), Always, rest(Rests::PersonOnObject), "Meta, Instagram error codes: posts a day"),
    row(In(&[368]), Any, CalledBy(&[Caller::App]), APP_BLOCK, "the app's own token has no user"),
    row(In(&[368]), Any, Always, BLOCK, "graph-facts §5.2: blocked for violations of policy"),
    row(In(&[80_000, 80_003, 80_004]), Any, Always, rest(Rests::Object), "Meta, rate limiting: ad account"),
    row(In(&[80_001, 80_005]), Any, Always, rest(Rests::Object), "Meta, rate limiting: page"),
    row(In(&[80_002]), Any, Always, rest(Rests::Object), "Meta, rate limiting: Instagram account"),
    row(In(&[80_006, 80_007, 80_008]), Any, Always, rest(Rests::Object),
        "Meta, rate limiting and WhatsApp error codes: page or WhatsApp Business account"),
    row(In(&[80_009, 80_014]), Any, Always, rest(Rests::Object), "Meta, rate limiting: catalog"),
    row(In(&[130_429, 131_048, 131_056, 133_016]), Any, Always, rest(Rests::Object), "Meta, WhatsApp error codes"),
];
