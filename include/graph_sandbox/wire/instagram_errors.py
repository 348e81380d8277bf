"""The errors of Instagram's edges. Most have code 100; several are told apart by their text alone."""

from collections.abc import Iterable
from http import HTTPStatus

from graph_sandbox.wire.errors import GraphError, parameter

CONVERSION_TITLES = (
    "Media posted before business account conversion",
    "Media Posted Before Business Account Conversion",
)
CONVERSION_MESSAGE = (
    "The media was posted before the most recent time that the user's account was converted to a business account "
    "from a personal account."
)


def unknown_value(parameter_name: str, allowed: Iterable[str]) -> GraphError:
    """Return the error for a value that a parameter does not take, such as `metric[3]`; it names all that it takes."""
    return parameter(f"{parameter_name} must be one of the following values: {', '.join(allowed)}")


def wrong_product_type(metrics: Iterable[str]) -> GraphError:
    """Return the error for metrics that a media_product_type does not have; it names all of them."""
    return parameter(
        f"The Media Insights API does not support the {', '.join(metrics)} metric for this media product type."
    )


def wrong_media_type(metric: str) -> GraphError:
    """Return the error for a metric that a media_type does not have; it names one."""
    return parameter(f"The metric {metric} is not supported for this media type")


def impressions_are_gone() -> GraphError:
    """Return the error for `impressions` of a media that is too young for it."""
    return parameter(
        "Starting from version v22.0 and above, the impressions metric is no longer supported for the queried media."
    )


def not_shared_to_facebook() -> GraphError:
    """Return the error for views on Facebook of a media that is not there."""
    return GraphError("Fatal", -1, 2207086)


def total_views_of_story() -> GraphError:
    """Return the error for the views of a story with those by ads."""
    message = "(#200) Requires instagram_manage_insights permission to manage the object"
    return GraphError(message, 200, status=HTTPStatus.FORBIDDEN)


def before_conversion(media_id: str, *, is_facebook_login: bool) -> GraphError:
    """Return the error for a media older than the latest conversion to a business account.

    The title comes in two capitalisations; by Instagram Login the sentence is the message.
    """
    return GraphError(
        "Invalid parameter" if is_facebook_login else CONVERSION_MESSAGE,
        100,
        2108006,
        is_transient=False,
        user_title=CONVERSION_TITLES[int(media_id) % 2],
        user_msg=CONVERSION_MESSAGE,
        data={"blame_field_specs": [[""]]},
    )


def total_value_required(metrics: Iterable[str]) -> GraphError:
    """Return the error for metrics of an account that are one number, asked as anything else."""
    return parameter(
        f"The following metrics ({','.join(metrics)}) should be specified with parameter metric_type=total_value"
    )


def wrong_metric_type(metric: str, metric_type: str) -> GraphError:
    """Return the error for a metric of an account that cannot be told in this way."""
    return parameter(f"The following metric ({metric}) is incompatible with the metric type ({metric_type})")


def only_recent_gains() -> GraphError:
    """Return the error for gains of followers from longer ago than a month: an error, no empty set."""
    return parameter(
        "(follower_count) metric only supports querying data for the last 30 days excluding the current day"
    )


def not_enough_viewers() -> GraphError:
    """Return the error for a story that too few people saw: no data, though its code is that of a permission."""
    return GraphError("(#10) Not enough viewers for the media to show insights", 10)


def unknown_error() -> GraphError:
    """Return the error for a breakdown that a metric does not have."""
    return GraphError("An unknown error has occurred.", 1, status=HTTPStatus.INTERNAL_SERVER_ERROR)
