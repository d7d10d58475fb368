from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="GrantedScope")


@_attrs_define
class GrantedScope:
    """A permission of a token."""

    is_ignored: bool
    """ Whether it has no effect: Meta ignores `user_…` permissions of managed accounts. """
    scope: str
    """ Name of the permission. """
    target_ids: list[str] | None
    """ Ids of the objects that it covers, ad accounts without `act_`; null for all objects. A hint: only `assets`
    says
    what the token reaches. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        is_ignored = self.is_ignored

        scope = self.scope

        target_ids: list[str] | None
        if isinstance(self.target_ids, list):
            target_ids = self.target_ids

        else:
            target_ids = self.target_ids

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "is_ignored": is_ignored,
                "scope": scope,
                "target_ids": target_ids,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        is_ignored = d.pop("is_ignored")

        scope = d.pop("scope")

        def _parse_target_ids(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                target_ids_type_0 = cast(list[str], data)

                return target_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        target_ids = _parse_target_ids(d.pop("target_ids"))

        granted_scope = cls(
            is_ignored=is_ignored,
            scope=scope,
            target_ids=target_ids,
        )

        granted_scope.additional_properties = d
        return granted_scope

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
