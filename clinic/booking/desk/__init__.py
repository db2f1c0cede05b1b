"""What staff see of diaries and appointments."""
