from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.object_condition_code import ObjectConditionCode, check_object_condition_code

T = TypeVar("T", bound="ObjectCondition")


@_attrs_define
class ObjectCondition:
    """What Graph says of the object itself, beside access to it."""

    code: ObjectConditionCode
    detail: str
    """ The condition in one sentence. """
    observed_at: datetime.datetime
    """ When Graph last said so. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code: str = self.code

        detail = self.detail

        observed_at = self.observed_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "detail": detail,
                "observed_at": observed_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = check_object_condition_code(d.pop("code"))

        detail = d.pop("detail")

        observed_at = datetime.datetime.fromisoformat(d.pop("observed_at"))

        object_condition = cls(
            code=code,
            detail=detail,
            observed_at=observed_at,
        )

        object_condition.additional_properties = d
        return object_condition

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
