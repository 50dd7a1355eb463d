"""RapidPro's own Python client, as programs have it installed: the newest and the oldest that speaks v2 and writes."""
