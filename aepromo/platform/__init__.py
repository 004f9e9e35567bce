"""The platform's rules: forced, reverse, appeal, tracking."""
