"""What surrounds every page: errors, headers, language, health, navigation."""
