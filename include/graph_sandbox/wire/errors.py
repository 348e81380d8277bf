"""Graph errors: their exact codes, texts and HTTP status, and the body they travel in."""

from dataclasses import dataclass
from http import HTTPStatus

GRAPH_DOCS = "https://developers.facebook.com/docs/graph-api"
PERMISSION_DOCS = "https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages"
THROTTLE_MESSAGES = {
    4: "Application request limit reached",
    17: "User request limit reached",
    32: "Page request limit reached",
    341: "Application limit reached",
    613: "Calls to this api have exceeded the rate limit.",
    80001: "There have been too many calls to this Page account. Wait a bit and try again.",
    80002: "There have been too many calls to this Instagram account. Wait a bit and try again.",
}
# Seen beside the code for an Instagram account.
THROTTLE_SUBCODE = 2446079
TOKEN_MESSAGES = {
    458: "Error validating access token: The user has not authorized the application.",
    459: "Error validating access token: You cannot access the app till you log in to the site and follow the steps.",
    460: "Error validating access token: The session has been invalidated because the user changed their password.",
    463: "Error validating access token: Session has expired.",
    464: "Error validating access token: Sessions for the user are not allowed because the user is not confirmed.",
    467: "Error validating access token: The session is invalid because the user logged out.",
    492: "Error validating access token: The user must be an administrator of the page.",
}


@dataclass(eq=False)
class GraphError(Exception):
    """One error as Graph answers it; optional members are left out of the body when they are None."""

    message: str
    code: int
    subcode: int | None = None
    type: str = "OAuthException"
    status: int = HTTPStatus.BAD_REQUEST
    is_transient: bool | None = None
    user_title: str | None = None
    user_msg: str | None = None
    data: dict[str, object] | None = None

    def body(self, trace_id: str) -> dict[str, object]:
        """Return the JSON body."""
        members = {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "error_data": self.data,
            "error_subcode": self.subcode,
            "is_transient": self.is_transient,
            "error_user_title": self.user_title,
            "error_user_msg": self.user_msg,
            "fbtrace_id": trace_id,
        }
        return {"error": {name: value for name, value in members.items() if value is not None}}


def parameter(message: str, subcode: int | None = None) -> GraphError:
    """Return the error for a parameter Graph does not take."""
    return GraphError(f"(#100) {message}", 100, subcode)


def invalid_metric() -> GraphError:
    """Return the error for a call that names a metric Graph does not have; it does not say which."""
    return parameter("The value must be a valid insights metric")


def no_metric() -> GraphError:
    """Return the error for an insights call without a metric."""
    return GraphError(
        "(#3001) Invalid query",
        3001,
        1504028,
        is_transient=False,
        user_title="No Metric Was Specified To Be Fetched",
        user_msg=(
            "No metric was specified to be fetched. Please specify one or more metrics to be fetched and try again."
        ),
    )


def nonexisting_field(name: str, node_type: str) -> GraphError:
    """Return the error for a field or an edge that a node type does not have."""
    return parameter(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")


def unknown_label(label: str) -> GraphError:
    """Return the error for a name in the answer that a field cannot have."""
    return parameter(f"Unknown fields: {label}.")


def unsupported(object_id: str, method: str = "get") -> GraphError:
    """Return the error for an object that is gone, hidden or not made for the call."""
    message = (
        f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. "
        f"Please read the Graph API documentation at {GRAPH_DOCS}"
    )
    return GraphError(message, 100, 33, "GraphMethodException")


def unknown_alias(name: str) -> GraphError:
    """Return the error for a path that starts with something that is no id."""
    return GraphError(f"(#803) Some of the aliases you requested do not exist: {name}", 803)


def unknown_path(path: str) -> GraphError:
    """Return the error for a path deeper than any edge."""
    return GraphError(f"Unknown path components: {path}", 2500)


def syntax(message: str) -> GraphError:
    """Return the error for a `fields` value that does not parse."""
    return GraphError(f"Syntax error {message}", 2500)


def missing_token(*, about_me: bool) -> GraphError:
    """Return the error for a call without any token; `/me` has one of its own."""
    if about_me:
        message = "An active access token must be used to query information about the current user."
        return GraphError(message, 2500)
    return GraphError("An access token is required to request this resource.", 104)


def malformed_token() -> GraphError:
    """Return the error for a token Graph never gave out."""
    return GraphError("Invalid OAuth access token - Cannot parse access token", 190)


def dead_token(subcode: int) -> GraphError:
    """Return the error for a token that was good once; the subcode says what ended it."""
    return GraphError(TOKEN_MESSAGES[subcode], 190, subcode)


def page_token_required() -> GraphError:
    """Return the error for a user's token on what only the Page itself may read."""
    return GraphError("(#190) This method must be called with a Page Access Token", 190)


def permission(name: str, code: int) -> GraphError:
    """Return the error for a permission the token lacks; code 10, one of 200 to 299, or 100 without a subcode."""
    if code == 100:  # noqa: PLR2004 - Graph's own number
        message = (
            "Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does not "
            f"support this operation. This endpoint requires the '{name}' permission or the 'Page Public Content "
            f"Access' feature. Refer to {PERMISSION_DOCS} for details."
        )
        return parameter(message)
    if code == 10 and name.startswith("instagram_"):  # noqa: PLR2004 - Graph's own number
        message = "Application does not have permission for this action"
    elif code == 10:  # noqa: PLR2004 - Graph's own number
        message = f"This endpoint requires the '{name}' permission or the 'Page Public Content Access' feature."
    else:
        message = f"Requires {name} permission to manage the object"
    return GraphError(f"(#{code}) {message}", code, status=HTTPStatus.FORBIDDEN)


def invalid_proof() -> GraphError:
    """Return the error for an appsecret_proof that was not made from this token and this app's secret."""
    return GraphError("Invalid appsecret_proof provided in the API argument", 100, type="GraphMethodException")


def missing_proof() -> GraphError:
    """Return the error for a call without appsecret_proof to an app that demands it."""
    return GraphError("API calls from the server require an appsecret_proof argument", 100, type="GraphMethodException")


def throttled(code: int, subcode: int | None = None) -> GraphError:
    """Return the error for too many calls; the app's own (4) calls itself transient, which is no invitation."""
    message = f"(#{code}) {THROTTLE_MESSAGES[code]}"
    return GraphError(message, code, subcode, is_transient=True if code == 4 else None)  # noqa: PLR2004


def reduce_data() -> GraphError:
    """Return the error for a listing that asks for too much at once."""
    message = "Please reduce the amount of data you're asking for, then retry your request"
    return GraphError(message, 1, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def server_error(code: int, status: int) -> GraphError:
    """Return a passing trouble of Graph's own."""
    message = "Service temporarily unavailable" if code == 2 else "An unknown error occurred"  # noqa: PLR2004
    return GraphError(message, code, status=status, is_transient=True if code == 2 else None)  # noqa: PLR2004


def not_transient() -> GraphError:
    """Return the code 1 that says itself that asking again is no use."""
    return GraphError(
        "An unknown error occurred",
        1,
        99,
        is_transient=False,
        user_title="This Request Cannot Be Completed",
        user_msg="Please change the request.",
    )
