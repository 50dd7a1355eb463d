"""The form at the door. It stands outside the admin's package, as the theme asks for it before any page is there."""

from unfold.forms import AuthenticationForm


class LoginForm(AuthenticationForm):  # type: ignore[misc]  # the theme is not annotated
    """User name and password; a refusal in plain words, which do not tell whether there is such a user."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": "The username or the password is wrong. Check capital letters in both.",
    }
