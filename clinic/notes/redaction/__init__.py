"""What partners and emergency readers may see of the course and of notes. Pure."""
