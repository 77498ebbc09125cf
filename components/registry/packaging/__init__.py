"""A generator as teams downstream get it: packed with its code, sealed and tried."""
