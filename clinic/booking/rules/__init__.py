"""Pure rules of booking besides slots: contact details, visitor limits, errors."""
