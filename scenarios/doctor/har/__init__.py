"""Reads a browser's recording of a checkout (a HAR file), and learns from it what a walk would learn."""
