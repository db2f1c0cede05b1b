"""Process notes, disclosures, emergency access."""
