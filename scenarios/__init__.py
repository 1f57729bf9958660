"""What load to put on a shop, and what is demanded of it."""
