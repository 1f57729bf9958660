"""The sub-commands of checkload, one file each."""
