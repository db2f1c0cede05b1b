"""What an address is that mail can be written to. Pure: nothing is looked up."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from clinic.foundation.texts.single_line import has_control_characters

LONGEST_ADDRESS = 254


def is_mail_address(text: str) -> bool:
    """Whether a message can be addressed to this, or from it (RFC 5321 and 6531)."""
    if has_control_characters(text) or len(text) > LONGEST_ADDRESS:
        return False
    try:
        validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
