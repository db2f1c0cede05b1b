"""The made-up people of the demo clinic. Nobody here exists; every page of the demo says so."""

from __future__ import annotations

import unicodedata
from typing import Any

CLINIC: dict[str, str] = {
    "slug": "harbour-lane",
    "name": "Harbour Lane",
    "short_name": "Harbour Lane",
    "time_zone": "Europe/Lisbon",
    "email": "desk@harbour-lane.example",
    "language": "en",
}
ADDRESS = "Rua do Exemplo 12, Lisboa"
PHONE = "+351 210 000 000"

SESSION_TYPES: list[dict[str, Any]] = [
    {
        "slug": "initial-consultation",
        "name": {"en": "Initial consultation", "pt": "Consulta inicial"},
        "description": {
            "en": "A first conversation, together or alone, without any obligation.",
            "pt": "Uma primeira conversa, a dois ou a sós, sem compromisso.",
        },
        "length_minutes": 30,
        "buffer_after_minutes": 15,
        "notice_minutes": 12 * 60,
        "horizon_days": 60,
        "grid_minutes": 30,
        "max_per_day": 4,
        "formats": ["online", "in_person"],
    },
    {
        "slug": "short-call",
        "name": {"en": "Short call", "pt": "Chamada breve"},
        "description": {
            "en": "Fifteen minutes for a question before you decide. We confirm the time.",
            "pt": "Quinze minutos para uma pergunta antes de decidir. Confirmamos a hora.",
        },
        "length_minutes": 15,
        "buffer_after_minutes": 5,
        "notice_minutes": 4 * 60,
        "horizon_days": 30,
        "grid_minutes": 15,
        "formats": ["online"],
        "needs_confirmation": True,
    },
    {
        "slug": "joint-session",
        "name": {"en": "Joint session", "pt": "Sessão conjunta"},
        "description": {
            "en": "The regular session for those we already know.",
            "pt": "A sessão regular para quem já conhecemos.",
        },
        "length_minutes": 60,
        "buffer_after_minutes": 15,
        "notice_minutes": 24 * 60,
        "horizon_days": 120,
        "grid_minutes": 30,
        "formats": ["online", "in_person"],
        "audience": "existing",
    },
]

THERAPISTS: list[dict[str, Any]] = [
    {
        "slug": "ines-duarte",
        "name": "Inês Duarte",
        "email": "ines@harbour-lane.example",
        "title": {
            "en": "Emotionally focused therapy",
            "pt": "Terapia focada nas emoções",
        },
        "biography": {
            "en": "Works slowly and plainly with what happens between two people when trust has "
            "been hurt. Sees couples in Lisbon and online.",
            "pt": "Trabalha devagar e com clareza o que acontece entre duas pessoas quando a "
            "confiança foi ferida. Em Lisboa e online.",
        },
        "time_zone": "Europe/Lisbon",
        "languages": ["en", "pt"],
        "formats": ["online", "in_person"],
        "modalities": ["efct", "attachment_based"],
        "hours": [(day, 9 * 60, 13 * 60) for day in range(5)]
        + [(day, 14 * 60, 18 * 60) for day in (0, 1, 3)],
        "needs": 3,
    },
    {
        "slug": "daniel-reyes",
        "name": "Daniel Reyes",
        "email": "daniel@harbour-lane.example",
        "title": {
            "en": "Cognitive-behavioural couple therapy",
            "pt": "Terapia cognitivo-comportamental de casal",
        },
        "biography": {
            "en": "Helps partners make clear agreements after secrecy, and keep them. Online only, "
            "from New York; early for him is the evening for Europe.",
            "pt": "Ajuda a fazer acordos claros depois do segredo, e a cumpri-los. Só online, a "
            "partir de Nova Iorque.",
        },
        "time_zone": "America/New_York",
        "languages": ["en"],
        "formats": ["online"],
        "modalities": ["cbct", "emdr"],
        "hours": [(day, 8 * 60, 14 * 60) for day in (0, 2, 4)],
        "needs": 3,
    },
    {
        "slug": "marta-vale",
        "name": "Marta Vale",
        "email": "marta@harbour-lane.example",
        "title": {
            "en": "Hypnotherapy and body-based work",
            "pt": "Hipnoterapia e trabalho corporal",
        },
        "biography": {
            "en": "For those who know they are safe and still cannot relax. Sessions in "
            "Portuguese, also in the evening.",
            "pt": "Para quem sabe que está em segurança e ainda assim não consegue relaxar. "
            "Sessões em português, também ao fim do dia.",
        },
        "time_zone": "Europe/Lisbon",
        "languages": ["pt"],
        "formats": ["online", "in_person"],
        "modalities": ["hypnotherapy", "somatic_experiencing"],
        "hours": [(day, 15 * 60, 21 * 60) for day in (1, 2, 3)] + [(5, 10 * 60, 13 * 60)],
        "needs": 3,
    },
]

COUPLES: list[dict[str, Any]] = [
    {
        "partners": [
            ("Ana Serrano", "ana@partners.example", "Europe/Lisbon", "pt"),
            ("Tom Whitlock", "tom@partners.example", "Europe/Lisbon", "en"),
        ],
        "therapist": "ines-duarte",
        "status": "active",
        "past": [
            "2026-03-03",
            "2026-03-10",
            "2026-03-17",
            "2026-03-31",
            "2026-04-14",
            "2026-04-21",
            "2026-04-28",
            "2026-05-05",
        ],
        "coming": "joint-session",
    },
    {
        "partners": [
            ("Joana Pires", "joana@partners.example", "Europe/Lisbon", "pt"),
            ("Rui Matos", "rui@partners.example", "Europe/Lisbon", "pt"),
        ],
        "therapist": "marta-vale",
        "status": "intake",
        "past": [],
        "coming": "initial-consultation",
    },
    {
        "partners": [
            ("Grace Lowell", "grace@partners.example", "America/New_York", "en"),
            ("Peter Lowell", "peter@partners.example", "Europe/London", "en"),
        ],
        "therapist": "daniel-reyes",
        "status": "enquiry",
        "past": [],
        "coming": "short-call",
    },
    {
        "partners": [("Clara Nunes", "clara@partners.example", "Europe/Lisbon", "en")],
        "therapist": "ines-duarte",
        "status": "enquiry",
        "past": [],
        "coming": "initial-consultation",
    },
]


def _regular(first: str, second: str, zone: str, language: str) -> dict[str, Any]:
    """A couple in care, with addresses made of their names."""
    return {"partners": [(name, _address(name), zone, language) for name in (first, second)]}


def _address(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return f"{plain.lower().replace(' ', '.')}@partners.example"


REGULARS: dict[str, list[dict[str, Any]]] = {
    "ines-duarte": [
        _regular("Sofia Ramalho", "Miguel Ramalho", "Europe/Lisbon", "pt"),
        _regular("Helen Marsh", "Duarte Pinho", "Europe/Lisbon", "en"),
        _regular("Carla Simões", "Nuno Simões", "Europe/Lisbon", "pt"),
        _regular("Ruth Adler", "Jonas Adler", "Europe/Lisbon", "en"),
        _regular("Teresa Lobo", "Filipa Lobo", "Europe/Lisbon", "pt"),
        _regular("Emma Castle", "Bruno Teles", "Europe/Lisbon", "en"),
        _regular("Lara Quintas", "André Quintas", "Europe/Lisbon", "pt"),
    ],
    "daniel-reyes": [
        _regular("Megan Holt", "Carl Holt", "America/New_York", "en"),
        _regular("Priya Nair", "Owen Blake", "America/New_York", "en"),
        _regular("Julia Frost", "Sam Frost", "America/New_York", "en"),
        _regular("Nora Lindgren", "Eric Dunn", "America/New_York", "en"),
    ],
    "marta-vale": [
        _regular("Inês Falcão", "Pedro Falcão", "Europe/Lisbon", "pt"),
        _regular("Rita Moura", "Vasco Moura", "Europe/Lisbon", "pt"),
        _regular("Alice Serra", "Tomás Serra", "Europe/Lisbon", "pt"),
        _regular("Graça Neves", "Hugo Neves", "Europe/Lisbon", "pt"),
        _regular("Leonor Vaz", "Rute Vaz", "Europe/Lisbon", "pt"),
    ],
}
"""Who comes to each therapist every week (`demo_diaries.py`)."""

STAFF: list[dict[str, Any]] = [
    {"role": "admin", "name": "Helena Prado", "email": "admin@harbour-lane.example"},
    {"role": "front_desk", "name": "Luís Abreu", "email": "desk@harbour-lane.example"},
]
PASSWORD = "made-up clinic, real locks"  # noqa: S105 - printed for everybody who runs the demo
