from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.credential_kind import CredentialKind, check_credential_kind
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewAsset")


@_attrs_define
class NewAsset:
    """An asset to register."""

    id: str
    kind: AssetKind
    business_id: None | str | Unset = UNSET
    name: None | str | Unset = UNSET
    """ Display name. """
    token: None | str | Unset = UNSET
    """ Token that serves the asset. It is sealed at once; the asset is `unproven` until a probe works. """
    token_kind: CredentialKind | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        kind: str = self.kind

        business_id: None | str | Unset
        if isinstance(self.business_id, Unset):
            business_id = UNSET
        else:
            business_id = self.business_id

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        token: None | str | Unset
        if isinstance(self.token, Unset):
            token = UNSET
        else:
            token = self.token

        token_kind: str | Unset = UNSET
        if not isinstance(self.token_kind, Unset):
            token_kind = self.token_kind

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "kind": kind,
            }
        )
        if business_id is not UNSET:
            field_dict["business_id"] = business_id
        if name is not UNSET:
            field_dict["name"] = name
        if token is not UNSET:
            field_dict["token"] = token
        if token_kind is not UNSET:
            field_dict["token_kind"] = token_kind

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        kind = check_asset_kind(d.pop("kind"))

        def _parse_business_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        business_id = _parse_business_id(d.pop("business_id", UNSET))

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_token(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        token = _parse_token(d.pop("token", UNSET))

        _token_kind = d.pop("token_kind", UNSET)
        token_kind: CredentialKind | Unset
        if isinstance(_token_kind, Unset):
            token_kind = UNSET
        else:
            token_kind = check_credential_kind(_token_kind)

        new_asset = cls(
            id=id,
            kind=kind,
            business_id=business_id,
            name=name,
            token=token,
            token_kind=token_kind,
        )

        return new_asset
