"""Analysis of networks: cost and receptive field."""
