"""Mail: messages as values, addresses, HTML, sending."""
