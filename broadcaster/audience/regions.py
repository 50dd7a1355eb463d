"""The countries whose local numbers the channels read."""

from broadcaster.models import Channel


def home() -> str | None:
    """The country that all channels share, if there is one."""
    countries = all_of_them()
    return countries[0] if len(countries) == 1 else None


def all_of_them() -> list[str]:
    """Every one of them, in order."""
    countries = Channel.objects.exclude(default_region="").order_by("default_region")
    return list(countries.values_list("default_region", flat=True).distinct())
