"""Return addresses: where a desk or the strip sends a reader back to."""

from urllib.parse import urlsplit

from werkzeug import Request


def own_path(request: Request, wanted: str | None, default: str = "/") -> str:
    """The path of `wanted` if it is a page of this paper, else `default`: a return address never leads elsewhere.

    Query and fragment stay: the service marks by one that a reader comes from the desk (docs/reference/snippet.md).
    """
    address = urlsplit((wanted or "").replace("\\", "/"))
    is_own = (address.scheme, address.netloc) in (("", ""), (request.scheme, request.host))
    if not is_own or not address.path.startswith("/") or address.path.startswith("//"):
        return default
    return address._replace(scheme="", netloc="").geturl()
