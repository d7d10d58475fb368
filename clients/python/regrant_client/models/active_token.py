from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.token_confirmation import TokenConfirmation


T = TypeVar("T", bound="ActiveToken")


@_attrs_define
class ActiveToken:
    """A token that is active."""

    aud: str
    """ Listener that accepts it. """
    client_id: str
    """ Client that the token was issued to. """
    exp: int
    """ When it ends, in seconds since 1970. """
    iat: int
    """ When it was issued, in seconds since 1970. """
    iss: str
    """ Issuer. """
    jti: str
    """ Id of the token. """
    nbf: int
    """ From when it is valid, in seconds since 1970. """
    scope: str
    """ Scopes, separated by spaces. """
    sub: str
    """ Client or reconnect session that holds it. """
    token_type: str
    """ `Bearer` or `DPoP`. """
    cnf: None | TokenConfirmation | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.token_confirmation import TokenConfirmation  # noqa: PLC0415

        aud = self.aud

        client_id = self.client_id

        exp = self.exp

        iat = self.iat

        iss = self.iss

        jti = self.jti

        nbf = self.nbf

        scope = self.scope

        sub = self.sub

        token_type = self.token_type

        cnf: dict[str, Any] | None | Unset
        if isinstance(self.cnf, Unset):
            cnf = UNSET
        elif isinstance(self.cnf, TokenConfirmation):
            cnf = self.cnf.to_dict()
        else:
            cnf = self.cnf

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "aud": aud,
                "client_id": client_id,
                "exp": exp,
                "iat": iat,
                "iss": iss,
                "jti": jti,
                "nbf": nbf,
                "scope": scope,
                "sub": sub,
                "token_type": token_type,
            }
        )
        if cnf is not UNSET:
            field_dict["cnf"] = cnf

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.token_confirmation import TokenConfirmation  # noqa: PLC0415

        d = dict(src_dict)
        aud = d.pop("aud")

        client_id = d.pop("client_id")

        exp = d.pop("exp")

        iat = d.pop("iat")

        iss = d.pop("iss")

        jti = d.pop("jti")

        nbf = d.pop("nbf")

        scope = d.pop("scope")

        sub = d.pop("sub")

        token_type = d.pop("token_type")

        def _parse_cnf(data: object) -> None | TokenConfirmation | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                cnf_type_0 = TokenConfirmation.from_dict(data)

                return cnf_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TokenConfirmation | Unset, data)

        cnf = _parse_cnf(d.pop("cnf", UNSET))

        active_token = cls(
            aud=aud,
            client_id=client_id,
            exp=exp,
            iat=iat,
            iss=iss,
            jti=jti,
            nbf=nbf,
            scope=scope,
            sub=sub,
            token_type=token_type,
            cnf=cnf,
        )

        active_token.additional_properties = d
        return active_token

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
