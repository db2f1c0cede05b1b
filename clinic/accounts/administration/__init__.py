"""Making, changing and closing staff accounts."""
