"""Every case: importing its module enters each one in the table."""

from __future__ import annotations

import tests.support.web.concurrent_forms.accounts
import tests.support.web.concurrent_forms.booking
import tests.support.web.concurrent_forms.desk
import tests.support.web.concurrent_forms.practice
import tests.support.web.concurrent_forms.record
import tests.support.web.concurrent_forms.services  # noqa: F401
from tests.support.web.concurrent_forms.clinic import CASES, StaffedClinic

__all__ = ["CASES", "StaffedClinic"]
