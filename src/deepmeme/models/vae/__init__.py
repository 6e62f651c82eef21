"""Autoencoder and variational autoencoder of faces."""
