//! Every row of the table, with the texts of Graph, and a grid of all combinations.

use std::collections::BTreeSet;

use super::*;
use crate::{AssetKind, Certainty};

/// code[/subcode] | message | class
const ROWS: &str = r#"
1 | An unknown error occurred | Unavailable
1/99 | Please reduce the amount of data you're asking for, then retry your request | Unavailable
1/2853001 | The profile is not linked to a delegate page | NotReached
1 | (#1) The profile is not linked to a delegate page | NotReached
1 | Error validating client secret. | AppFault
2 | Service temporarily unavailable | Unavailable
3 | Application does not have the capability to make this API call. | AppFault
10 | (#10) This endpoint requires the 'pages_show_list' permission | MissingScope(["pages_show_list"])
10 | Cannot call API for app 1 on behalf of user 2 | TokenRefused
21 | Page ID 11 was migrated to page ID 222. Please update your API calls to the new ID | PageMoved(Some("222"))
100/21 | (#21) Page ID 11 was migrated to page ID 222. | PageMoved(Some("222"))
100/21 | moved | PageMoved(None)
100 | (#21) Page ID 11 was migrated to page ID 222. Please update your API calls to the new ID | PageMoved(Some("222"))
100/33 | Unsupported get request. Object with ID '1' does not exist, cannot be loaded due to missing permissions, or does not support this operation | NotReached
100/33 | | NotReached
100 | (#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does not support this operation. This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature | NotReached
100 | (#100) Missing permissions | MissingScope([])
100 | Invalid appsecret_proof provided in the API argument | AppFault
100 | API calls from the server require an appsecret_proof argument | AppFault
100 | (#100) Tried accessing nonexisting field (user_access_expire_time) on node type (IGUser) | RequestFault
100 | The ids query parameter is deprecated in v26.0+ | RequestFault
100 | (#100) Too many IDs. Maximum: 50. Provided: 54. | RequestFault
100 | Error validating client secret. | AppFault
100 | Invalid parameter | Unclassified
101 | Error validating application. Cannot get application info due to a system error. | AppFault
101 | Error validating client secret. | AppFault
102 | Session key invalid or no longer valid | TokenDead
102/459 | | Checkpoint
104 | Incorrect signature | AppFault
190 | Invalid OAuth access token. | TokenDead
190/452 | | TokenDead
190/456 | | TokenDead
190/457 | | TokenDead
190/458 | The user has not authorized application 1. | TokenDead
190/459 | You cannot access the app till you log in to www.facebook.com and follow the instructions given. | Checkpoint
190/460 | The session has been invalidated because the user changed their password | TokenDead
190/461 | | TokenDead
190/462 | | TokenDead
190/463 | Session has expired on Tuesday | TokenDead
190/464 | Sessions for the user are not allowed because the user is not a confirmed user. | Unconfirmed
190/465 | | TokenDead
190/466 | | TokenDead
190/467 | The session is invalid because the user logged out. | TokenDead
190/468 | | TokenDead
190/483 | | ConsentRequired
190/492 | The user must be an administrator, editor, or moderator of the page | NoRole
190/492 | The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the page business requires Two Factor Authentication, the user also needs to enable Two Factor Authentication. | NoRole
190 | The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the page business requires Two Factor Authentication, the user also needs to enable Two Factor Authentication. | NoRole
10 | (#10) The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the page business requires Two Factor Authentication, the user also needs to enable Two Factor Authentication. | NoRole
190 | The user must be an administrator of the page in order to impersonate it. | NoRole
190 | Invalid Session: the user associated with the Page access token does not have an appropriate role on the Page. | NoRole
190 | Error validating access token: You cannot access the app till you log in to www.facebook.com and follow the instructions given. | Checkpoint
190 | You cannot access the app till you log in to www.instagram.com and follow the instructions given. | Checkpoint
190 | Error validating access token: The user is enrolled in a blocking, logged-in checkpoint | Checkpoint
190 | Error validating access token: Sessions for the user are not allowed because the user is not a confirmed user. | Unconfirmed
190 | Error validating access token: The user hasn't engaged the app in longer than 90 days | DataAccessExpired
190 | Error validating access token: Session does not match current stored session. This may be because the user changed the password since the time the session was created or Facebook has changed the session for security reasons. | TokenDead
190/459 | If the page business requires Two Factor Authentication, the user also needs to enable Two Factor Authentication. | Checkpoint
190 | A Page access token is required for this call for the new Pages experience. | RequestFault
190/493 | user hasn't engaged the app in longer than 90 days | DataAccessExpired
190/2069032 | User access token is not supported; a page access token is required | RequestFault
190/4711 | | TokenRefused
190 | (#190) Any of the pages_read_engagement, pages_manage_metadata permission(s) must be granted before impersonating a user's page. | MissingScope(["pages_read_engagement", "pages_manage_metadata"])
190 | Error validating application. Application has been deleted. | AppFault
190 | Cannot get application info due to a system error. | AppFault
200 | (#200) Requires business_management permission to manage the object | MissingScope(["business_management"])
200 | (#200) Ad account owner has NOT grant ads_management or ads_read permission | NotReached
200 | API access blocked. | AppFault
200 | API access deactivated. To reactivate, go to the app dashboard | AppFault
200 | Cannot call API for app 1 on behalf of user 2 | TokenRefused
200/2069030 | This endpoint is not supported in the new Pages experience | RequestFault
200 | (#200) This endpoint is not supported in the new Pages experience | RequestFault
100 | (#100) This endpoint is not supported in the new Pages experience | RequestFault
200/2069031 | | RequestFault
200/2069033 | | RequestFault
270 | This Ads API request is not allowed for apps with development access level | AppFault
299 | | MissingScope([])
415 | Two factor authentication is required | TwoFactorRequired
415/2859009 | Two factor authentication required. User have to enter a code from SMS or TOTP code generator to pass 2fac. This could happen when accessing a 2fac-protected asset like a page that is owned by a 2fac-protected business manager. | TwoFactorRequired
459 | | Checkpoint
460 | | TokenDead
463 | | TokenDead
467 | | TokenDead
506 | Duplicate status message | RequestFault
803 | Some of the aliases you requested do not exist: X | NotReached
960 | Request aborted. This could happen if a dependent request failed or the entire request timed out | Unavailable
2500 | An active access token must be used to query information about the current user. | RequestFault
2635 | You are calling a deprecated version of the Ads API | RequestFault
3919 | There was an unexpected technical issue. | NotReached
3950 | | NotReached
424242 | brand new | Unclassified
-1 | | Unavailable
-1/2207001 | Instagram server error. Try again. | Unavailable
-2/1504018 | The request timed out | Unavailable
-3 | an internal error | Unavailable
0 | AuthException | TokenDead
5 | (#5) Unauthorized source IP address | AppFault
10 | (#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature. Refer to https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details. | NotReached
10 | (#10) To use 'Page Public Metadata Access', your use of this endpoint must be reviewed | NotReached
10 | (#10) Application does not have permission for this action | MissingScope([])
10 | (#10) Requires ads_read, see https://developers.facebook.com/docs/pages_api#reference-pages_access | MissingScope(["ads_read"])
10 | Cannot call API on behalf of this user | AppRestricted
25/2207050 | The account is restricted | Checkpoint
25 | The Instagram account is restricted. | Checkpoint
33 | Parameter value is not valid | NotReached
100 | (#100) The App_id in the input_token did not match the Viewing App | TokenRefused
100 | (#100) You must provide an app access token, or a user access token that is an owner or developer of the app | RequestFault
100 | Unsupported get request. | NotReached
102/4711 | | TokenRefused
102 | Error validating access token: the session has expired | TokenDead
190/490 | Error validating access token: The user is enrolled in a blocking, logged-in checkpoint | Checkpoint
190/4711 | Error validating access token: The user is enrolled in a blocking, logged-in checkpoint | Checkpoint
190/4711 | Error validating access token: Session has expired on Tuesday | TokenDead
190 | (#190) This method must be called with a Page Access Token | RequestFault
200 | Cannot call API on behalf of this user | AppRestricted
200 | (#200) Access to this data is temporarily disabled for non-active apps or apps that have not recently accessed this data | AppRestricted
200 | (#200) This app is not available in the country of this user | AppRestricted
200 | API access disrupted. Go to the App Dashboard and complete Data Use Checkup. | AppFault
200 | (#200) The 'pages_show_list' permission or the 'Page Public Content Access' feature is required | NotReached
200 | (#200) The user has no role there | NoRole
200 | (#200) You cannot see this page | NotReached
200 | (#200) Two-factor authentication is required by the business | TwoFactorRequired
210 | (#210) A page access token is required to request this resource. | RequestFault
273 | (#273) This Ads API call requires the user to be admin of the ad account. User 1 is not admin of ad account 2 | NoRole
283 | (#283) Requires pages_read_engagement permission to manage the object | MissingScope(["pages_read_engagement"])
294 | (#294) Managing advertisements requires the extended permission ads_management | MissingScope(["ads_management"])
3999 | | NotReached
131005 | Access denied | MissingScope([])
131031 | Business account has been locked | AppRestricted
133004 | Server temporarily unavailable | Unavailable
"#;

/// code[/subcode] | kind of object or - | what rests
const THROTTLES: &str = "
4 | page | app
4/1504022 | ad_account | app
4/2207051 | instagram_account | object
341 | page | app
9/2207042 | instagram_account | person_on_object
17 | page | person
17/2446079 | ad_account | object
32 | page | object
368 | page | person_on_object
368/1390008 | page | person_on_object
613 | ad_account | object
613/1996 | ad_account | object
613/1487742 | - | object
613 | page | person
613 | - | person
80000/2446079 | ad_account | object
80001 | page | object
80002 | instagram_account | object
80003/2446079 | ad_account | object
80004/2446079 | ad_account | object
80005 | page | object
80006 | page | object
80007 | whatsapp_business_account | object
80008 | whatsapp_business_account | object
80009 | product_catalog | object
80014 | product_catalog | object
80050 | business | object
130429 | whatsapp_business_account | object
";

const PLAIN: GraphErrorFacts<'static> = GraphErrorFacts {
    code: None,
    subcode: None,
    kind: "OAuthException",
    http_status: 400,
    is_transient: false,
    message: "",
    object: None,
    caller: Caller::Person,
};

fn error<'a>(code: &str, message: &'a str) -> GraphErrorFacts<'a> {
    let (code, subcode) = code
        .split_once('/')
        .map_or((code, None), |(code, sub)| (code, Some(sub)));
    GraphErrorFacts {
        code: code.parse().ok(),
        subcode: subcode.map(|it| it.parse().unwrap()),
        message,
        ..PLAIN
    }
}

fn lines(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|it| !it.is_empty());
    lines.map(|line| line.split('|').map(str::trim).collect())
}

fn class_of(error: &GraphErrorFacts<'_>) -> String {
    match look_up_error(error).class {
        ErrorClass::Refused(kind) => format!("{kind:?}"),
        ErrorClass::Throttled(throttle) => format!("rests {}", throttle.rests),
    }
}

#[test]
fn every_text_of_the_table_has_its_class() {
    for row in lines(ROWS) {
        assert_eq!(class_of(&error(row[0], row[1])), row[2], "{row:?}");
    }
}

#[test]
fn every_throttle_names_what_rests() {
    for row in lines(THROTTLES) {
        let error = GraphErrorFacts {
            object: row[1].parse().ok(),
            http_status: 403,
            ..error(row[0], "There have been too many calls")
        };
        assert_eq!(class_of(&error), format!("rests {}", row[2]), "{row:?}");
    }
}

#[test]
fn the_limit_of_a_user_is_the_apps_where_the_app_calls() {
    let called = GraphErrorFacts {
        caller: Caller::App,
        ..error("17", "")
    };
    assert_eq!(class_of(&called), "rests app");
}

#[test]
fn only_a_block_by_policy_has_a_length_of_its_own() {
    let pause = |code| match look_up_error(&error(code, "")).class {
        ErrorClass::Throttled(throttle) => throttle.pause,
        ErrorClass::Refused(kind) => panic!("{kind:?}"),
    };
    assert_eq!(pause("368"), Some(std::time::Duration::from_hours(2)));
    for row in lines(THROTTLES).filter(|it| !it[0].starts_with("368")) {
        assert_eq!(pause(row[0]), None, "{row:?}");
    }
}

#[test]
fn the_text_of_an_ad_accounts_limit_rests_it_without_a_subcode() {
    let text = "There have been too many calls from this ad-account. Wait a bit and try again.";
    for object in [Some(AssetKind::Pixel), None] {
        let error = GraphErrorFacts {
            object,
            ..error("613", text)
        };
        assert_eq!(class_of(&error), "rests object", "{object:?}");
    }
}

#[test]
fn a_known_subcode_of_a_session_decides_before_every_text_of_a_token_or_an_object() {
    let tables = [token_rows::ROWS, object_rows::ROWS];
    let texts: Vec<_> = tables
        .into_iter()
        .flatten()
        .flat_map(|it| texts(&it.when))
        .collect();
    let is_session = |it: &&ErrorRow| matches!(it.code, Codes::In([102, 190]));
    let known = token_rows::ROWS.iter().filter(is_session);
    let subcodes = known.flat_map(|it| match it.subcode {
        Codes::In(subcodes) => subcodes,
        _ => &[],
    });
    for subcode in subcodes {
        let code = format!("190/{subcode}");
        let bare = class_of(&error(&code, ""));
        for text in &texts {
            assert_eq!(class_of(&error(&code, text)), bare, "{code}: {text}");
        }
    }
}

#[test]
fn the_status_decides_only_what_no_code_and_no_text_does() {
    let status = |error: GraphErrorFacts<'static>, http_status| {
        class_of(&GraphErrorFacts {
            http_status,
            ..error
        })
    };
    for (http_status, class) in [
        (400, "Unclassified"),
        (401, "TokenRefused"),
        (403, "MissingScope([])"),
        (404, "NotReached"),
        (429, "rests object"),
        (500, "Unavailable"),
        (503, "Unavailable"),
    ] {
        assert_eq!(status(PLAIN, http_status), class, "no code, {http_status}");
        let unknown = status(error("424242", ""), http_status);
        assert_eq!(unknown, class, "unknown code, {http_status}");
        for (known, own) in [("190/463", "TokenDead"), ("4", "rests app")] {
            assert_eq!(status(error(known, ""), http_status), own, "{known}");
        }
    }
    assert_eq!(status(error("100", "odd"), 500), "Unclassified");
    let ids = error("100", "The ids query parameter is deprecated in v26.0+");
    assert_eq!(status(ids, 500), "RequestFault");
    let role = error("424242", "The person has no role on the page");
    assert_eq!(status(role, 403), "NoRole");
    let page = error("424242", "This page is not yours");
    assert_eq!(status(page, 403), "NotReached");
    let named = error("424242", "Needs ads_read on the account");
    assert_eq!(status(named, 403), r#"MissingScope(["ads_read"])"#);
}

#[test]
fn transient_is_believed_unless_a_row_knows_the_error() {
    let transient = |code| {
        class_of(&GraphErrorFacts {
            is_transient: true,
            ..error(code, "")
        })
    };
    for code in ["424242", "100", "200", "190/4711"] {
        assert_eq!(transient(code), "Unavailable", "{code}");
    }
    assert_eq!(transient("190"), "TokenDead");
    assert_eq!(transient("190/459"), "Checkpoint");
    assert_eq!(transient("80004"), "rests object");
}

#[test]
fn a_batch_that_graph_rejects_is_our_fault() {
    let rejected = GraphErrorFacts {
        kind: "GraphBatchException",
        message: "batch",
        ..PLAIN
    };
    assert_eq!(class_of(&rejected), "RequestFault");
}

/// Errors that only their family decides.
const UNKNOWN: [&str; 8] = [
    "190/4711", "102/4711", "299", "3999", "80050", "424242", "-3", "100",
];

#[test]
fn an_error_that_only_its_family_decides_is_not_known() {
    for code in UNKNOWN {
        let meaning = look_up_error(&error(code, "brand new"));
        assert!(!meaning.is_known, "{code}: {meaning:?}");
    }
    for row in lines(ROWS).filter(|it| !UNKNOWN.contains(&it[0]) && !it[1].is_empty()) {
        let meaning = look_up_error(&error(row[0], row[1]));
        let is_family = ["(#200) The user has no role", "(#200) You cannot see"];
        let by_family = is_family.iter().any(|it| row[1].starts_with(it));
        assert_eq!(meaning.is_known, !by_family, "{row:?}: {meaning:?}");
    }
}

/// Every code and subcode that a row names, and unknown ones of every family.
fn numbers(of: impl Fn(&ErrorRow) -> Codes) -> BTreeSet<Option<i64>> {
    let rows = list_known_rows().chain(list_family_rows());
    let named = rows.flat_map(|row| match of(row) {
        Codes::In(numbers) => numbers.to_vec(),
        Codes::Between(first, last) => vec![first, first.midpoint(last), last],
        Codes::Permission => vec![10, 200, 255, 299],
        Codes::Any | Codes::Absent => Vec::new(),
    });
    let unknown = [0, 7, 199, 300, 4711, 80_100, 424_242, i64::MAX];
    named.chain(unknown).map(Some).chain([None]).collect()
}

/// A message for every text that a row looks for, and others.
fn messages() -> Vec<&'static str> {
    let rows = list_known_rows().chain(list_family_rows());
    let named = rows.flat_map(|row| texts(&row.when));
    named.chain(["", "brand new", "needs ads_read"]).collect()
}

/// The texts that a condition looks for.
fn texts(when: &When) -> Vec<&'static str> {
    match when {
        When::Says(texts) => texts.to_vec(),
        When::Both(one, other) => [texts(one), texts(other)].concat(),
        _ => Vec::new(),
    }
}

#[test]
fn every_combination_has_a_class_and_none_is_silent_without_a_reason() {
    let (codes, subcodes, messages) = (numbers(|it| it.code), numbers(|it| it.subcode), messages());
    let mut count = 0;
    for code in &codes {
        for subcode in &subcodes {
            for message in &messages {
                for http_status in [200, 400, 401, 403, 404, 429, 500, 503] {
                    let error = GraphErrorFacts {
                        code: *code,
                        subcode: *subcode,
                        http_status,
                        message,
                        ..PLAIN
                    };
                    check_meaning(&error);
                    count += 1;
                }
            }
        }
    }
    assert!(count > 200_000, "{count}");
}

#[test]
fn the_class_holds_for_every_object_caller_and_type() {
    let objects = AssetKind::ALL.map(Some).into_iter().chain([None]);
    for object in objects {
        for caller in Caller::ALL {
            for kind in [
                "OAuthException",
                "GraphMethodException",
                "IGApiException",
                "",
            ] {
                for is_transient in [false, true] {
                    for code in numbers(|it| it.code) {
                        let error = GraphErrorFacts {
                            code,
                            kind,
                            is_transient,
                            object,
                            caller,
                            ..PLAIN
                        };
                        check_meaning(&error);
                    }
                }
            }
        }
    }
}

/// A meaning names its source; a silent one is a limit, a fault of the app or an outage that Graph admits.
fn check_meaning(error: &GraphErrorFacts<'_>) {
    let meaning = look_up_error(error);
    assert!(!meaning.source.is_empty());
    let ErrorClass::Refused(kind) = meaning.class else {
        return;
    };
    if kind.certainty() != Certainty::Silent {
        return;
    }
    let admits = error.is_transient
        || error.http_status >= 500
        || error.code.is_some_and(|it| it < 0)
        || (meaning.is_known && kind == RefusalKind::Unavailable);
    assert!(
        admits || (meaning.is_known && kind == RefusalKind::AppFault),
        "{error:?} is silent"
    );
}

#[test]
fn every_row_names_its_source_and_compares_in_lower_case() {
    let rows = || list_known_rows().chain(list_family_rows());
    assert!(rows().all(|it| !it.source.is_empty()));
    let texts = rows().filter_map(|it| match it.when {
        When::Says(texts) => Some(texts),
        _ => None,
    });
    for text in texts.flatten() {
        assert_eq!(
            *text,
            text.to_lowercase(),
            "texts are compared in lower case"
        );
    }
}
