"""Fidelity: are synthetic rows like real ones."""
