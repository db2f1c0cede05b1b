"""Questionnaire definitions that a clinic has added."""
