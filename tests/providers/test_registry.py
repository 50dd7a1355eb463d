"""A provider is a module and nothing else."""

import pytest

import providers
from providers import errors
from providers.outcomes import OUTCOMES, Outcome, SendResult


def test_the_five_are_found() -> None:
    assert providers.kinds() == ("imiconnect", "kaleyra", "khoros", "qiscus", "rapidpro")


def test_unknown_provider_is_refused_with_the_choices() -> None:
    with pytest.raises(providers.ConfigurationError, match="no provider called 'smoke'; choose one of imiconnect"):
        providers.connect("smoke", config={}, secrets={})


def test_part_of_an_adapter_is_no_provider() -> None:
    with pytest.raises(providers.ConfigurationError):
        providers.client_class("_qiscus_file")


@pytest.mark.parametrize("name", providers.__all__)
def test_public_face_holds_what_it_names(name: str) -> None:
    assert hasattr(providers, name)


def every_error(parent: type[errors.ProviderError]) -> list[type[errors.ProviderError]]:
    return [error for child in parent.__subclasses__() for error in (child, *every_error(child))]


@pytest.mark.parametrize("error", every_error(errors.ProviderError))
def test_every_error_has_an_outcome_that_fits_its_flags(error: type[errors.ProviderError]) -> None:
    outcome = SendResult.failed(error("Why.")).outcome
    assert outcome in OUTCOMES.values()
    assert error.may_be_accepted == (outcome is Outcome.UNKNOWN)
    assert error.retryable == (outcome in {Outcome.RETRY, Outcome.CHANNEL_HELD})


def test_words_of_an_error_fit_the_record() -> None:
    error = errors.MessageRejected("x" * 500, code="y" * 100)
    assert (len(error.sentence), len(error.code)) == (300, 64)
