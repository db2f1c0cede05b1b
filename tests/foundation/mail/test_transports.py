"""Mail is written into a folder whole, or another try is asked for; SMTP is in test_smtp.py."""

from __future__ import annotations

import stat

import pytest

from clinic.foundation.mail import transports as mail_module
from clinic.foundation.mail.message import compose
from clinic.foundation.mail.transports import FolderTransport, MailFailed, transport_from
from tests.support.sample_mails import FULL, PLAIN


def test_without_a_server_mail_is_written_into_the_folder(tmp_path):
    transport = transport_from(None, tmp_path / "mail")
    assert isinstance(transport, FolderTransport)
    for mail in (PLAIN, FULL, PLAIN):
        transport.deliver(mail)
    files = sorted((tmp_path / "mail").iterdir())
    assert {file.read_bytes() for file in files} == {
        compose(PLAIN).as_bytes(),
        compose(FULL).as_bytes(),
    }
    assert len(files) == 2
    assert all(
        file.name.startswith("20260105T100000Z-") and file.suffix == ".eml" for file in files
    )
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_folder_that_cannot_be_written_asks_for_another_try(tmp_path):
    (tmp_path / "mail").write_text("a file where the folder should be")
    with pytest.raises(MailFailed):
        FolderTransport(tmp_path / "mail").deliver(PLAIN)


def test_a_mail_that_could_not_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mail_module.os, "fsync", full)
    with pytest.raises(MailFailed):
        FolderTransport(tmp_path).deliver(PLAIN)
    assert list(tmp_path.iterdir()) == []
