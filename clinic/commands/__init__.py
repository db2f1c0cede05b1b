"""The `flask` commands, a module for each group of them; each calls one service."""
