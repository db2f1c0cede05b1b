"""The clinic's vocabularies: shipped terms and its own."""
