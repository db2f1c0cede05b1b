"""Who may do what: the access policy, its conditions, and who asks."""
