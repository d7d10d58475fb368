from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.preview_item_coverage import PreviewItemCoverage, check_preview_item_coverage

if TYPE_CHECKING:
    from ..models.reason import Reason


T = TypeVar("T", bound="PreviewItem")


@_attrs_define
class PreviewItem:
    """The preview of one asset."""

    asset_id: str
    coverage: PreviewItemCoverage
    fbtrace_id: None | str
    """ Trace id of the Graph API, to quote to Meta. """
    reason: None | Reason
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.reason import Reason  # noqa: PLC0415

        asset_id = self.asset_id

        coverage: str = self.coverage

        fbtrace_id: None | str
        fbtrace_id = self.fbtrace_id

        reason: dict[str, Any] | None
        if isinstance(self.reason, Reason):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "coverage": coverage,
                "fbtrace_id": fbtrace_id,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        coverage = check_preview_item_coverage(d.pop("coverage"))

        def _parse_fbtrace_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fbtrace_id = _parse_fbtrace_id(d.pop("fbtrace_id"))

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

        preview_item = cls(
            asset_id=asset_id,
            coverage=coverage,
            fbtrace_id=fbtrace_id,
            reason=reason,
        )

        preview_item.additional_properties = d
        return preview_item

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
