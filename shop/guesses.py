"""What the embedded shop only guesses, as a page of Markdown: ``python -m shop.guesses > docs/guesses.md``."""

from __future__ import annotations

import sys

from shop.contract import FORMS, GUESSES, PAYMENT_OPTIONS, Source

_HEAD = """# What the embedded shop guesses

Where the API description, the recorded replies and the storefront's client say nothing, the embedded shop answers by
analogy. A real shop may differ there. `python -m shop.guesses` writes this page out of `shop/contract.py`.
"""


def guesses_page() -> str:
    """The page: options, then forms, then replies."""
    options = [
        f"| `{option.slug}` | {option.first_page} | {option.completed_by} |"
        for option in PAYMENT_OPTIONS.values()
        if option.completion_known_from is Source.GUESS
    ]
    forms = [
        f"| {page} | {', '.join(f'`{name}`' for name in (*fields.required, *fields.optional))} |"
        for page, fields in FORMS.items()
        if fields.known_from is Source.GUESS
    ]
    replies = [f"| {page} | {guess} |" for page, guess in GUESSES.items()]
    return "\n".join(
        [
            _HEAD,
            "## Payment options\n\nThe description names the first page. By which page the order is completed is a guess.\n",
            "| option | first page | completed by |\n|---|---|---|",
            *options,
            "\n## Forms\n\nThe names of the fields are guesses.\n",
            "| page | fields |\n|---|---|",
            *forms,
            "\n## Replies\n",
            "| page | guess |\n|---|---|",
            *replies,
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(guesses_page())
