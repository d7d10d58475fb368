//! The families: what an error means that no row knows. None is silent but for a limit and an outage.

use Codes::{Any, Between, In, Permission};
use RefusalKind::{NoRole, NotReached, TokenRefused, Unavailable, Unclassified};
use RowClass::{MissingScope, Refused, Throttled};
use When::{Always, Both, IsTransient, NamesPermission, Says, Status};

use super::{
    class::{Rests, Throttle},
    row::{Codes, ErrorRow, RowClass, When, row},
};
use crate::RefusalKind;

const LIMIT: RowClass = Throttled(Throttle {
    rests: Rests::Object,
    pause: None,
});
const ROLE: When = Says(&["role"]);
const OBJECT: When = Says(&["page", "object", "account", "business", "catalog"]);
const FORBIDDEN: When = Status(403, 403);

#[rustfmt::skip] // a table
pub(super) const ROWS: &[ErrorRow] = &[
    row(Any, Any, IsTransient, Refused(Unavailable), "Meta, Graph API error handling: is_transient"),
    row(Between(i64::MIN, -1), Any, Always, Refused(Unavailable), "Meta, Marketing API error reference: internal errors"),
    row(In(&[102, 190]), Any, Always, Refused(TokenRefused), "family of 190: the token is refused"),
    row(Between(80_000, 80_099), Any, Always, LIMIT, "family of 80000: limits of business use cases"),
    row(Between(3900, 3999), Any, Always, Refused(NotReached), "graph-facts §5.2: business manager"),

    row(Permission, Any, ROLE, Refused(NoRole), "family of 10 and 200: the text speaks of a role"),
    row(Permission, Any, OBJECT, Refused(NotReached), "family of 10 and 200: the text speaks of an object"),
    row(Permission, Any, Always, MissingScope, "family of 10 and 200"),

    row(Any, Any, Status(401, 401), Refused(TokenRefused), "HTTP 401"),
    row(Any, Any, Both(&FORBIDDEN, &NamesPermission), MissingScope, "HTTP 403: a permission is named"),
    row(Any, Any, Both(&FORBIDDEN, &ROLE), Refused(NoRole), "HTTP 403: the text speaks of a role"),
    row(Any, Any, Both(&FORBIDDEN, &OBJECT), Refused(NotReached), "HTTP 403: the text speaks of an object"),
    row(Any, Any, FORBIDDEN, MissingScope, "HTTP 403"),
    row(Any, Any, Status(404, 404), Refused(NotReached), "HTTP 404"),
    row(Any, Any, Status(429, 429), LIMIT, "HTTP 429"),
    row(In(&[100]), Any, Always, Refused(Unclassified), "family of 100: never an outage, whatever the HTTP status"),
    row(Any, Any, Status(500, 599), Refused(Unavailable), "HTTP 5xx"),
    row(Any, Any, Always, Refused(Unclassified), "no family"),
];
