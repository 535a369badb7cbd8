"""The explorers: sliders over a picture, one module per idea, over one small shared base."""
