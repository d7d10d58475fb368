from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_kind import AssetKind, check_asset_kind

if TYPE_CHECKING:
    from ..models.reason import Reason


T = TypeVar("T", bound="UnreadList")


@_attrs_define
class UnreadList:
    """A list that was not read."""

    fbtrace_id: None | str
    """ Trace id of the Graph API, to quote to Meta. """
    kind: AssetKind
    path: str
    """ Path of the list at the Graph API. """
    reason: Reason
    """ Why something is in its state, and who must act. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        fbtrace_id: None | str
        fbtrace_id = self.fbtrace_id

        kind: str = self.kind

        path = self.path

        reason = self.reason.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "fbtrace_id": fbtrace_id,
                "kind": kind,
                "path": path,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_fbtrace_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fbtrace_id = _parse_fbtrace_id(d.pop("fbtrace_id"))

        kind = check_asset_kind(d.pop("kind"))

        path = d.pop("path")

        reason = Reason.from_dict(d.pop("reason"))

        unread_list = cls(
            fbtrace_id=fbtrace_id,
            kind=kind,
            path=path,
            reason=reason,
        )

        unread_list.additional_properties = d
        return unread_list

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
