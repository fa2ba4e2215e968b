"""What the Review dock says of images: numbers, small pictures, measures of objects."""
