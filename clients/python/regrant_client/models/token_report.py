from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.token_report_kind_type_1 import TokenReportKindType1, check_token_report_kind_type_1
from ..models.token_report_kind_type_2_type_1 import TokenReportKindType2Type1, check_token_report_kind_type_2_type_1
from ..models.token_report_kind_type_3_type_1 import TokenReportKindType3Type1, check_token_report_kind_type_3_type_1

if TYPE_CHECKING:
    from ..models.granted_scope import GrantedScope
    from ..models.person import Person
    from ..models.reason import Reason
    from ..models.token_reach_refused import TokenReachRefused
    from ..models.token_reach_unknown_asset import TokenReachUnknownAsset
    from ..models.token_reach_works import TokenReachWorks


T = TypeVar("T", bound="TokenReport")


@_attrs_define
class TokenReport:
    """What the Graph API says about a token."""

    app_id: None | str
    assets: list[TokenReachRefused | TokenReachUnknownAsset | TokenReachWorks]
    """ One entry per distinct asset, in the order of the request. """
    data_access_expires_at: datetime.datetime | None
    """ When data access expires; null if it does not, or the Graph API did not say. """
    expires_at: datetime.datetime | None
    """ When the token expires; null if it does not, or the Graph API did not say. """
    is_short_lived: bool
    """ Whether it is a person's token that expires within a day. A reconnect exchanges such a token for a long-
    lived one. """
    issued_at: datetime.datetime | None
    """ When the token was issued; the Graph API does not say it of short-lived tokens. """
    kind: None | TokenReportKindType1 | TokenReportKindType2Type1 | TokenReportKindType3Type1
    page_id: None | str
    person: None | Person
    reason: None | Reason
    scopes: list[GrantedScope]
    """ Granted permissions, with the objects that they cover. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.person import Person  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415
        from ..models.token_reach_refused import TokenReachRefused  # noqa: PLC0415
        from ..models.token_reach_works import TokenReachWorks  # noqa: PLC0415

        app_id: None | str
        app_id = self.app_id

        assets = []
        for assets_item_data in self.assets:
            assets_item: dict[str, Any]
            if isinstance(assets_item_data, TokenReachWorks):
                assets_item = assets_item_data.to_dict()
            elif isinstance(assets_item_data, TokenReachRefused):
                assets_item = assets_item_data.to_dict()
            else:
                assets_item = assets_item_data.to_dict()

            assets.append(assets_item)

        data_access_expires_at: None | str
        if isinstance(self.data_access_expires_at, datetime.datetime):
            data_access_expires_at = self.data_access_expires_at.isoformat()
        else:
            data_access_expires_at = self.data_access_expires_at

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        is_short_lived = self.is_short_lived

        issued_at: None | str
        if isinstance(self.issued_at, datetime.datetime):
            issued_at = self.issued_at.isoformat()
        else:
            issued_at = self.issued_at

        kind: None | str
        if isinstance(self.kind, str):
            kind = self.kind
        elif isinstance(self.kind, str):
            kind = self.kind
        elif isinstance(self.kind, str):
            kind = self.kind
        else:
            kind = self.kind

        page_id: None | str
        page_id = self.page_id

        person: dict[str, Any] | None
        if isinstance(self.person, Person):
            person = self.person.to_dict()
        else:
            person = self.person

        reason: dict[str, Any] | None
        if isinstance(self.reason, Reason):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.to_dict()
            scopes.append(scopes_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "app_id": app_id,
                "assets": assets,
                "data_access_expires_at": data_access_expires_at,
                "expires_at": expires_at,
                "is_short_lived": is_short_lived,
                "issued_at": issued_at,
                "kind": kind,
                "page_id": page_id,
                "person": person,
                "reason": reason,
                "scopes": scopes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.granted_scope import GrantedScope  # noqa: PLC0415
        from ..models.person import Person  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415
        from ..models.token_reach_refused import TokenReachRefused  # noqa: PLC0415
        from ..models.token_reach_unknown_asset import TokenReachUnknownAsset  # noqa: PLC0415
        from ..models.token_reach_works import TokenReachWorks  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_app_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        app_id = _parse_app_id(d.pop("app_id"))

        assets = []
        _assets = d.pop("assets")
        for assets_item_data in _assets:

            def _parse_assets_item(data: object) -> TokenReachRefused | TokenReachUnknownAsset | TokenReachWorks:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_token_reach_type_0 = TokenReachWorks.from_dict(data)

                    return componentsschemas_token_reach_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_token_reach_type_1 = TokenReachRefused.from_dict(data)

                    return componentsschemas_token_reach_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_token_reach_type_2 = TokenReachUnknownAsset.from_dict(data)

                return componentsschemas_token_reach_type_2

            assets_item = _parse_assets_item(assets_item_data)

            assets.append(assets_item)

        def _parse_data_access_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                data_access_expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return data_access_expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        data_access_expires_at = _parse_data_access_expires_at(d.pop("data_access_expires_at"))

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        is_short_lived = d.pop("is_short_lived")

        def _parse_issued_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                issued_at_type_0 = datetime.datetime.fromisoformat(data)

                return issued_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        issued_at = _parse_issued_at(d.pop("issued_at"))

        def _parse_kind(
            data: object,
        ) -> None | TokenReportKindType1 | TokenReportKindType2Type1 | TokenReportKindType3Type1:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_type_1 = check_token_report_kind_type_1(data)

                return kind_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_type_2_type_1 = check_token_report_kind_type_2_type_1(data)

                return kind_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_type_3_type_1 = check_token_report_kind_type_3_type_1(data)

                return kind_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TokenReportKindType1 | TokenReportKindType2Type1 | TokenReportKindType3Type1, data)

        kind = _parse_kind(d.pop("kind"))

        def _parse_page_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        page_id = _parse_page_id(d.pop("page_id"))

        def _parse_person(data: object) -> None | Person:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                person_type_0 = Person.from_dict(data)

                return person_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Person, data)

        person = _parse_person(d.pop("person"))

        def _parse_reason(data: object) -> None | Reason:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reason_type_0 = Reason.from_dict(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Reason, data)

        reason = _parse_reason(d.pop("reason"))

        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in _scopes:
            scopes_item = GrantedScope.from_dict(scopes_item_data)

            scopes.append(scopes_item)

        token_report = cls(
            app_id=app_id,
            assets=assets,
            data_access_expires_at=data_access_expires_at,
            expires_at=expires_at,
            is_short_lived=is_short_lived,
            issued_at=issued_at,
            kind=kind,
            page_id=page_id,
            person=person,
            reason=reason,
            scopes=scopes,
        )

        token_report.additional_properties = d
        return token_report

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
