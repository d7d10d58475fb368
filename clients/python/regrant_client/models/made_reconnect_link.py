from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.reconnect_link_summary_locale import ReconnectLinkSummaryLocale, check_reconnect_link_summary_locale
from ..models.reconnect_link_summary_status import ReconnectLinkSummaryStatus, check_reconnect_link_summary_status

T = TypeVar("T", bound="MadeReconnectLink")


@_attrs_define
class MadeReconnectLink:
    """A link with its address, which no other response contains."""

    asset_count: int
    """ Number of its assets. """
    client_id: str
    """ Client that made the link. """
    created_at: datetime.datetime
    """ When the link was made. """
    expires_at: datetime.datetime
    """ When the link ends or ended. """
    id: str
    """ Id of the link. """
    locale: ReconnectLinkSummaryLocale
    person_id: None | str
    require_person: bool
    """ Whether consents of other persons are refused. """
    return_url: None | str
    """ Page to which the person is led back at the end. """
    revoked_at: datetime.datetime | None
    """ When the tenant revoked it. """
    session_id: None | str
    """ Session in which the consent is used: reconnects and audit events name it. Null before that. """
    status: ReconnectLinkSummaryStatus
    used_at: datetime.datetime | None
    """ When a person first gave a consent with it. """
    asset_ids: list[str]
    """ Assets of the link. """
    url: None | str
    """ Address of its page, to be given to its person alone; null if the call repeats the one that made the link.
    """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_count = self.asset_count

        client_id = self.client_id

        created_at = self.created_at.isoformat()

        expires_at = self.expires_at.isoformat()

        id = self.id

        locale: str = self.locale

        person_id: None | str
        person_id = self.person_id

        require_person = self.require_person

        return_url: None | str
        return_url = self.return_url

        revoked_at: None | str
        if isinstance(self.revoked_at, datetime.datetime):
            revoked_at = self.revoked_at.isoformat()
        else:
            revoked_at = self.revoked_at

        session_id: None | str
        session_id = self.session_id

        status: str = self.status

        used_at: None | str
        if isinstance(self.used_at, datetime.datetime):
            used_at = self.used_at.isoformat()
        else:
            used_at = self.used_at

        asset_ids = self.asset_ids

        url: None | str
        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_count": asset_count,
                "client_id": client_id,
                "created_at": created_at,
                "expires_at": expires_at,
                "id": id,
                "locale": locale,
                "person_id": person_id,
                "require_person": require_person,
                "return_url": return_url,
                "revoked_at": revoked_at,
                "session_id": session_id,
                "status": status,
                "used_at": used_at,
                "asset_ids": asset_ids,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_count = d.pop("asset_count")

        client_id = d.pop("client_id")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        id = d.pop("id")

        locale = check_reconnect_link_summary_locale(d.pop("locale"))

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        require_person = d.pop("require_person")

        def _parse_return_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        return_url = _parse_return_url(d.pop("return_url"))

        def _parse_revoked_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                revoked_at_type_0 = datetime.datetime.fromisoformat(data)

                return revoked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        revoked_at = _parse_revoked_at(d.pop("revoked_at"))

        def _parse_session_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        session_id = _parse_session_id(d.pop("session_id"))

        status = check_reconnect_link_summary_status(d.pop("status"))

        def _parse_used_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                used_at_type_0 = datetime.datetime.fromisoformat(data)

                return used_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        used_at = _parse_used_at(d.pop("used_at"))

        asset_ids = cast(list[str], d.pop("asset_ids"))

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url"))

        made_reconnect_link = cls(
            asset_count=asset_count,
            client_id=client_id,
            created_at=created_at,
            expires_at=expires_at,
            id=id,
            locale=locale,
            person_id=person_id,
            require_person=require_person,
            return_url=return_url,
            revoked_at=revoked_at,
            session_id=session_id,
            status=status,
            used_at=used_at,
            asset_ids=asset_ids,
            url=url,
        )

        made_reconnect_link.additional_properties = d
        return made_reconnect_link

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
