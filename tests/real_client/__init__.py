"""The platform's own storefront client (npm ``@akinon/next``), driven without a browser against a shop of ours.

Its code is bundled as published; ``stand_ins/`` are what a theme supplies. Its requests reach the shop unchanged.
"""
