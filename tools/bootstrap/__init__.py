"""The work behind ``course.py``: one environment in ``.venv``, and what is started from it.

Standard library only, because it runs before anything is installed.

- ``console``      what a person sees while waiting
- ``surroundings`` which variables of the caller's environment are kept, and which would mislead
- ``fetching``     a Python, where this machine has none that will do
- ``installing``   what pip and uv do: their progress, and a sentence for each way they can fail
- ``environment``  ``.venv``: what state it is in, and how it becomes whole
- ``commands``     start, test, notebooks, lock, site, links, check, doctor, fresh
"""
