from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="MadeCalendarFeed")


@_attrs_define
class MadeCalendarFeed:
    """A calendar feed with its address, which no other response contains."""

    business_id: None | str
    client_id: str
    """ Client that made the feed. The feed shows what this client may read. """
    created_at: datetime.datetime
    """ When it was made. """
    id: str
    """ Id of the feed. """
    name: None | str
    """ Name of the calendar. """
    person_id: None | str
    url: None | str
    """ Secret address to subscribe to; its holder can read the calendar. Null if the call repeats another one. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        business_id: None | str
        business_id = self.business_id

        client_id = self.client_id

        created_at = self.created_at.isoformat()

        id = self.id

        name: None | str
        name = self.name

        person_id: None | str
        person_id = self.person_id

        url: None | str
        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "business_id": business_id,
                "client_id": client_id,
                "created_at": created_at,
                "id": id,
                "name": name,
                "person_id": person_id,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_business_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        business_id = _parse_business_id(d.pop("business_id"))

        client_id = d.pop("client_id")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        id = d.pop("id")

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url"))

        made_calendar_feed = cls(
            business_id=business_id,
            client_id=client_id,
            created_at=created_at,
            id=id,
            name=name,
            person_id=person_id,
            url=url,
        )

        made_calendar_feed.additional_properties = d
        return made_calendar_feed

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
