"""Detectors of odd steps in series."""
