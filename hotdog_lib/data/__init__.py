"""The data room: from any bytes to batches of pixels on the device.

``decode`` and ``folders`` read; ``cache`` keeps decoded pixels; ``splits``, ``duplicates`` and
``report`` look at them; ``loader`` and ``augment`` feed the model; ``preprocess`` says what a model
sees; ``fetch`` downloads; ``records`` and ``packing`` read and write MXNet's record files.
"""
