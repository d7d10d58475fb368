from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.access_token import AccessToken
from ...models.create_token_response_400 import CreateTokenResponse400
from ...models.create_token_response_401 import CreateTokenResponse401
from ...models.create_token_response_408 import CreateTokenResponse408
from ...models.create_token_response_413 import CreateTokenResponse413
from ...models.create_token_response_415 import CreateTokenResponse415
from ...models.create_token_response_429 import CreateTokenResponse429
from ...models.create_token_response_500 import CreateTokenResponse500
from ...models.create_token_response_503 import CreateTokenResponse503
from ...models.token_request import TokenRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: TokenRequest,
    d_po_p: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/oauth/token",
    }

    _kwargs["data"] = body.to_dict()
    headers["Content-Type"] = "application/x-www-form-urlencoded"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> (
    AccessToken
    | CreateTokenResponse400
    | CreateTokenResponse401
    | CreateTokenResponse408
    | CreateTokenResponse413
    | CreateTokenResponse415
    | CreateTokenResponse429
    | CreateTokenResponse500
    | CreateTokenResponse503
    | None
):
    if response.status_code == 200:
        response_200 = AccessToken.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = CreateTokenResponse400.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = CreateTokenResponse401.from_dict(response.json())

        return response_401

    if response.status_code == 408:
        response_408 = CreateTokenResponse408.from_dict(response.json())

        return response_408

    if response.status_code == 413:
        response_413 = CreateTokenResponse413.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = CreateTokenResponse415.from_dict(response.json())

        return response_415

    if response.status_code == 429:
        response_429 = CreateTokenResponse429.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = CreateTokenResponse500.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = CreateTokenResponse503.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[
    AccessToken
    | CreateTokenResponse400
    | CreateTokenResponse401
    | CreateTokenResponse408
    | CreateTokenResponse413
    | CreateTokenResponse415
    | CreateTokenResponse429
    | CreateTokenResponse500
    | CreateTokenResponse503
]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: TokenRequest,
    d_po_p: None | str | Unset = UNSET,
) -> Response[
    AccessToken
    | CreateTokenResponse400
    | CreateTokenResponse401
    | CreateTokenResponse408
    | CreateTokenResponse413
    | CreateTokenResponse415
    | CreateTokenResponse429
    | CreateTokenResponse500
    | CreateTokenResponse503
]:
    """Exchange a client's id and secret for an access token.

     The client authenticates with HTTP Basic or with form fields, not with both. With a header `DPoP`
    the token is bound to
    the key of the proof (RFC 9449).

    Args:
        d_po_p (None | str | Unset):
        body (TokenRequest): The form of the token endpoint.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessToken | CreateTokenResponse400 | CreateTokenResponse401 | CreateTokenResponse408 | CreateTokenResponse413 | CreateTokenResponse415 | CreateTokenResponse429 | CreateTokenResponse500 | CreateTokenResponse503]
    """

    kwargs = _get_kwargs(
        body=body,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: TokenRequest,
    d_po_p: None | str | Unset = UNSET,
) -> (
    AccessToken
    | CreateTokenResponse400
    | CreateTokenResponse401
    | CreateTokenResponse408
    | CreateTokenResponse413
    | CreateTokenResponse415
    | CreateTokenResponse429
    | CreateTokenResponse500
    | CreateTokenResponse503
    | None
):
    """Exchange a client's id and secret for an access token.

     The client authenticates with HTTP Basic or with form fields, not with both. With a header `DPoP`
    the token is bound to
    the key of the proof (RFC 9449).

    Args:
        d_po_p (None | str | Unset):
        body (TokenRequest): The form of the token endpoint.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessToken | CreateTokenResponse400 | CreateTokenResponse401 | CreateTokenResponse408 | CreateTokenResponse413 | CreateTokenResponse415 | CreateTokenResponse429 | CreateTokenResponse500 | CreateTokenResponse503
    """

    return sync_detailed(
        client=client,
        body=body,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: TokenRequest,
    d_po_p: None | str | Unset = UNSET,
) -> Response[
    AccessToken
    | CreateTokenResponse400
    | CreateTokenResponse401
    | CreateTokenResponse408
    | CreateTokenResponse413
    | CreateTokenResponse415
    | CreateTokenResponse429
    | CreateTokenResponse500
    | CreateTokenResponse503
]:
    """Exchange a client's id and secret for an access token.

     The client authenticates with HTTP Basic or with form fields, not with both. With a header `DPoP`
    the token is bound to
    the key of the proof (RFC 9449).

    Args:
        d_po_p (None | str | Unset):
        body (TokenRequest): The form of the token endpoint.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessToken | CreateTokenResponse400 | CreateTokenResponse401 | CreateTokenResponse408 | CreateTokenResponse413 | CreateTokenResponse415 | CreateTokenResponse429 | CreateTokenResponse500 | CreateTokenResponse503]
    """

    kwargs = _get_kwargs(
        body=body,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: TokenRequest,
    d_po_p: None | str | Unset = UNSET,
) -> (
    AccessToken
    | CreateTokenResponse400
    | CreateTokenResponse401
    | CreateTokenResponse408
    | CreateTokenResponse413
    | CreateTokenResponse415
    | CreateTokenResponse429
    | CreateTokenResponse500
    | CreateTokenResponse503
    | None
):
    """Exchange a client's id and secret for an access token.

     The client authenticates with HTTP Basic or with form fields, not with both. With a header `DPoP`
    the token is bound to
    the key of the proof (RFC 9449).

    Args:
        d_po_p (None | str | Unset):
        body (TokenRequest): The form of the token endpoint.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessToken | CreateTokenResponse400 | CreateTokenResponse401 | CreateTokenResponse408 | CreateTokenResponse413 | CreateTokenResponse415 | CreateTokenResponse429 | CreateTokenResponse500 | CreateTokenResponse503
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            d_po_p=d_po_p,
        )
    ).parsed
