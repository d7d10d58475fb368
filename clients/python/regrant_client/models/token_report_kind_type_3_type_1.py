from typing import Literal

TokenReportKindType3Type1 = Literal["page", "system_user", "user", "workplace_app"]

TOKEN_REPORT_KIND_TYPE_3_TYPE_1_VALUES: set[TokenReportKindType3Type1] = {
    "page",
    "system_user",
    "user",
    "workplace_app",
}


def check_token_report_kind_type_3_type_1(value: str) -> TokenReportKindType3Type1:
    if value in TOKEN_REPORT_KIND_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_REPORT_KIND_TYPE_3_TYPE_1_VALUES!r}")
