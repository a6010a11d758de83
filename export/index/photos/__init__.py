"""What a build makes of photos beside vectors and captions: facts, previews, copies and bursts."""
