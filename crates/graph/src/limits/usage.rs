//! Usage headers: how much of a limit is used, and when a blocked scope may be called again.
//!
//! The rule: an absent number is not zero, and units differ: minutes in the business header, seconds
//! in the ad account header. A scope is paused from 95 % of its limit on.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{call::wire, limits::scopes::UseCase};

/// A limit that one header reports as used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExhaustedLimit {
    pub(crate) owner: LimitOwner,
    /// After which time calls are accepted again, where the header says so.
    pub(crate) retry_after: Option<Duration>,
}

/// Whose limit a header reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LimitOwner {
    App,
    /// One use case of the business or object with this id.
    UseCase(String, UseCase),
    /// The object that the call was about.
    CallTarget,
}

/// The limits that one header reports as used up; empty for most headers.
pub(crate) fn parse_usage_header(name: &str, value: &str) -> Vec<ExhaustedLimit> {
    match name.to_ascii_lowercase().as_str() {
        "x-app-usage" => read_platform_usage(value, LimitOwner::App),
        "x-page-usage" => read_platform_usage(value, LimitOwner::CallTarget),
        "x-ad-account-usage" => read_ad_account_usage(value),
        "x-business-use-case-usage" => read_use_case_usage(value),
        _ => Vec::new(),
    }
}

const FULL_PERCENT: f64 = 95.0;

#[derive(Deserialize)]
struct PlatformUsage {
    #[serde(default, deserialize_with = "wire::parse_number")]
    call_count: Option<f64>,
    #[serde(default, deserialize_with = "wire::parse_number")]
    total_cputime: Option<f64>,
    #[serde(default, deserialize_with = "wire::parse_number")]
    total_time: Option<f64>,
}

impl PlatformUsage {
    fn is_full(&self) -> bool {
        [self.call_count, self.total_cputime, self.total_time]
            .into_iter()
            .any(is_full)
    }
}

#[derive(Deserialize)]
struct AdAccountUsage {
    #[serde(default, deserialize_with = "wire::parse_number")]
    acc_id_util_pct: Option<f64>,
    #[serde(default, deserialize_with = "wire::parse_number")]
    reset_time_duration: Option<f64>,
}

#[derive(Deserialize)]
struct UseCaseUsage {
    #[serde(default, rename = "type", deserialize_with = "wire::parse_text")]
    kind: Option<String>,
    #[serde(flatten)]
    usage: PlatformUsage,
    #[serde(default, deserialize_with = "wire::parse_number")]
    estimated_time_to_regain_access: Option<f64>,
}

/// The use cases of one business or object.
#[derive(Deserialize)]
struct UseCases(#[serde(deserialize_with = "wire::parse_items")] Vec<UseCaseUsage>);

fn read_platform_usage(value: &str, whose: LimitOwner) -> Vec<ExhaustedLimit> {
    let usage = parse_json::<PlatformUsage>(value).filter(PlatformUsage::is_full);
    usage
        .map(|_| ExhaustedLimit {
            owner: whose,
            retry_after: None,
        })
        .into_iter()
        .collect()
}

fn read_ad_account_usage(value: &str) -> Vec<ExhaustedLimit> {
    let usage = parse_json::<AdAccountUsage>(value).filter(|it| is_full(it.acc_id_util_pct));
    let spent = usage.map(|it| ExhaustedLimit {
        owner: LimitOwner::CallTarget,
        retry_after: duration_of_units(it.reset_time_duration, 1.0),
    });
    spent.into_iter().collect()
}

fn read_use_case_usage(value: &str) -> Vec<ExhaustedLimit> {
    let usage: HashMap<String, UseCases> = parse_json(value).unwrap_or_default();
    let limits = usage.iter().flat_map(|(id, UseCases(cases))| {
        cases.iter().filter_map(|it| to_exhausted_use_case(id, it))
    });
    limits.collect()
}

/// The limit of one use case, if it is full or says when calls are accepted again. One that no probe uses, or whose
/// type is unknown, pauses nothing.
fn to_exhausted_use_case(id: &str, case: &UseCaseUsage) -> Option<ExhaustedLimit> {
    let use_case = UseCase::from_header(case.kind.as_deref()?)?;
    let retry_after = duration_of_units(case.estimated_time_to_regain_access, 60.0);
    (case.usage.is_full() || retry_after.is_some()).then(|| ExhaustedLimit {
        owner: LimitOwner::UseCase(id.to_owned(), use_case),
        retry_after,
    })
}

fn is_full(percent: Option<f64>) -> bool {
    percent.is_some_and(|it| it >= FULL_PERCENT)
}

fn duration_of_units(units: Option<f64>, seconds: f64) -> Option<Duration> {
    units
        .filter(|it| *it > 0.0)
        .and_then(|it| Duration::try_from_secs_f64(it * seconds).ok())
}

fn parse_json<T: DeserializeOwned>(value: &str) -> Option<T> {
    serde_json::from_str(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn use_case(id: &str, use_case: UseCase, regain: Option<u64>) -> Vec<ExhaustedLimit> {
        vec![ExhaustedLimit {
            owner: LimitOwner::UseCase(id.to_owned(), use_case),
            retry_after: regain.map(Duration::from_secs),
        }]
    }

    #[test]
    fn an_app_is_full_from_95_percent_of_any_measure() {
        assert!(
            parse_usage_header(
                "X-App-Usage",
                r#"{"call_count":94,"total_cputime":3,"total_time":94.9}"#
            )
            .is_empty()
        );
        let full = parse_usage_header(
            "X-App-Usage",
            r#"{"call_count":2,"total_cputime":95,"total_time":3}"#,
        );
        assert_eq!(
            full,
            [ExhaustedLimit {
                owner: LimitOwner::App,
                retry_after: None
            }]
        );
    }

    #[test]
    fn the_business_header_counts_minutes() {
        let header = r#"{"42":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":3}]}"#;
        assert_eq!(
            parse_usage_header("x-business-use-case-usage", header),
            use_case("42", UseCase::AdsManagement, Some(180))
        );
        let nearly =
            r#"{"42":[{"type":"pages","call_count":97.5,"estimated_time_to_regain_access":0}]}"#;
        assert_eq!(
            parse_usage_header("x-business-use-case-usage", nearly),
            use_case("42", UseCase::Pages, None)
        );
    }

    #[test]
    fn the_ad_account_header_counts_seconds() {
        let header = r#"{"acc_id_util_pct":99.67,"reset_time_duration":90,"ads_api_access_tier":"standard_access"}"#;
        let rests = [ExhaustedLimit {
            owner: LimitOwner::CallTarget,
            retry_after: Some(Duration::from_secs(90)),
        }];
        assert_eq!(parse_usage_header("X-Ad-Account-Usage", header), rests);
        assert!(
            parse_usage_header(
                "X-Ad-Account-Usage",
                r#"{"acc_id_util_pct":9.67,"reset_time_duration":90}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn use_cases_that_probes_do_not_use_pause_nothing() {
        let header = r#"{"42":[{"type":"ads_insights","call_count":100,"estimated_time_to_regain_access":9}]}"#;
        assert!(parse_usage_header("x-business-use-case-usage", header).is_empty());
    }

    #[test]
    fn each_use_case_of_a_business_has_a_limit_of_its_own() {
        let header = r#"{"42":[{"type":"ads_insights","call_count":100,"estimated_time_to_regain_access":90},
            {"type":"instagram","call_count":100,"estimated_time_to_regain_access":2},
            {"type":"pages","call_count":1,"estimated_time_to_regain_access":0},
            {"call_count":100,"estimated_time_to_regain_access":9}]}"#;
        assert_eq!(
            parse_usage_header("x-business-use-case-usage", header),
            use_case("42", UseCase::Instagram, Some(120))
        );
    }

    #[test]
    fn nonsense_hides_no_other_limit() {
        let case = r#"{"type":"pages","call_count":97}"#;
        for header in [
            format!(r#"{{"7":1,"42":[{case}]}}"#),
            format!(r#"{{"42":[7,{case}],"7":{{"0":{case}}}}}"#),
        ] {
            assert_eq!(
                parse_usage_header("x-business-use-case-usage", &header),
                use_case("42", UseCase::Pages, None),
                "{header}"
            );
        }
    }

    #[test]
    fn nonsense_pauses_nothing() {
        for value in [
            "",
            "{}",
            "[]",
            "true",
            r#"{"42":1}"#,
            r#"{"call_count":"x"}"#,
        ] {
            for name in [
                "X-App-Usage",
                "X-Page-Usage",
                "X-Ad-Account-Usage",
                "X-Business-Use-Case-Usage",
                "Other",
            ] {
                assert!(
                    parse_usage_header(name, value).is_empty(),
                    "{name}: {value}"
                );
            }
        }
    }
}
