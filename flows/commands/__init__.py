"""The commands of `mintmark`, one file each; heavy imports stay inside the functions."""
