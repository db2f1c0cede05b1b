"""The shell: public site, staff desk, errors, security headers, health."""
