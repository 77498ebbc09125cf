"""What is taken back: the record of it, all that descends, and where its files go."""
