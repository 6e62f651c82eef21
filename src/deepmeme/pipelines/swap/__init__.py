"""Face swaps without torch: faces of videos become a faceset, a trained pair changes a video."""
