"""What all the rest stands on: errors, poses, seeds, events, digests."""
