"""States objectives and decides whether a run keeps them."""
