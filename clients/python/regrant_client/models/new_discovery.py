from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewDiscovery")


@_attrs_define
class NewDiscovery:
    """A token whose assets are to be discovered."""

    access_token: None | str | Unset = UNSET
    """ Token of a person or a system user. Give exactly one of `access_token` and `consent_id`. """
    consent_id: None | str | Unset = UNSET
    """ Consent of the caller. A reconnect that is accepted uses it up; a preview does not. """
    register: bool | Unset = UNSET
    """ Register the assets that are new and that the person granted to the app. Needs the scope `assets:write` too.
    """
    wait_seconds: int | Unset = 10
    """ How long the call waits for the end, in seconds. """

    def to_dict(self) -> dict[str, Any]:
        access_token: None | str | Unset
        if isinstance(self.access_token, Unset):
            access_token = UNSET
        else:
            access_token = self.access_token

        consent_id: None | str | Unset
        if isinstance(self.consent_id, Unset):
            consent_id = UNSET
        else:
            consent_id = self.consent_id

        register = self.register

        wait_seconds = self.wait_seconds

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if access_token is not UNSET:
            field_dict["access_token"] = access_token
        if consent_id is not UNSET:
            field_dict["consent_id"] = consent_id
        if register is not UNSET:
            field_dict["register"] = register
        if wait_seconds is not UNSET:
            field_dict["wait_seconds"] = wait_seconds

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_access_token(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        access_token = _parse_access_token(d.pop("access_token", UNSET))

        def _parse_consent_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        consent_id = _parse_consent_id(d.pop("consent_id", UNSET))

        register = d.pop("register", UNSET)

        wait_seconds = d.pop("wait_seconds", UNSET)

        new_discovery = cls(
            access_token=access_token,
            consent_id=consent_id,
            register=register,
            wait_seconds=wait_seconds,
        )

        return new_discovery
