"""How load is paced, measured and judged; it knows no shop."""
