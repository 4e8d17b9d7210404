"""hotdog_lib: the small library under the book *Hot Dog, Not Hot Dog*.

The rooms, in the order in which a picture passes through them: ``kitchen`` and ``data``, then
``models``,
``training`` and ``viz``. Importing the package itself loads none of them, so it is quick.
"""

__version__ = "0.1.0"
