"""The platforms whose integrations can be read, by the name that stands in ``analytics.integration.provider``."""

from meta_insights.provider.facebook.resources import PROVIDER as FACEBOOK
from meta_insights.provider.instagram.resources import PROVIDER as INSTAGRAM
from meta_insights.provider.model import Provider

PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (FACEBOOK, INSTAGRAM)}
