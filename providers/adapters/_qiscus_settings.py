"""The settings of a Qiscus channel, and how many recipients go out by file."""

from collections.abc import Mapping
from typing import Any

from providers.adapters._qiscus_file import LARGEST_FILE
from providers.config import BATCH_SIZE, ConfigField, batch_size_field
from providers.errors import ConfigurationError

INDIVIDUAL, AUTO, BULK = "individual", "auto", "bulk"

FIELDS = (
    ConfigField("base_url", "Base URL", "url", default="https://multichannel.qiscus.com"),
    ConfigField("app_id", "App ID"),
    ConfigField("channel_id", "Channel ID", "integer", "Of the WhatsApp channel.", minimum=1),
    # One by one by default, and for channels that were set up before there was a choice: an answer that gets lost
    # leaves one person's message unknown, not a thousand.
    ConfigField(
        "mode",
        "How to send",
        "choice",
        "A file takes one request for many recipients; if its answer is lost, all of them are unknown.",
        default=INDIVIDUAL,
        choices=(
            (INDIVIDUAL, "One request a recipient"),
            (AUTO, "By CSV file where enough recipients share a template"),
            (BULK, "By CSV file always"),
        ),
    ),
    ConfigField(
        "bulk_from",
        "Recipients for a file, at least",
        "integer",
        "Where enough of them share a template. No more go out together than the channel sends in five seconds: with a "
        "slower pace than this number, all go one by one.",
        default=20,  # as many as a new channel sends in a second
        minimum=2,
        maximum=LARGEST_FILE,
    ),
    batch_size_field(default=LARGEST_FILE, maximum=LARGEST_FILE, explanation="In a CSV file, at most."),
    ConfigField("separator", "CSV separator", "choice", default=",", choices=((",", "Comma"), (";", "Semicolon"))),
    ConfigField(
        "csv_header",
        "CSV header row",
        help="Only where the template's sample file has other columns than phone_number, customer_name, "
        "header_variable, body_variable1 and so on. Needs a column phone_number.",
        required=False,
    ),
    ConfigField(
        "hide_variables",
        "Hide variables",
        "boolean",
        "Qiscus' own users then see the template without what was filled in. Not with files.",
        default=False,
        required=False,
    ),
    ConfigField(
        "logs_path",
        "Path of a job's logs",
        help="Not documented by Qiscus; {job_id} stands for the job.",
        default="/api/v3/admin/broadcast/{job_id}/logs",
    ),
    ConfigField("secret_key", "Secret key", secret=True),
)


def check(config: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where settings contradict each other."""
    if config["mode"] == AUTO and config[BATCH_SIZE] < config["bulk_from"]:
        raise ConfigurationError("Recipients for a file, at least, must not exceed Recipients per request.")
    if config["mode"] != INDIVIDUAL and config["hide_variables"] is True:
        raise ConfigurationError("Qiscus hides no variables of a file; send one by one, or do not hide them.")
