"""What clients see: choosing a time, booking, the page behind a link."""
