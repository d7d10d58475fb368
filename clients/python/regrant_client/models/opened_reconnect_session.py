from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="OpenedReconnectSession")


@_attrs_define
class OpenedReconnectSession:
    """A reconnect session with its token, which no other response contains."""

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
    asset_ids: list[str]
    """ Assets of the session. """
    token: None | str | Unset = UNSET
    """ Access token, to be sent as `Authorization: Bearer …`; null if the call repeats the one that opened the
    session. """
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

        asset_ids = self.asset_ids

        token: None | str | Unset
        if isinstance(self.token, Unset):
            token = UNSET
        else:
            token = self.token

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
                "asset_ids": asset_ids,
            }
        )
        if token is not UNSET:
            field_dict["token"] = token

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

        asset_ids = cast(list[str], d.pop("asset_ids"))

        def _parse_token(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        token = _parse_token(d.pop("token", UNSET))

        opened_reconnect_session = cls(
            client_id=client_id,
            created_at=created_at,
            expires_at=expires_at,
            id=id,
            open_=open_,
            person_id=person_id,
            previews_left=previews_left,
            require_person=require_person,
            uses_left=uses_left,
            asset_ids=asset_ids,
            token=token,
        )

        opened_reconnect_session.additional_properties = d
        return opened_reconnect_session

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
