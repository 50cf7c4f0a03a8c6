"""Do explanations show what made a model answer as it did? Measured where the truth is known: in drawn scenes."""
