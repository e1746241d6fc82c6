"""From the snapshot to texts fit to be learnt from: cleaned, allowed, no text twice; every change and removal with its reason."""
