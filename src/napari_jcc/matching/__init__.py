"""MaCoSNet: masks and transformations between images, learned from the images alone."""
