"""What a person sees: grids of cells as SVG, and stills of them as PNG. Knows no widgets."""
