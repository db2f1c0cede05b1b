"""Pure slot rules: availability, restrictions, open slots."""
