"""Training of affect classifiers in two stages, new layers first: the Fields model and the embedded world's."""
