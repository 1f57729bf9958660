"""The sections and keys of scenario files."""
