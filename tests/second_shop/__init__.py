"""A second shop for the tests, written after the platform's recorded replies alone: it shares no line with ``shop/``.

What the recordings leave out follows the API description, then the storefront client. If these two only name a thing,
the shop says as little as possible, so shoppers that need more than is known fail here.
"""
