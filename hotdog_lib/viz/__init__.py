"""The room of pictures: one style, figures that state a finding, and a text for each of them."""
