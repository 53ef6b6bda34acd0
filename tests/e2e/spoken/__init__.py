"""A test for each thing a server can do to someone who speaks: its server, the model, the ear and the page at once."""
