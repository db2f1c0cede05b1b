"""What the integrations page calls things, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _


def outcome_label(code: str) -> str:
    """What was done with a delivery, or what is missing; sentences are passed through."""
    known = {
        "booked": _("An appointment was made."),
        "requested": _("A request was recorded; it waits for an answer."),
        "recorded_over": _("It was over already when we heard of it: recorded, nobody was told."),
        "moved": _("The appointment was moved."),
        "confirmed": _("The request was confirmed."),
        "cancelled": _("The appointment was cancelled."),
        "declined": _("The request was declined."),
        "asked_again": _("Cancelled there, and the clients were asked to choose another time."),
        "restored": _("The appointment stands again."),
        "corrected": _("It was over already; the record was put right."),
        "joined": _("Two bookings turned out to be one: one appointment was kept."),
        "echo": _("This is our own change coming back."),
        "kept_ours": _("It was changed here after that, so ours stands and is sent there."),
        "same": _("Nothing to do: it stands like that already."),
        "held": _("Cancelled in order to be moved. We wait for the new time."),
        "remembered": _("No booking of this id is known yet. It is remembered."),
        "conflict": _("It overlaps another appointment. Both are kept."),
        "absent": _("Somebody was marked as absent."),
        "not_absent": _("A mark of absence was taken back."),
        "handed_over": _("The appointment went to another therapist."),
        "host_unknown": _("It was handed to somebody we do not know."),
        "series": _("The rest of a series was cancelled too."),
        "away": _("An absence blocks its time here."),
        "unknown_host": _("Nobody here is known as this organizer yet."),
        "unknown_event_type": _("No session type stands for this event type yet."),
    }
    if code.startswith("failed:"):
        return str(_("Applying it failed; it is tried again by itself."))
    said = str(known.get(code) or _(code))
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith('.') else '.'}"


def state_label(state: str) -> str:
    """The state of a delivery."""
    return str(
        {
            "new": _("arrived"),
            "applied": _("done"),
            "ignored": _("left aside"),
            "waiting": _("needs you"),
            "broken": _("unreadable"),
            "failed": _("tried again"),
        }.get(state, state)
    )


def task_label(kind: str) -> str:
    """What the desk is asked to do."""
    return str(
        {
            "conflict": _("Two appointments at one time. Please move or cancel one of them."),
            "push_refused": _(
                "The service refused a change from here. Please make it there by hand."
            ),
            "tell_service": _("Changed here, but not there. Please make the same change there."),
            "absent": _("Marked as absent there. Please check, and note it with the session."),
            "series": _("The rest of a series was cancelled there. Please check the later dates."),
            "away": _("An absence was entered there. If it changes, please take this block away."),
            "hours_refused": _(
                "The service did not take days away from here. Please shut them there by hand."
            ),
            "host": _("Handed to somebody we do not know there. Please say who takes it."),
        }.get(kind, kind)
    )


def health_label(code: str) -> str:
    """How a connection stands."""
    return str(
        {
            "well": _("All is well"),
            "nothing-yet": _("Nothing has arrived yet"),
            "quiet": _("No answer for some hours"),
            "calcom-away": _("It does not answer just now; we try again by ourselves"),
            "calcom-key-refused": _("The API key is no longer taken; please enter a new one"),
            "calcom-refused": _("It refused what we asked"),
            "address-refused": _("Its address cannot be called from this server"),
        }.get(code, code)
    )


def service_name(provider: str) -> str:
    """What a service is called."""
    return {"calcom": "Cal.com", "calendly": "Calendly"}.get(provider, provider)
