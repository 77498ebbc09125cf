"""Prefect flows over Mintmark's components, and the command line."""
