"""Linear probes on embeddings: to evaluate an embedding, and to learn tags of one's own with the network as it is."""
