from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ReconnectSessionSummary")


@_attrs_define
class ReconnectSessionSummary:
    """A reconnect session without its assets."""

    client_id: str
    """ Client that opened the session. """
    created_at: datetime.datetime
    """ When the session was opened. """
    expires_at: datetime.datetime
    """ When the session ends or ended. """
    id: str
    """ Id of the session. """
    open_: bool
    """ Whether the session can still be used. """
    person_id: None | str
    previews_left: int
    """ Number of previews that the session may still run. """
    require_person: bool
    """ Whether tokens of other persons are refused. """
    uses_left: int
    """ Number of reconnects that the session may still start. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        client_id = self.client_id

        created_at = self.created_at.isoformat()

        expires_at = self.expires_at.isoformat()

        id = self.id

        open_ = self.open_

        person_id: None | str
        person_id = self.person_id

        previews_left = self.previews_left

        require_person = self.require_person

        uses_left = self.uses_left

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "client_id": client_id,
                "created_at": created_at,
                "expires_at": expires_at,
                "id": id,
                "open": open_,
                "person_id": person_id,
                "previews_left": previews_left,
                "require_person": require_person,
                "uses_left": uses_left,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        client_id = d.pop("client_id")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        id = d.pop("id")

        open_ = d.pop("open")

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        previews_left = d.pop("previews_left")

        require_person = d.pop("require_person")

        uses_left = d.pop("uses_left")

        reconnect_session_summary = cls(
            client_id=client_id,
            created_at=created_at,
            expires_at=expires_at,
            id=id,
            open_=open_,
            person_id=person_id,
            previews_left=previews_left,
            require_person=require_person,
            uses_left=uses_left,
        )

        reconnect_session_summary.additional_properties = d
        return reconnect_session_summary

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
