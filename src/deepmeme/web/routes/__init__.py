"""The API's addresses, a file for each thing that they are about."""
