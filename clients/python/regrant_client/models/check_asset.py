from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="CheckAsset")


@_attrs_define
class CheckAsset:
    """How long to wait for the check of one asset."""

    wait_seconds: int | Unset = 10
    """ How long the call waits for the result, in seconds. """

    def to_dict(self) -> dict[str, Any]:
        wait_seconds = self.wait_seconds

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if wait_seconds is not UNSET:
            field_dict["wait_seconds"] = wait_seconds

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        wait_seconds = d.pop("wait_seconds", UNSET)

        check_asset = cls(
            wait_seconds=wait_seconds,
        )

        return check_asset
