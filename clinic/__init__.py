"""Couples Clinic: booking and couples' notes for relationship clinics. See ARCHITECTURE.md."""
