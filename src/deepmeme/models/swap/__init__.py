"""Pairs of autoencoders: one encoder that both people share, a decoder each."""
