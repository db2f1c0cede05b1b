"""Every case: importing its module enters each one in the table."""

from __future__ import annotations

import tests.web.forms_at_once.accounts
import tests.web.forms_at_once.booking
import tests.web.forms_at_once.desk
import tests.web.forms_at_once.practice
import tests.web.forms_at_once.record
import tests.web.forms_at_once.services  # noqa: F401
from tests.web.forms_at_once.house import CASES, House

__all__ = ["CASES", "House"]
