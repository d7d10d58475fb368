from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.oauth_error import OauthError
from ...models.revocation_request import RevocationRequest
from ...types import Response


def _get_kwargs(
    *,
    body: RevocationRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/oauth/revoke",
    }

    _kwargs["data"] = body.to_dict()
    headers["Content-Type"] = "application/x-www-form-urlencoded"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | OauthError | None:
    if response.status_code == 200:
        response_200 = cast(Any, None)
        return response_200

    if response.status_code == 400:
        response_400 = OauthError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = OauthError.from_dict(response.json())

        return response_401

    if response.status_code == 408:
        response_408 = OauthError.from_dict(response.json())

        return response_408

    if response.status_code == 413:
        response_413 = OauthError.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = OauthError.from_dict(response.json())

        return response_415

    if response.status_code == 429:
        response_429 = OauthError.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = OauthError.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = OauthError.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | OauthError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: RevocationRequest,
) -> Response[Any | OauthError]:
    """Revoke an access token of the client, from its next call on.

     Of a reconnect session that the client opened, it ends the session. A token that is not valid, or
    belongs to another
    client, gets the same response and changes nothing.

    Args:
        body (RevocationRequest): The form of a revocation.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | OauthError]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: RevocationRequest,
) -> Any | OauthError | None:
    """Revoke an access token of the client, from its next call on.

     Of a reconnect session that the client opened, it ends the session. A token that is not valid, or
    belongs to another
    client, gets the same response and changes nothing.

    Args:
        body (RevocationRequest): The form of a revocation.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | OauthError
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: RevocationRequest,
) -> Response[Any | OauthError]:
    """Revoke an access token of the client, from its next call on.

     Of a reconnect session that the client opened, it ends the session. A token that is not valid, or
    belongs to another
    client, gets the same response and changes nothing.

    Args:
        body (RevocationRequest): The form of a revocation.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | OauthError]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: RevocationRequest,
) -> Any | OauthError | None:
    """Revoke an access token of the client, from its next call on.

     Of a reconnect session that the client opened, it ends the session. A token that is not valid, or
    belongs to another
    client, gets the same response and changes nothing.

    Args:
        body (RevocationRequest): The form of a revocation.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | OauthError
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
