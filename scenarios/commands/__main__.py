"""Runs ``checkload`` as a module, for processes that start one of its commands."""

import sys

from scenarios.commands.cli import main

sys.exit(main())
