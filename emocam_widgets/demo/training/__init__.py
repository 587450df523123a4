"""How the embedded world was made: corpus, detector, classifier and the measured truth about that classifier.

Needs skia-python (the ``train`` extra). Every step is a command of ``emocam train`` and repeatable from its seeds;
scenes for training, for validation and for the shipped corpus never share a seed.
"""
