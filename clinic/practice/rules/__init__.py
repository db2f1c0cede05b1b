"""Pure rules of the practice: profiles, hours, vocabularies, instruments."""
