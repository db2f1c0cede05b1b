"""Working hours, time off and closures."""
