"""The steps of a run as Prefect tasks, and what they hand on."""
