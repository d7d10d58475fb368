//! Every row of the table of errors, with the texts of Graph.

use RefusalKind as Kind;

use super::*;

/// code[/subcode] | message | class
const ROWS: &str = r#"
1 | An unknown error occurred | Unavailable
1/99 | Please reduce the amount of data you're asking for, then retry your request | Unavailable
1/2853001 | The profile is not linked to a delegate page | NotReached
1 | Error validating client secret. | AppFault
2 | Service temporarily unavailable | Unavailable
3 | Application does not have the capability to make this API call. | AppFault
10 | (#10) This endpoint requires the 'pages_show_list' permission | MissingScope(["pages_show_list"])
10 | Cannot call API for app 1 on behalf of user 2 | TokenDead
21 | Page ID 11 was migrated to page ID 222. Please update your API calls to the new ID | PageMoved(Some("222"))
100/21 | (#21) Page ID 11 was migrated to page ID 222. | PageMoved(Some("222"))
100/21 | moved | PageMoved(None)
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
190/493 | user hasn't engaged the app in longer than 90 days | DataAccessExpired
190/2069032 | User access token is not supported; a page access token is required | RequestFault
190/4711 | | Unclassified
190 | (#190) Any of the pages_read_engagement, pages_manage_metadata permission(s) must be granted before impersonating a user's page. | MissingScope(["pages_read_engagement", "pages_manage_metadata"])
190 | Error validating application. Application has been deleted. | AppFault
190 | Cannot get application info due to a system error. | AppFault
200 | (#200) Requires business_management permission to manage the object | MissingScope(["business_management"])
200 | (#200) Ad account owner has NOT grant ads_management or ads_read permission | NotReached
200 | API access blocked. | AppFault
200 | API access deactivated. To reactivate, go to the app dashboard | AppFault
200 | Cannot call API for app 1 on behalf of user 2 | TokenDead
200/2069030 | This endpoint is not supported in the new Pages experience | RequestFault
200/2069031 | | RequestFault
200/2069033 | | RequestFault
270 | This Ads API request is not allowed for apps with development access level | AppFault
299 | | MissingScope([])
415 | Two factor authentication is required | TwoFactorRequired
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
"#;

/// code[/subcode] | whom it pauses
const THROTTLES: &str = "
4 | App
341 | App
17 | Person
17/2446079 | Person
613 | Person
613/1996 | Person
32 | Page
368 | Blocked
80000/2446079 | Object
80001 | Object
80002 | Object
80003/2446079 | Object
80004/2446079 | Object
80005 | Object
80006 | Object
80008 | Object
80009 | Object
80014 | Object
";

fn error(code: &str, message: &str) -> GraphError {
    let (code, subcode) = code
        .split_once('/')
        .map_or((code, None), |(code, sub)| (code, Some(sub)));
    GraphError {
        kind: "OAuthException".to_owned(),
        message: message.to_owned(),
        code: code.parse().ok(),
        subcode: subcode.map(|it| it.parse().unwrap()),
        ..GraphError::default()
    }
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|it| !it.is_empty());
    lines.map(|line| line.split('|').map(str::trim).collect())
}

#[test]
fn every_row_of_the_table_has_its_class() {
    for row in rows(ROWS) {
        let class = classify_error(&error(row[0], row[1]), 400);
        assert_eq!(
            format!("{class:?}"),
            format!("Refused({})", row[2]),
            "{row:?}"
        );
    }
}

#[test]
fn every_throttle_names_whom_it_pauses() {
    for row in rows(THROTTLES) {
        let class = classify_error(&error(row[0], "There have been too many calls"), 403);
        assert_eq!(
            format!("{class:?}"),
            format!("Throttled({})", row[1]),
            "{row:?}"
        );
    }
}

#[test]
fn the_status_decides_only_what_no_table_knows() {
    let no_code = GraphError::default();
    assert_eq!(
        classify_error(&no_code, 503),
        ErrorClass::Refused(Kind::Unavailable)
    );
    assert_eq!(
        classify_error(&no_code, 429),
        ErrorClass::Throttled(Limit::Person)
    );
    assert_eq!(
        classify_error(&no_code, 400),
        ErrorClass::Refused(Kind::Unclassified)
    );
    assert_eq!(
        classify_error(&error("424242", ""), 500),
        ErrorClass::Refused(Kind::Unavailable)
    );
    assert_eq!(
        classify_error(&error("100", "odd"), 500),
        ErrorClass::Refused(Kind::Unclassified)
    );
    assert_eq!(
        classify_error(&error("190/463", ""), 500),
        ErrorClass::Refused(Kind::TokenDead)
    );
    let ids = error("100", "The ids query parameter is deprecated in v26.0+");
    assert_eq!(
        classify_error(&ids, 500),
        ErrorClass::Refused(Kind::RequestFault)
    );
}

#[test]
fn transient_is_believed_unless_the_code_is_known() {
    let transient = |code| GraphError {
        is_transient: true,
        ..error(code, "")
    };
    assert_eq!(
        classify_error(&transient("424242"), 400),
        ErrorClass::Refused(Kind::Unavailable)
    );
    assert_eq!(
        classify_error(&transient("100"), 400),
        ErrorClass::Refused(Kind::Unavailable)
    );
    assert_eq!(
        classify_error(&transient("190"), 400),
        ErrorClass::Refused(Kind::TokenDead)
    );
    assert_eq!(
        classify_error(&transient("190/459"), 400),
        ErrorClass::Refused(Kind::Checkpoint)
    );
}

#[test]
fn a_batch_that_graph_rejects_is_our_fault() {
    let kind = "GraphBatchException".to_owned();
    let message = "Too many requests in batch message. Maximum batch size is 50".to_owned();
    let error = GraphError {
        kind,
        message,
        ..GraphError::default()
    };
    assert_eq!(
        classify_error(&error, 400),
        ErrorClass::Refused(Kind::RequestFault)
    );
}
