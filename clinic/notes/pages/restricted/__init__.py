"""Pages of process notes, disclosures and emergency access."""
